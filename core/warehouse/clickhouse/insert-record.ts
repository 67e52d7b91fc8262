import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { zstdDecompressSync } from 'node:zlib'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { engineCode, isRecordFault, MISSING_COLUMN, SAME_QUERY_RUNNING } from '../engine-errors.ts'
import { SEES_SETTING, SERVER_KEY, seesAll } from '../fence/policies.ts'
import { INSERT_SETTINGS, insertFromBody, narrowedTo } from '../insert.ts'
import type { Dialect } from '../tables/ddl.ts'
import { NoAnswerError, timed } from './connection.ts'
import { type Endpoint, type Endpoints, isServerTrouble, withAddress } from './endpoints.ts'
import type { ServerFacts } from './server-facts.ts'
import { shardOf } from './shards.ts'

/** What inserts need from the warehouse. */
export interface InsertContext {
  readonly endpoints: Endpoints
  readonly dialect: Dialect
  /** Names of all shards; empty without a cluster. */
  readonly shards: readonly string[]
  readonly now: () => number
  /** Timeout of one answer. */
  readonly timeoutMs: number
  /** Tokens whose insert was sent but got no answer. */
  readonly doubts: Map<string, Doubt>
}

/** An insert that may have been executed, or may still be running. */
interface Doubt {
  readonly endpoint: Endpoint
  /** The server has stopped it by this time. */
  readonly untilMs: number
}

/**
 * After its client has given up, the server may continue for this long; later, no other process can be inserting this
 * token.
 */
const SERVER_MARGIN_MS = 10_000
const SAME_QUERY_PAUSE_MS = 100

/**
 * Inserts a record under its token, on one server after another until one has it.
 *
 * There are never two concurrent inserts of one token. An insert that got no answer is retried on the server that may
 * still be running it, whose answer to the same query id is "already running". Only when that server cannot be reached,
 * or its time is over, does another one get it. If the two overlap anyway, replicas agree on tokens through Keeper.
 */
export async function insertOnServers(
  context: InsertContext,
  stream: StreamDeclaration,
  record: Uint8Array,
  token: string,
): Promise<void> {
  if (record.length === 0) throw new WattlineError('record_refused', 'The record is empty.')
  forgetOld(context)
  const shard = shardOf(token, context.shards)
  const deadlineMs = context.now() + context.timeoutMs
  const job: InsertJob = { stream, record, token, shard, deadlineMs, refusals: 0 }
  const doubt = context.doubts.get(token)
  const preferred = doubt !== undefined && doubt.untilMs > context.now() ? doubt.endpoint : undefined
  const group = shard ?? ''
  let last: unknown = new Error(`no server of shard ${shard} answered`)
  for (const endpoint of context.endpoints.candidates(preferred, group)) {
    const known = context.endpoints.shard(endpoint)
    if (known !== undefined && known !== shard) continue
    try {
      const { place } = await context.endpoints.facts(endpoint)
      if ((place?.shard ?? null) !== shard) continue
      await insertAt(context, endpoint, job)
      context.endpoints.succeeded(endpoint, group)
      context.doubts.delete(token)
      return
    } catch (error) {
      if (!isServerTrouble(error)) throw error
      context.endpoints.failed(endpoint, error)
      last = withAddress(error, endpoint)
      // Sent but not answered: this server must be tried again before any other.
      if (context.doubts.get(token)?.endpoint === endpoint) break
    }
  }
  throw last
}

/** Forgets tokens that were not retried here, because their partition moved. */
function forgetOld({ doubts, now }: InsertContext): void {
  for (const [token, { untilMs }] of doubts) if (untilMs < now()) doubts.delete(token)
}

interface InsertJob {
  stream: StreamDeclaration
  readonly record: Uint8Array
  readonly token: string
  readonly shard: string | null
  readonly deadlineMs: number
  refusals: number
}

async function insertAt(context: InsertContext, endpoint: Endpoint, job: InsertJob): Promise<void> {
  for (;;) {
    try {
      return await send(context, endpoint, job)
    } catch (error) {
      await again(context, job, error)
    }
  }
}

/** Returns when the same server should be tried once more. */
async function again(context: InsertContext, job: InsertJob, error: unknown): Promise<void> {
  const code = engineCode(error)
  if (code === SAME_QUERY_RUNNING) {
    if (context.now() + SAME_QUERY_PAUSE_MS > job.deadlineMs) throw new NoAnswerError(context.timeoutMs)
    await delay(SAME_QUERY_PAUSE_MS)
    return
  }
  if (code === null || !isRecordFault(code)) throw error
  if (code === MISSING_COLUMN) {
    const narrowed = narrowedTo(job.stream, await columnsOf(job.record))
    if (narrowed === null) {
      const message = `The record's columns are not those of ${job.stream.name}.`
      throw new WattlineError('record_refused', message, { cause: error })
    }
    // The missing columns are not the cause.
    if (narrowed.columns.length < job.stream.columns.length) {
      job.stream = narrowed
      return
    }
  }
  // Data can be truncated in transit: a record is quarantined when it was refused twice.
  job.refusals += 1
  if (job.refusals > 1) throw error
}

async function send(context: InsertContext, endpoint: Endpoint, job: InsertJob): Promise<void> {
  const { stream, record, token, shard } = job
  const facts = await context.endpoints.facts(endpoint)
  const untilMs = context.now() + context.timeoutMs + SERVER_MARGIN_MS
  try {
    await timed(context.timeoutMs, async abort_signal => {
      const { stream: answer } = await endpoint.client.exec({
        query: insertFromBody(stream, context.dialect, shard),
        values: Readable.from([record], { objectMode: false }),
        query_id: queryIdOf(token),
        http_headers: { 'Content-Encoding': 'zstd' },
        clickhouse_settings: insertSettings(facts, token, context.timeoutMs),
        abort_signal,
      })
      for await (const _ of answer) {
        // The answer to an insert is empty; reading it frees the connection.
      }
    })
  } catch (error) {
    if (isUnanswered(error)) context.doubts.set(token, { endpoint, untilMs })
    else if (engineCode(error) !== SAME_QUERY_RUNNING) context.doubts.delete(token)
    throw error
  }
}

/** A server runs one query per id, so the same insert never runs twice at a time, whoever sends it. */
const queryIdOf = (token: string): string => `wattline-insert/${token}`

/** Every error with a number was answered by ClickHouse; without one the insert may have been executed. */
const isUnanswered = (error: unknown): boolean => {
  const code = engineCode(error)
  return code === null ? Reflect.get(Object(error), 'code') !== 'ECONNREFUSED' : code === UNKNOWN_STATUS
}
/** UNKNOWN_STATUS_OF_INSERT: written, but Keeper did not confirm it. */
const UNKNOWN_STATUS = 319

/** Settings of an insert request, limited to those that this server knows, since it refuses unknown ones. */
export function insertSettings(
  { settings }: Pick<ServerFacts, 'settings'>,
  token: string,
  timeoutMs: number,
): Readonly<Record<string, string | number>> {
  const known = Object.entries(INSERT_SETTINGS).filter(([name]) => settings.has(name))
  return {
    ...Object.fromEntries(known),
    // A materialized view receives the rows that the inserting session may see.
    [SEES_SETTING]: seesAll(SERVER_KEY),
    insert_deduplication_token: token,
    insert_deduplicate: 1,
    ...(settings.has('deduplicate_insert') ? { deduplicate_insert: 'enable' } : {}),
    // The SELECT is stable by construction, but releases before a fix of March 2026 do not recognise that and would
    // ignore the token.
    ...(settings.has('deduplicate_insert_select')
      ? { deduplicate_insert_select: 'enable_even_for_bad_queries' }
      : {}),
    // When inserts are collected, a token would no longer belong to one part (docs/adr).
    async_insert: 0,
    max_execution_time: Math.ceil((timeoutMs + SERVER_MARGIN_MS / 2) / 1000),
    timeout_overflow_mode: 'throw',
    wait_end_of_query: 1,
  }
}

/** Names of the columns that a record holds. @throws record_refused */
async function columnsOf(record: Uint8Array): Promise<ReadonlySet<string>> {
  try {
    // Loaded only for an old record, which is rare.
    const { RecordBatchReader } = await import('apache-arrow')
    const { fields } = RecordBatchReader.from(zstdDecompressSync(record)).open().schema
    return new Set(fields.map(field => field.name))
  } catch (error) {
    throw new WattlineError('record_refused', `The record cannot be read: ${String(error)}`, { cause: error })
  }
}
