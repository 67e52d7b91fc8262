import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChdbResult, Session } from 'chdb'
import { queryError } from '../engine-errors.ts'
import {
  assertWithinFence,
  explanation,
  type FencedText,
  fencedText,
  fenceSettings,
  ownText,
} from '../fence/fence.ts'
import { seesRowsOf } from '../fence/policies.ts'
import { quoteText } from '../tables/column-types.ts'
import type { Explain, FencedQuery, FencedResult } from '../warehouse.ts'
import { AnswerPipe } from './answer-pipes.ts'
import { paramAssignments } from './bound.ts'

/** What a fenced query needs from the engine. */
interface FencedEngine {
  readonly database: string
  /** Key in the setting of the row policies. */
  readonly key: string
  readonly threads: number
  /** Memory limit of one query, whatever it requests: inserts need some memory too. */
  readonly maxQueryBytes: number
  /** Exclusive to this query until it is released. */
  readonly session: Session
  /** Exclusive to this query until its statement has ended. */
  readonly pipe: string
  /** Returns session and pipe: nothing runs in the session, writes to the pipe, or reads from it. */
  release(): void
  /** Stops the query with this text, from another session. */
  kill(queryPrefix: string): Promise<void>
}

/** Prefix of the text of every fenced query. */
export const FENCED_MARK = '/* fenced '

/**
 * Runs one client SELECT. Rejects before the first byte when the statement is refused, wrong, or over a limit while its
 * answer is short; `chunks` rejects when that happens later. Aborting stops the engine, not only the wait.
 */
export async function runFenced(engine: FencedEngine, request: FencedQuery): Promise<FencedResult> {
  // The engine shows the text in its process list; the mark at its start identifies the query.
  const mark = `${FENCED_MARK}${randomUUID()} */`
  let run: FencedRun
  try {
    request.signal.throwIfAborted()
    run = { engine, request, mark, text: await textOf(engine, request) }
  } catch (error) {
    engine.release()
    throw request.signal.aborted ? request.signal.reason : queryError(error)
  }
  return request.explain === undefined ? await answered(run) : await explained(run, request.explain)
}

interface FencedRun {
  readonly engine: FencedEngine
  readonly request: FencedQuery
  readonly mark: string
  readonly text: FencedText
}

const KILL_TRIES = 20
const KILL_PAUSE_MS = 50

/**
 * Repeats KILL until the query has ended: a query that was sent but has not started cannot be found the first time.
 * Gives up after a second: some functions check nothing until they are done.
 */
export async function killUntil(ended: () => boolean, kill: () => Promise<void>): Promise<void> {
  for (let attempt = 0; attempt < KILL_TRIES && !ended(); attempt += 1) {
    await kill().catch(() => undefined)
    if (!ended()) await delay(KILL_PAUSE_MS)
  }
}

/** Sets the caller's identity in the session, before anything else of the query runs. */
function preparation(engine: FencedEngine, request: FencedQuery, text: FencedText): string {
  const settings = fenceSettings({
    chosen: request.chosen,
    sees: seesRowsOf(engine.key, request),
    limits: {
      ...request.limits,
      maxMemoryBytes: Math.min(request.limits.maxMemoryBytes, engine.maxQueryBytes),
    },
    text,
    threads: request.urgency?.isNarrow === true ? 1 : engine.threads,
    nice: request.urgency?.nice ?? 0,
  })
  const assignments = [
    ...Object.entries(settings).map(
      ([name, value]) => `${name} = ${typeof value === 'string' ? quoteText(value) : value}`,
    ),
    ...paramAssignments(request.params),
  ]
  // The text is always a SELECT, and settings are changed only by SET, since the session is reused.
  return `USE ${engine.database}; SET ${assignments.join(', ')}, readonly = 2`
}

/** The SQL to run for a request. @throws sql_refused */
async function textOf(engine: FencedEngine, request: FencedQuery): Promise<FencedText> {
  const { origin, sql, explain, params } = request
  // The syntax tree is that of the original text, and nothing of it runs.
  if (origin === 'own' || (origin === 'admitted' && explain === 'AST')) return ownText(sql)
  const printed = origin === 'admitted' ? sql : await judge(engine, request)
  return fencedText(printed, params, engine.database)
}

/** Parses text that has not been checked before, and returns it as the engine prints it. @throws sql_refused */
async function judge(engine: FencedEngine, request: FencedQuery): Promise<string> {
  const { session } = engine
  await session.queryAsync(preparation(engine, request, ownText('')))
  // Parses without running: refuses several statements in one text, which EXPLAIN AST would run.
  const printed = await session.queryAsync(`SELECT formatQuerySingleLine(${quoteText(request.sql)})`, {
    format: 'TSVRaw',
  })
  const sql = printed.text().replace(/\n$/, '')
  // As a subquery the grammar allows only SELECT, without FORMAT and INTO OUTFILE.
  const ast = await session.queryAsync(`EXPLAIN AST SELECT * FROM (\n${sql}\n)`, { format: 'TSVRaw' })
  assertWithinFence(ast.text())
  return sql
}

/** Starts the statement, after setting the caller's identity in the session. */
async function start(
  { engine, request, mark, text }: FencedRun,
  statement: string,
  format: string,
): Promise<ChdbResult> {
  const prepared = preparation(engine, request, text)
  return await engine.session.queryAsync(`${prepared}; ${mark} ${statement}`, { format })
}

/** The engine does not write EXPLAIN into a pipe. */
async function explained(run: FencedRun, what: Explain): Promise<FencedResult> {
  const { request, engine, mark } = run
  const state = { ended: false }
  const stop = (): void =>
    void killUntil(
      () => state.ended,
      () => engine.kill(mark),
    )
  request.signal.addEventListener('abort', stop, { once: true })
  try {
    const result = await start(run, explanation(what, run.text.sql), request.format)
    const text = result.bytes()
    request.signal.throwIfAborted()
    return { chunks: once(text) }
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : queryError(error)
  } finally {
    state.ended = true
    request.signal.removeEventListener('abort', stop)
    engine.release()
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/**
 * Part of an answer that is held back before the first chunk is passed on, so that most failures can still set a
 * status.
 */
const HELD_BYTES = 262_144

async function answered(run: FencedRun): Promise<FencedResult> {
  const answer = new RunningAnswer(run)
  const held: Buffer[] = []
  for (let bytes = 0; bytes < HELD_BYTES; ) {
    const next = await answer.next()
    if (next === null) break
    held.push(next)
    bytes += next.length
  }
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* held
      for (let next = await answer.next(); next !== null; next = await answer.next()) yield next
    } finally {
      answer.leave()
    }
  }
  return { chunks: chunks(), rows: () => answer.rows }
}

/** A running statement and the pipe to which it writes. */
class RunningAnswer {
  readonly #run: FencedRun
  readonly #reader: AnswerPipe
  readonly #chunks: AsyncIterator<Buffer>
  /** Resolves, never rejects: with the error, when the statement has ended. */
  readonly #ending: Promise<unknown>
  #ended = false
  #left = false
  /** Once it has ended. */
  rows: number | undefined
  /** Rejects the wait for the next chunk. */
  #giveUp: ((reason: unknown) => void) | undefined

  constructor(run: FencedRun) {
    this.#run = run
    const { engine, request } = run
    this.#reader = new AnswerPipe(engine.pipe)
    this.#chunks = this.#reader.chunks()
    const target = `INTO OUTFILE ${quoteText(engine.pipe)} APPEND FORMAT ${request.format}`
    this.#ending = start(run, `${run.text.sql}\n${target}`, request.format)
      .then(
        result => {
          // What an answer into a file counts as read are its own rows.
          this.rows = result.rowsRead
          return undefined
        },
        (error: unknown) => error,
      )
      .finally(() => {
        this.#ended = true
        request.signal.removeEventListener('abort', this.#stop)
        this.#reader.end()
      })
    void Promise.all([this.#ending, this.#reader.closed]).then(() => engine.release())
    request.signal.addEventListener('abort', this.#stop, { once: true })
    if (request.signal.aborted) this.#stop()
  }

  /** The next chunk; null when the answer is complete. @throws when it failed */
  next(): Promise<Buffer | null> {
    // Not a race against a long-lived promise, which would keep every chunk in memory.
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      if (this.#run.request.signal.aborted) reject(this.#run.request.signal.reason)
      else this.#read().then(resolve, reject)
    })
  }

  async #read(): Promise<Buffer | null> {
    const next = await this.#chunks.next().catch(() => null)
    if (next !== null && next.done !== true) return next.value
    const error = await this.#ending
    if (error !== undefined) throw queryError(error)
    return null
  }

  /** The reader has gone: the engine stops, and what it still writes is discarded. */
  leave(): void {
    if (this.#left) return
    this.#left = true
    if (!this.#ended) this.#stop()
  }

  readonly #stop = (): void => {
    this.#giveUp?.(this.#run.request.signal.reason)
    this.#reader.discard()
    void killUntil(
      () => this.#ended,
      () => this.#run.engine.kill(this.#run.mark),
    )
  }
}
