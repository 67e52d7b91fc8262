import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { DataFormat } from '@clickhouse/client'
import { queryError } from '../engine-errors.ts'
import {
  assertWithinFence,
  explanation,
  type FencedText,
  fencedText,
  fenceSettings,
  ownText,
} from '../fence/fence.ts'
import { SERVER_KEY, seesRowsOf } from '../fence/policies.ts'
import type { FencedQuery, FencedResult } from '../warehouse.ts'
import { AnswerReader } from './answer.ts'
import { timed } from './connection.ts'
import type { Endpoint } from './endpoints.ts'
import { canStream } from './formats.ts'

/** What a fenced query needs from the warehouse. */
interface FencedContext {
  readonly database: string
  /** Settings of every query, such as the strategy for joins of distributed tables. */
  readonly settings: Readonly<Record<string, string | number>>
  /** @throws warehouse_unavailable when a server lacks the row policies: nothing else separates tenants */
  assertPolicies(endpoint: Endpoint): Promise<void>
  /** Called when the query has ended, in any way. */
  release(): void
}

/** The engine ends a query at its limit; after this much more time it counts as silent. */
const GRACE_MS = 10_000
/** Checks of the statement read no data. */
const CHECK_MS = 10_000

type FencedRequest = Pick<FencedQuery, 'sql' | 'params'> & {
  readonly format: string
  readonly queryId: string
  readonly settings: Readonly<Record<string, string | number>>
}

/**
 * Runs one client SELECT on one server, fenced by settings of the request: since `readonly` is among them, the
 * statement cannot change any. Rejects before the first byte when the statement is refused, wrong, or immediately over
 * a limit; `chunks` rejects when that happens later. Aborting stops the engine, not only the wait.
 */
export async function runFencedOnServer(
  context: FencedContext,
  endpoint: Endpoint,
  request: FencedQuery,
): Promise<FencedResult> {
  const queryId = `wattline-fenced/${randomUUID()}`
  const stop = (): void => void killUntilGone(endpoint, queryId)
  request.signal.addEventListener('abort', stop, { once: true })
  const release = (): void => {
    request.signal.removeEventListener('abort', stop)
    context.release()
  }
  try {
    await context.assertPolicies(endpoint)
    const text = await textOf(context, endpoint, request)
    const settings = settingsOf(context, request, text)
    // If the beginning of a format cannot be used without its end, the server completes the answer before sending it.
    const streams = request.explain === undefined && canStream(request.format)
    const answer = await timed(
      patienceMs(request),
      signal =>
        open(endpoint, signal, {
          sql: request.explain === undefined ? text.sql : explanation(request.explain, text.sql),
          params: request.params,
          format: request.format,
          queryId,
          settings: { ...settings, ...(streams ? {} : { wait_end_of_query: 1 }) },
        }),
      request.signal,
    )
    return resultOf(answer, request, release)
  } catch (error) {
    release()
    throw request.signal.aborted ? request.signal.reason : error
  }
}

const patienceMs = ({ limits }: FencedQuery): number => limits.maxSeconds * 1000 + GRACE_MS

function settingsOf(
  { database, settings }: FencedContext,
  request: FencedQuery,
  text: FencedText,
): Readonly<Record<string, string | number>> {
  return {
    ...settings,
    ...fenceSettings({
      sees: seesRowsOf(SERVER_KEY, request),
      limits: request.limits,
      text,
      chosen: request.chosen,
    }),
    database,
    readonly: 1,
    cancel_http_readonly_queries_on_client_close: 1,
  }
}

/** The SQL to run for a request. @throws sql_refused */
async function textOf(context: FencedContext, endpoint: Endpoint, request: FencedQuery): Promise<FencedText> {
  const { origin, sql, explain, params } = request
  // The syntax tree is that of the original text, and nothing of it runs.
  if (origin === 'own' || (origin === 'admitted' && explain === 'AST')) return ownText(sql)
  const printed = origin === 'admitted' ? sql : await judge(context, endpoint, request)
  return fencedText(printed, params, context.database)
}

/**
 * Parses text that has not been checked before, and returns it as the server prints it: one statement, and as a
 * subquery the grammar allows only SELECT, without FORMAT and INTO OUTFILE. @throws sql_refused
 */
async function judge(context: FencedContext, endpoint: Endpoint, request: FencedQuery): Promise<string> {
  const settings = { ...settingsOf(context, request, ownText('')), wait_end_of_query: 1 }
  const ask = async (sql: string, params: FencedQuery['params']): Promise<string> => {
    const queryId = `wattline-check/${randomUUID()}`
    return await timed(
      CHECK_MS,
      async signal => {
        const answer = await open(endpoint, signal, { sql, params, format: 'TSVRaw', queryId, settings })
        return (await wholeOf(answer)).toString('utf8')
      },
      request.signal,
    )
  }
  const printed = await ask('SELECT formatQuerySingleLine({sql:String})', { sql: request.sql })
  const sql = printed.replace(/\n$/, '')
  assertWithinFence(await ask(`EXPLAIN AST SELECT * FROM (\n${sql}\n)`, request.params))
  return sql
}

async function wholeOf(answer: AnswerReader): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.chunks(CHECK_MS)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function open(endpoint: Endpoint, signal: AbortSignal, request: FencedRequest): Promise<AnswerReader> {
  const { stream, response_headers } = await endpoint.client.exec({
    query: request.sql,
    query_params: request.params,
    query_id: request.queryId,
    // In the URL and not in the text, which may end in a comment.
    clickhouse_settings: { ...request.settings, default_format: request.format as DataFormat },
    abort_signal: signal,
  })
  const tag = response_headers?.['x-clickhouse-exception-tag']
  const reader = new AnswerReader(stream as Readable, typeof tag === 'string' ? tag : null)
  // Errors of the statement may appear with the first chunk: fetching it here lets the caller still set a status.
  await reader.first()
  return reader
}

function resultOf(answer: AnswerReader, request: FencedQuery, release: () => void): FencedResult {
  const { signal } = request
  const cut = (): void => answer.destroy()
  signal.addEventListener('abort', cut, { once: true })
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of answer.chunks(patienceMs(request))) {
        signal.throwIfAborted()
        yield chunk
      }
      signal.throwIfAborted()
    } catch (error) {
      throw signal.aborted ? signal.reason : queryError(error)
    } finally {
      signal.removeEventListener('abort', cut)
      // The consumer stopped early: the server stops when the connection closes.
      answer.destroy()
      release()
    }
  }
  return { chunks: chunks() }
}

const KILL_TRIES = 20
const KILL_PAUSE_MS = 50
const KILL_MS = 2_000

/**
 * Repeats KILL until the query is gone: a query that was sent but has not started cannot be found the first time.
 * Without SYNC, which can wait for long. A server that cannot be reached has lost the connection too, and stops by
 * itself.
 */
async function killUntilGone({ client }: Endpoint, queryId: string): Promise<void> {
  let seen = false
  for (let attempt = 0; attempt < KILL_TRIES; attempt += 1) {
    try {
      const running = await timed(KILL_MS, async abort_signal => {
        await client.command({ query: `KILL QUERY WHERE query_id = '${queryId}' ASYNC`, abort_signal })
        const result = await client.query({
          query: 'SELECT count() AS n FROM system.processes WHERE query_id = {id:String}',
          query_params: { id: queryId },
          format: 'JSONEachRow',
          abort_signal,
        })
        return (await result.json<{ n: number | string }>())[0]
      })
      if (Number(running?.n ?? 0) > 0) seen = true
      else if (seen) return
    } catch {
      return
    }
    await delay(KILL_PAUSE_MS)
  }
}
