import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChdbQueryStream, Session, StreamChunk } from 'chdb'
import { WattlineError } from '../../runtime/errors.ts'
import { queryError } from '../engine-errors.ts'
import { assertWithinFence, type FencedTable, fenceStatements } from '../fence.ts'
import type { FencedQuery, FencedResult } from '../warehouse.ts'
import { canStream } from './formats.ts'
import { nativeForRevision } from './native-blocks.ts'

/** What a fenced query needs of the engine. */
export interface FencedEngine {
  readonly database: string
  readonly tables: readonly FencedTable[]
  readonly threads: number
  /** Most memory of one query, whatever is asked for: inserts need some beside it. */
  readonly maxQueryBytes: number
  /** For this query alone: a read-only session can never be made another tenant's. */
  readonly session: Session
  /** Closes the session. */
  release(): void
  /** True when the session was closed over the query: its stream then ends as if it were complete. */
  cut(): boolean
  /** Stops what runs under this text, from another session. */
  kill(queryPrefix: string): Promise<void>
}

/** Of an answer in columns; as text it can be a few times as much. */
const MOST_HELD_BYTES = 268_435_456

/** Start of the text of every fenced query. */
export const FENCED_MARK = '/* fenced '

type Statistics = ReturnType<FencedResult['statistics']>

/**
 * Runs one SELECT of a stranger. Rejects before the first byte when the statement is refused, wrong, or over a limit
 * at once; `chunks` rejects when it happens on the way. Aborting stops the engine, not only the waiting.
 */
export async function runFenced(engine: FencedEngine, request: FencedQuery): Promise<FencedResult> {
  const { session } = engine
  // The engine shows the text in its list of processes; the mark at its start is how it is found again.
  const mark = `${FENCED_MARK}${randomUUID()} */`
  let open = true
  const release = (): void => {
    if (!open) return
    open = false
    request.signal.removeEventListener('abort', stop)
    engine.release()
  }
  const stop = (): void => {
    void killUntil(
      () => !open,
      () => engine.kill(mark),
    ).finally(release)
  }
  request.signal.addEventListener('abort', stop, { once: true })
  try {
    request.signal.throwIfAborted()
    await prepare(session, engine, request)
    const explain = request.explain === undefined ? '' : `EXPLAIN ${request.explain} `
    const run = {
      session,
      sql: `${mark} ${explain}${request.sql}`,
      request,
      release,
      cut: () => engine.cut(),
    }
    // The engine does not stream an EXPLAIN.
    const streams = request.explain === undefined && canStream(request.format)
    return streams ? await streamed(run) : await whole(run)
  } catch (error) {
    release()
    throw request.signal.aborted ? request.signal.reason : queryError(error)
  }
}

const KILL_TRIES = 20
const KILL_PAUSE_MS = 50

/**
 * Kills until the query has ended: one that was sent but not yet begun cannot be found the first time. Gives up after
 * a second, when only a reader that went away without a word can have left the session open.
 */
export async function killUntil(ended: () => boolean, kill: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < KILL_TRIES && !ended(); attempt += 1) {
    await kill().catch(() => undefined)
    if (!ended()) await delay(KILL_PAUSE_MS)
  }
}

async function prepare(session: Session, engine: FencedEngine, request: FencedQuery): Promise<void> {
  const fence = fenceStatements({
    database: engine.database,
    tables: engine.tables,
    tenant: request.tenant,
    accounts: request.accounts,
    limits: {
      ...request.limits,
      maxMemoryBytes: Math.min(request.limits.maxMemoryBytes, engine.maxQueryBytes),
    },
    // What cannot be streamed is held in this process as a whole.
    maxResultBytes: canStream(request.format) ? 0 : MOST_HELD_BYTES,
    threads: request.urgency?.isNarrow === true ? 1 : engine.threads,
    nice: request.urgency?.nice ?? 0,
  })
  for (const statement of fence) await session.queryAsync(statement)
  // Parses and never runs: refuses several statements in one text, which EXPLAIN AST would run.
  await session.queryBindAsync('SELECT formatQuerySingleLine({sql:String})', { sql: request.sql })
  // As a subquery the grammar takes SELECT only, without FORMAT and INTO OUTFILE.
  const ast = await session.queryBindAsync(`EXPLAIN AST SELECT * FROM (\n${request.sql}\n)`, request.params, {
    format: 'TSVRaw',
  })
  assertWithinFence(ast.text())
}

interface Run {
  readonly session: Session
  readonly sql: string
  readonly request: FencedQuery
  readonly release: () => void
  readonly cut: () => boolean
}

async function whole({ session, sql, request, release }: Run): Promise<FencedResult> {
  const result = await session.queryBindAsync(sql, request.params, { format: request.format })
  request.signal.throwIfAborted()
  release()
  const statistics: Statistics = {
    elapsedSeconds: result.elapsed,
    rowsRead: result.rowsRead,
    bytesRead: result.bytesRead,
  }
  return { chunks: pieces(result.bytes()), statistics: () => statistics }
}

const PIECE_BYTES = 1_048_576

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    yield bytes.subarray(start, start + PIECE_BYTES)
  }
}

/** Native blocks as the client's protocol has them; all other formats as they are. */
const framed = (chunk: Uint8Array, request: FencedQuery): readonly Uint8Array[] =>
  request.format === 'Native' ? nativeForRevision(chunk, request.clientProtocolVersion) : [chunk]

/** The pieces that hold something: while it computes, the engine hands out empty ones. */
async function* filled(stream: ChdbQueryStream, signal: AbortSignal): AsyncGenerator<StreamChunk> {
  for await (const chunk of stream) {
    signal.throwIfAborted()
    if (chunk.numBytes > 0) yield chunk
  }
}

/** The engine says nothing of what a streamed query read: rows and bytes are those of the answer. */
async function streamed(run: Run): Promise<FencedResult> {
  const { session, sql, request, release, cut } = run
  const started = performance.now()
  const stream: ChdbQueryStream = session.queryStreamBind(sql, request.params, { format: request.format })
  const source = filled(stream, request.signal)
  // Errors of the statement show with the first piece: pulling it here lets the caller answer with a status.
  const first = await source.next()
  let rows = 0
  let bytes = 0
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await source.next()) {
        rows += next.value.numRows
        bytes += next.value.numBytes
        yield* framed(next.value.raw(), request)
      }
      if (cut()) throw new WattlineError('warehouse_unavailable', 'The engine was closed over the query.')
    } catch (error) {
      throw request.signal.aborted ? request.signal.reason : queryError(error)
    } finally {
      stream.cancel()
      release()
    }
  }
  return {
    chunks: chunks(),
    statistics: () => ({
      elapsedSeconds: (performance.now() - started) / 1000,
      rowsRead: rows,
      bytesRead: bytes,
    }),
  }
}
