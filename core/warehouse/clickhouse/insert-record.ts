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

/** What inserts need of the warehouse. */
export interface InsertContext {
  readonly endpoints: Endpoints
  readonly dialect: Dialect
  /** Names of all shards; none without a cluster. */
  readonly shards: readonly string[]
  readonly now: () => number
  /** Longest wait for one answer. */
  readonly timeoutMs: number
  /** Tokens whose insert was sent and not answered. */
  readonly doubts: Map<string, Doubt>
}

/** An insert that may have taken place, or may still be going on. */
interface Doubt {
  readonly endpoint: Endpoint
  /** The server has stopped it by then. */
  readonly untilMs: number
}

/** After its client has given up, the server may go on for this long: by then no one else can be inserting this token. */
const SERVER_MARGIN_MS = 10_000
const SAME_QUERY_PAUSE_MS = 100

/**
 * Inserts a record under its token, on one server after the other until one has it.
 *
 * Never two inserts of one token at a time: an insert that was not answered goes back to the server that may still be
 * at it, whose answer to the same query id is "already running"; only when that server cannot be reached, or its time is
 * over, another one gets it. Should the two overlap all the same, replicas agree on tokens through Keeper.
 */
export async function insertRecord(
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
      // Sent, and not answered: no other server before this server has been asked again.
      if (context.doubts.get(token)?.endpoint === endpoint) break
    }
  }
  throw last
}

/** Of tokens that were not tried again here: their partition went elsewhere. */
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

/** Returns when the same server is to be asked once more. */
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
    // Not the missing ones, then.
    if (narrowed.columns.length < job.stream.columns.length) {
      job.stream = narrowed
      return
    }
  }
  // What comes over a network can be cut on the way: a record is set aside when it was refused twice.
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
        // An insert has nothing to say; the connection is free again when that has been read.
      }
    })
  } catch (error) {
    if (isUnanswered(error)) context.doubts.set(token, { endpoint, untilMs })
    else if (engineCode(error) !== SAME_QUERY_RUNNING) context.doubts.delete(token)
    throw error
  }
}

/** One server runs one query of an id: the same insert never twice at a time, whoever sends it. */
const queryIdOf = (token: string): string => `wattline-insert/${token}`

/** ClickHouse has answered every error that has a number; without one the insert may have taken place. */
const isUnanswered = (error: unknown): boolean => {
  const code = engineCode(error)
  return code === null ? Reflect.get(Object(error), 'code') !== 'ECONNREFUSED' : code === UNKNOWN_STATUS
}
/** UNKNOWN_STATUS_OF_INSERT: written, and Keeper did not say whether it has it. */
const UNKNOWN_STATUS = 319

/** Of an insert's request: those that this server knows, which refuses all others. */
export function insertSettings(
  { settings }: Pick<ServerFacts, 'settings'>,
  token: string,
  timeoutMs: number,
): Readonly<Record<string, string | number>> {
  const known = Object.entries(INSERT_SETTINGS).filter(([name]) => settings.has(name))
  return {
    ...Object.fromEntries(known),
    // A materialized view is given the rows that whoever inserts may see.
    [SEES_SETTING]: seesAll(SERVER_KEY),
    insert_deduplication_token: token,
    insert_deduplicate: 1,
    ...(settings.has('deduplicate_insert') ? { deduplicate_insert: 'enable' } : {}),
    // The SELECT is stable by its making, which releases before a fix of March 2026 do not see: they would leave the token aside.
    ...(settings.has('deduplicate_insert_select')
      ? { deduplicate_insert_select: 'enable_even_for_bad_queries' }
      : {}),
    // Gathered with other inserts a token would no longer be a part's (docs/adr).
    async_insert: 0,
    max_execution_time: Math.ceil((timeoutMs + SERVER_MARGIN_MS / 2) / 1000),
    timeout_overflow_mode: 'throw',
    wait_end_of_query: 1,
  }
}

/** Names of the columns that a record holds. @throws record_refused */
async function columnsOf(record: Uint8Array): Promise<ReadonlySet<string>> {
  try {
    // Loaded when an old record comes, which is hardly ever.
    const { RecordBatchReader } = await import('apache-arrow')
    const { fields } = RecordBatchReader.from(zstdDecompressSync(record)).open().schema
    return new Set(fields.map(field => field.name))
  } catch (error) {
    throw new WattlineError('record_refused', `The record cannot be read: ${String(error)}`, { cause: error })
  }
}
