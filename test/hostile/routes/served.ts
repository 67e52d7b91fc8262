import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newToken, tokenHash } from '../../../core/auth/token.ts'
import { createTokenAccess } from '../../../core/auth/token-access.ts'
import type { TokenEntry } from '../../../core/auth/token-list.ts'
import { createTokenTable } from '../../../core/auth/token-table.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { createFairness } from '../../../query/fair/fairness.ts'
import { createJaegerListener } from '../../../query/jaeger/listener.ts'
import { createQueryServers } from '../../../query/server.ts'
import { exporterTo } from '../../core/exports/support.ts'
import { JAEGER_METHODS, JaegerClient } from '../../query/jaeger/jaeger-rig.ts'
import { until } from '../../support/until.ts'
import { type Asker, MINE, THEIRS } from '../worlds.ts'
import { KILLS } from './clickhouse.ts'
import type { HostileRequest } from './request.ts'
import { NOW_S } from './words.ts'

export type Who = 'mine' | 'theirs'

/** All listeners over one warehouse. */
export interface Served {
  /** Routes of the HTTP listener. */
  readonly routes: readonly string[]
  /** The answer to the last word, except for what differs between two runs. */
  ask(who: Who, request: HostileRequest): Promise<string>
  /** A statement of the other tenant that goes on until it is stopped; resolves when it runs. */
  runTheirs(): Promise<{ readonly wasKilled: () => boolean; stop(): void }>
  close(): Promise<void>
}

/** Exported files are of hours that are over. */
const EXPORTED = ['ledger', 'otel_traces'] as const

export async function serve(warehouse: Warehouse, asker: Asker): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-hostile-exports-'))
  const tokens: Readonly<Record<Who, string>> = { mine: newToken(), theirs: newToken() }
  const entry = (who: Who, tenant: string, accounts: readonly string[] | null): TokenEntry => ({
    name: who,
    tenant,
    accounts,
    scopes: ['read'],
    expiresMs: null,
    sha256: tokenHash(tokens[who]).toString('hex'),
  })
  const table = createTokenTable([entry('mine', MINE, asker.accounts), entry('theirs', THEIRS, null)])
  const events = new EventBus(createLogger('error'))
  const now = (): number => NOW_S * 1_000
  const access = createTokenAccess({ tokens: () => table, events, now })
  const config = configSchema.parse({ limits: { sql: { seconds: 20 } } })
  const fairness = createFairness({
    concurrent: config.limits.sql.concurrent,
    isEmbedded: true,
    promqlConcurrent: config.limits.promql.concurrent,
  })
  const exporter = await exporterTo({ warehouse } as Parameters<typeof exporterTo>[0], folder, {
    tables: EXPORTED,
    now: () => (NOW_S + 7_200) * 1_000,
  })
  await exporter.start()
  await exporter.exportNow()
  const servers = createQueryServers({
    config,
    warehouse,
    fairness,
    events,
    exports: exporter,
    readiness: async () => ({}),
    page: new Map(),
    version: '0',
    started: new Date(0),
    now,
    access,
  })
  const jaeger = createJaegerListener({
    warehouse,
    sqlLimits: config.limits.sql,
    turns: fairness.own,
    access,
    events,
    now,
  })
  await jaeger.listen('127.0.0.1', 0)
  const grpc = new JaegerClient(jaeger.address().port)
  const bases = {
    http: `http://127.0.0.1:${(await servers.http.listen('127.0.0.1', 0)).port}`,
    clickhouse: `http://127.0.0.1:${(await servers.clickhouse.listen('127.0.0.1', 0)).port}`,
  }

  const overHttp = async (
    who: Who,
    { method, path, headers, body, isUnordered, listener }: HostileRequest,
  ): Promise<string> => {
    const answer = await fetch(bases[listener === 'clickhouse' ? 'clickhouse' : 'http'] + path, {
      method,
      headers: { ...headers, authorization: `Bearer ${tokens[who]}` },
      ...(body === undefined ? {} : { body }),
    })
    const bytes = await answer.arrayBuffer().then(
      body => Buffer.from(body),
      (error: unknown) => Buffer.from(`cut: ${String(error)}`),
    )
    return `${answer.status} ${headersOf(answer.headers)}\n${steady(bytes, isUnordered === true)}`
  }
  const overGrpc = async (who: Who, { path, message }: HostileRequest): Promise<string> => {
    const method = JAEGER_METHODS.find(name => name === path)
    if (method === undefined) throw new Error(`Jaeger has no method ${path}.`)
    return await grpc.call(method, message, { authorization: `Bearer ${tokens[who]}` }).then(
      messages => JSON.stringify(messages.map(one => hexed(one))),
      (error: unknown) => `error: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  return {
    routes: servers.http.routes,
    ask: (who, request) => (request.listener === 'jaeger' ? overGrpc(who, request) : overHttp(who, request)),
    async runTheirs() {
      const stopping = new AbortController()
      let answer = ''
      const headers = { authorization: `Bearer ${tokens.theirs}`, 'x-clickhouse-user': 'SECRET-2' }
      const body = "SELECT count() FROM numbers(1000000000000) WHERE toString(number) = 'SECRET'"
      const url = `${bases.clickhouse}/?query_id=SECRET-1`
      fetch(url, { method: 'POST', body, headers, signal: stopping.signal })
        .then(async answered => {
          answer = await answered.text()
        })
        .catch((error: unknown) => {
          if (!stopping.signal.aborted) answer = String(error)
        })
      const list = { ...KILLS.at(-1)!, body: 'SELECT query_id FROM system.processes' }
      await until(async () => (await overHttp('theirs', list)).includes('SECRET-1'))
      return { wasKilled: () => answer.includes('KILL QUERY'), stop: () => stopping.abort() }
    },
    async close() {
      grpc.close()
      await jaeger.stop()
      await servers.http.stop()
      await servers.clickhouse.stop()
      await exporter.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Headers that are the same in each run. */
function headersOf(headers: Headers): string {
  const varying = new Set([
    'date',
    'x-clickhouse-exception-tag',
    'x-clickhouse-query-id',
    'content-length',
    'etag',
  ])
  return JSON.stringify(
    [...headers]
      .filter(([name]) => !varying.has(name))
      .map(([name, value]) => [
        name,
        value.replace(/"elapsed_ns":"\d+"/, '').replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS'),
      ]),
  )
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Bytes as text, without what differs from run to run; lines of rows without an order are sorted. */
function steady(bytes: Buffer, isUnordered: boolean): string {
  const text = bytes
    .toString(bytes.includes(0) ? 'latin1' : 'utf8')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(UUID, 'UUID')
    .replaceAll(/(?<=<elapsed>)[^<]*/g, 'SECONDS')
    .replaceAll(/wattline-hostile-exports-\w+/g, 'FOLDER')
    .replaceAll(/\b[0-9a-f]{16}(?=\r?\n__exception__)|(?<=__exception__\r\n)[0-9a-f]{16}/g, 'TAG')
  if (!isUnordered) return text
  try {
    const parsed = JSON.parse(text) as { readonly data: readonly unknown[] }
    return JSON.stringify({ ...parsed, data: parsed.data.map(row => JSON.stringify(row)).toSorted() })
  } catch {
    return text.split('\n').toSorted().join('\n')
  }
}

/** Bytes of messages as hexadecimal digits. */
function hexed(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(hexed)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, hexed(inner)]))
  return value
}
