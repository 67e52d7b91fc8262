/**
 * Statements of this process, of which a caller sees and stops its own: those that run, and the last ones that have
 * ended. Kept in memory, since the engine's own list shows the statements of every tenant.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import type { LiteralColumns } from './literal-rows.ts'

/** Whose statements: all of a tenant, or those of tokens with the same accounts. */
export interface StatementOwner {
  readonly tenant: string
  readonly accounts: readonly string[] | null
}

/** A statement, as its client names it. */
export interface LoggedStatement {
  readonly queryId: string
  /** As the client calls itself. */
  readonly user: string
  readonly text: string
}

interface Running extends LoggedStatement {
  readonly startedMs: number
  readonly abort: AbortController
}

interface Ended extends LoggedStatement {
  readonly startedMs: number
  readonly endedMs: number
  readonly resultBytes: number
  readonly error: { readonly number: number; readonly text: string } | null
}

interface OfOwner {
  readonly running: Set<Running>
  readonly ended: Ended[]
}

/** Ended statements of one owner. */
const ENDED_MAX = 200
/** Owners whose ended statements are kept. */
const OWNERS_MAX = 1_000
/** Characters of a text. */
const TEXT_MAX = 2_000

/** A statement that runs. */
export interface StatementEntry {
  /** Aborts when its owner kills it. */
  readonly signal: AbortSignal
  /** Counts the bytes of the answer. */
  counted(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** @param error null: it has succeeded */
  end(error: { readonly number: number; readonly text: string } | null): void
}

/** Of one process. */
export class StatementLog {
  readonly #owners = new Map<string, OfOwner>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  begin(owner: StatementOwner, statement: LoggedStatement): StatementEntry {
    const of = this.#of(owner)
    const abort = new AbortController()
    const text = statement.text.slice(0, TEXT_MAX)
    const startedMs = this.#now()
    const entry: Running = { ...statement, text, startedMs, abort }
    of.running.add(entry)
    let resultBytes = 0
    return {
      signal: abort.signal,
      counted: async function* (chunks) {
        for await (const chunk of chunks) {
          resultBytes += chunk.length
          yield chunk
        }
      },
      end: error => {
        if (!of.running.delete(entry)) return
        const { queryId, user } = statement
        of.ended.push({ queryId, user, text, startedMs, endedMs: this.#now(), resultBytes, error })
        if (of.ended.length > ENDED_MAX) of.ended.shift()
      },
    }
  }

  /** The owner's statements that run. */
  running(owner: StatementOwner): readonly LoggedStatement[] {
    return [...(this.#owners.get(ownerKey(owner))?.running ?? [])]
  }

  /** Stops the owner's statements with these ids; returns them. */
  kill(owner: StatementOwner, ids: ReadonlySet<string>): readonly LoggedStatement[] {
    const found = [...(this.#owners.get(ownerKey(owner))?.running ?? [])].filter(one => ids.has(one.queryId))
    for (const one of found) {
      one.abort.abort(new WattlineError('sql_cancelled', 'The statement was cancelled by KILL QUERY.'))
    }
    return found
  }

  /** Rows of `system.processes`. */
  processes(owner: StatementOwner): readonly (readonly QueryParam[])[] {
    const running = this.#owners.get(ownerKey(owner))?.running ?? []
    return [...running].map(one => [
      true,
      one.user,
      one.queryId,
      one.user,
      one.queryId,
      (this.#now() - one.startedMs) / 1000,
      one.abort.signal.aborted,
      one.text,
      kindOf(one.text),
      'wattline',
    ])
  }

  /** Rows of `system.query_log`. */
  ended(owner: StatementOwner): readonly (readonly QueryParam[])[] {
    const ended = this.#owners.get(ownerKey(owner))?.ended ?? []
    return ended.map(one => [
      one.error === null ? 'QueryFinish' : 'ExceptionWhileProcessing',
      dateOf(one.endedMs),
      secondsOf(one.endedMs),
      microsOf(one.endedMs),
      secondsOf(one.startedMs),
      microsOf(one.startedMs),
      one.endedMs - one.startedMs,
      one.resultBytes,
      'wattline',
      one.text,
      kindOf(one.text),
      one.error?.number ?? 0,
      one.error?.text.slice(0, TEXT_MAX) ?? '',
      true,
      one.user,
      one.queryId,
      one.user,
      one.queryId,
    ])
  }

  #of(owner: StatementOwner): OfOwner {
    const key = ownerKey(owner)
    const known = this.#owners.get(key) ?? { running: new Set(), ended: [] }
    // The one used longest ago comes first.
    this.#owners.delete(key)
    this.#owners.set(key, known)
    if (this.#owners.size > OWNERS_MAX) this.#forget()
    return known
  }

  #forget(): void {
    for (const [key, { running }] of this.#owners) {
      if (running.size > 0) continue
      this.#owners.delete(key)
      return
    }
  }
}

/** Identifies an owner. */
export const ownerKey = ({ tenant, accounts }: StatementOwner): string => JSON.stringify([tenant, accounts])
const kindOf = (text: string): string =>
  /^\s*([A-Za-z]{1,16})\b/.exec(text)?.[1]?.replace(/^./, first => first.toUpperCase()) ?? ''
const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const secondsOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
const microsOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')}000`

const TIME = "DateTime('UTC')"
const MICROS = "DateTime64(6, 'UTC')"

/** Columns of `system.processes`. */
export const PROCESS_COLUMNS: LiteralColumns = [
  ['is_initial_query', 'Bool'],
  ['user', 'String'],
  ['query_id', 'String'],
  ['initial_user', 'String'],
  ['initial_query_id', 'String'],
  ['elapsed', 'Float64'],
  ['is_cancelled', 'Bool'],
  ['query', 'String'],
  ['query_kind', 'String'],
  ['current_database', 'String'],
]

/** Columns of `system.query_log`. */
export const LOG_COLUMNS: LiteralColumns = [
  ['type', 'String'],
  ['event_date', 'Date'],
  ['event_time', TIME],
  ['event_time_microseconds', MICROS],
  ['query_start_time', TIME],
  ['query_start_time_microseconds', MICROS],
  ['query_duration_ms', 'UInt64'],
  ['result_bytes', 'UInt64'],
  ['current_database', 'String'],
  ['query', 'String'],
  ['query_kind', 'String'],
  ['exception_code', 'Int32'],
  ['exception', 'String'],
  ['is_initial_query', 'Bool'],
  ['user', 'String'],
  ['query_id', 'String'],
  ['initial_user', 'String'],
  ['initial_query_id', 'String'],
]
