/**
 * A noisy tenant beside a quiet one: eight connections of one run statements that use all available time, and more
 * arrive; the other runs small ones, alone and then beside it. It must not be refused, and must not take twice as long.
 *
 * `npm run hostile -- --part noise`; takes three minutes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { newToken, tokenHash } from '../../core/auth/token.ts'
import { encodeTraces, randomSpans } from '../support/otlp.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

export interface NoiseResult {
  /** Milliseconds of the quiet tenant's queries, by kind, alone and beside the noisy one. */
  readonly alone: Readonly<Record<string, readonly number[]>>
  readonly beside: Readonly<Record<string, readonly number[]>>
  /** Statuses of the quiet tenant other than 200, by status. */
  readonly refused: ReadonlyMap<number, number>
  /** Answers to the noisy tenant's statements, by status. */
  readonly noisy: ReadonlyMap<number, number>
}

const CONNECTIONS = 12
const ROUNDS = 4
const SPANS = 50_000
const HEAVY = [
  'SELECT count() FROM numbers(30000000000) WHERE cityHash64(number) = 1',
  'SELECT count() FROM otel_traces AS a CROSS JOIN otel_traces AS b WHERE cityHash64(a.SpanId, b.SpanId) = 1',
  'SELECT SpanName, uniqExact(SpanId, TraceId), quantiles(0.5, 0.99)(Duration) FROM otel_traces CROSS JOIN numbers(500) GROUP BY SpanName',
] as const
const SMALL = {
  sql: { sql: 'SELECT ServiceName, count() AS n, max(Duration) FROM otel_traces GROUP BY ServiceName' },
  one: { sql: 'SELECT 1' },
  usage: { path: '/api/v1/usage?window=1h' },
  traces: { path: '/api/v1/traces?limit=20' },
  live: { path: '/api/v1/live?minutes=5' },
} as const satisfies Record<string, { readonly sql: string } | { readonly path: string }>

export async function noise(seconds = 40): Promise<NoiseResult> {
  const data = mkdtempSync(join(tmpdir(), 'wattline-noise-'))
  const tokens = { noisy: newToken(), quiet: newToken() }
  const lines = Object.entries(tokens).map(
    ([tenant, token]) =>
      `- {tenant: ${tenant}, scopes: [ingest, read], sha256: "${tokenHash(token).toString('hex')}"}\n`,
  )
  writeFileSync(join(data, 'tokens.yaml'), lines.join(''))
  const wattline = await startProcess({
    data,
    environment: {
      WATTLINE_AUTH_TOKENS_FILE: join(data, 'tokens.yaml'),
      WATTLINE_LOG_LEVEL: 'error',
    },
  })
  try {
    for (const token of Object.values(tokens)) await fill(wattline, token)
    const [alone, beside] = [createAsked(), createAsked()]
    const noisy = new Map<number, number>()
    // Alternating, so that other load on the machine affects both.
    for (let round = 0; round < ROUNDS; round++) {
      await askSmall(wattline, tokens.quiet, seconds / ROUNDS, alone)
      const stop = new AbortController()
      const loud = Array.from({ length: CONNECTIONS }, (_, index) =>
        askHeavy(wattline, tokens.noisy, index, noisy, stop.signal),
      )
      await delay(1_000)
      await askSmall(wattline, tokens.quiet, seconds / ROUNDS, beside)
      stop.abort()
      await Promise.all(loud)
      await delay(1_000)
    }
    return {
      alone: alone.times,
      beside: beside.times,
      refused: new Map([...alone.refused, ...beside.refused]),
      noisy,
    }
  } finally {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  }
}

async function fill({ otlp, http }: WattlineProcess, token: string): Promise<void> {
  const authorization = `Bearer ${token}`
  for (let sent = 0; sent < SPANS; sent += 5_000) {
    const body = new Uint8Array(encodeTraces({ 'service.name': `s${sent % 7}` }, randomSpans(5_000)))
    const headers = { 'content-type': 'application/x-protobuf', authorization }
    const answer = await fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body })
    if (answer.status !== 200) throw new Error(`spans were answered ${answer.status}`)
  }
  for (;;) {
    const answer = await askSql(http, token, 'SELECT count() AS n FROM otel_traces')
    const { data } = (await answer.json()) as { readonly data: readonly { readonly n: string }[] }
    if (Number(data[0]?.n) >= SPANS) return
    await delay(200)
  }
}

const askSql = (http: string, token: string, query: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${http}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
    ...(signal === undefined ? {} : { signal }),
  })

const createAsked = () => ({
  times: {} as Record<string, number[]>,
  refused: new Map<number, number>(),
})

async function askSmall(
  { http }: WattlineProcess,
  token: string,
  seconds: number,
  { times, refused }: ReturnType<typeof createAsked>,
): Promise<void> {
  const untilMs = performance.now() + seconds * 1000
  while (performance.now() < untilMs) {
    for (const [name, what] of Object.entries(SMALL)) {
      const startedMs = performance.now()
      const answer =
        'sql' in what
          ? await askSql(http, token, what.sql)
          : await fetch(`${http}${what.path}`, { headers: { authorization: `Bearer ${token}` } })
      await answer.arrayBuffer()
      times[name] ??= []
      times[name].push(performance.now() - startedMs)
      if (answer.status !== 200) refused.set(answer.status, (refused.get(answer.status) ?? 0) + 1)
    }
    await delay(20)
  }
}

async function askHeavy(
  { http }: WattlineProcess,
  token: string,
  index: number,
  answers: Map<number, number>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const query = HEAVY[index % HEAVY.length] ?? ''
    const status = await askSql(http, token, query, signal).then(
      async answer => {
        await answer.text()
        return answer.status
      },
      () => 0,
    )
    if (signal.aborted) return
    answers.set(status, (answers.get(status) ?? 0) + 1)
    if (status === 429) await delay(1_000)
  }
}

export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN

/** The limit for the quiet tenant's p99, over all its queries, beside the noisy one. */
const MOST_TIMES = 2

/** As a part of `hostile.ts`: throws if the quiet tenant was refused, or took too long. */
export async function noisePart(
  { say }: { readonly say: (line: string) => void },
  seconds = 60,
): Promise<void> {
  const { alone, beside, refused, noisy } = await noise(seconds)
  const line = (name: string, before: readonly number[], during: readonly number[]): number => {
    const of = (share: number): string => {
      const [quiet, loud] = [percentile(before, share), percentile(during, share)]
      return `p${share * 100} ${quiet.toFixed(0)} -> ${loud.toFixed(0)} ms (x${(loud / quiet).toFixed(2)})`
    }
    say(`${name.padEnd(8)}${of(0.5)}, ${of(0.99)}, ${before.length} and ${during.length} asked`)
    return percentile(during, 0.99) / percentile(before, 0.99)
  }
  for (const name of Object.keys(SMALL)) line(name, alone[name] ?? [], beside[name] ?? [])
  const times = line('all', Object.values(alone).flat(), Object.values(beside).flat())
  say(`refused: ${JSON.stringify([...refused])}; the noisy one: ${JSON.stringify([...noisy])}`)
  if (refused.size > 0) throw new Error('The quiet tenant was refused.')
  if (times >= MOST_TIMES) throw new Error(`The quiet tenant's p99 rose ${times.toFixed(1)} times.`)
}

if (process.argv[1] === import.meta.filename) {
  await noisePart({ say: line => void process.stdout.write(`${line}\n`) }, Number(process.argv[2] ?? 60))
}
