/** Runs client statements: turn, allow-list, fence. Both SQL routes (JSON and ClickHouse) use it. */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { asWattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { ClientSettings } from '../../core/warehouse/fence/client-settings.ts'
import type { FencedQuery, FencedResult, QueryParam, Warehouse } from '../../core/warehouse/warehouse.ts'
import { briefly, turnOptions } from '../fair/brief.ts'
import { startDeadline } from '../fair/deadline.ts'
import { urgencyOf } from '../fair/fairness.ts'
import { beginAnswer, paced } from '../fair/paced.ts'
import type { Turns } from '../fair/turns.ts'
import { type HeldOpen, untilGivenBack } from '../fair/until-given-back.ts'
import { createAllowList } from './allow-list.ts'
import { asEngineError, sqlFailed } from './engine-text.ts'
import { type LiteralColumns, literalRows, literalSelect } from './literal-rows.ts'
import { liveRows } from './live-tables.ts'
import type { Statement } from './statement.ts'
import { type LoggedStatement, StatementLog } from './statement-log.ts'
import { RefusedError } from './verdict.ts'

/** A statement on behalf of a caller. */
export interface SqlRequest {
  readonly statement: Statement
  readonly params: Readonly<Record<string, QueryParam>>
  /** Settings that the client has chosen outside of the statement. */
  readonly chosen?: ClientSettings | undefined
  readonly tenant: string
  /** Accounts to which the caller is limited; null: all. */
  readonly accounts: readonly string[] | null
  readonly signal: AbortSignal
  /** How the client names the statement and itself. */
  readonly named?: Omit<LoggedStatement, 'text'>
  /** A client may request less time than the limit. */
  readonly maxSeconds?: number
}

type UseAnswer<T> = (answer: FencedResult) => Promise<T>
type BoundRows = readonly (readonly QueryParam[])[]

/** Runs client statements. */
export interface SqlService {
  /**
   * Passes the answer to `use`, and counts as one of the tenant's statements until that resolves. Rejects at the latest
   * when the statement's time is up, whether the engine has stopped or not.
   */
  run<T>(request: SqlRequest, use: UseAnswer<T>): Promise<T>
  /** Answers with rows from memory, in the statement's format, in a turn of Wattline's own queries. */
  answerRows<T>(request: SqlRequest, columns: LiteralColumns, rows: BoundRows, use: UseAnswer<T>): Promise<T>
  /** What runs, and what has run. */
  readonly log: StatementLog
}

interface SqlServiceParts {
  readonly warehouse: Warehouse
  readonly limits: Config['limits']['sql']
  readonly events: Events
  readonly turns: Turns
  /** Turns that client SQL can never take. */
  readonly ownTurns: Turns
}

/** Asks the engine, within the time that is left. */
type AskEngine = (request: SqlRequest, open: HeldOpen, secondsLeft: () => number) => Promise<FencedResult>

/** One per process: it holds the cached verdicts of the allow-list. */
export function createSqlService(parts: SqlServiceParts): SqlService {
  const { warehouse, limits, events, ownTurns } = parts
  const allowList = createAllowList({ warehouse })
  const log = new StatementLog()
  const bounds = { maxMemoryBytes: limits.memory_bytes, maxResultRows: limits.result_rows }

  const ask: AskEngine = async (request, open, secondsLeft) => {
    const { statement, params, chosen, tenant, accounts, signal } = request
    const urgency = urgencyOf('sql', open.standing())
    const caller = { tenant, accounts, signal, urgency, onTaken: open.onTaken }
    // Checks and answer share the limit: the time of the checks is deducted.
    const admitted = await allowList
      .admit({
        ...caller,
        text: statement.text,
        chosen,
        params,
        limits: { ...bounds, maxSeconds: secondsLeft() },
      })
      .catch((error: unknown) => {
        const cause = error instanceof Error ? error.cause : undefined
        if (cause instanceof RefusedError) events.emit('sqlRefused', { reason: cause.reason, tenant })
        throw asWattlineError(error, 'sql_failed')
      })
    const fenced = (query: Pick<FencedQuery, 'sql' | 'params' | 'explain' | 'origin'>) =>
      warehouse
        .fenced({
          ...caller,
          ...query,
          chosen: { ...chosen, ...admitted.settings },
          format: statement.format.name,
          limits: { ...bounds, maxSeconds: secondsLeft() },
        })
        .catch((error: unknown) => {
          throw sqlFailed(error)
        })
    const { sql, explain, live } = admitted
    const bound = live.length === 0 ? params : { ...params, ...liveRows(live, log, request) }
    return await fenced({
      sql,
      params: bound,
      origin: 'admitted',
      ...(explain === undefined ? {} : { explain }),
    })
  }

  return {
    log,
    run: async (request, use) => {
      const { named = { queryId: '', user: '' }, statement } = request
      const entry = log.begin(request, { ...named, text: statement.text })
      const signal = AbortSignal.any([request.signal, entry.signal])
      return await inTurn({ ...request, signal }, parts, ask, answer =>
        use({ ...answer, chunks: entry.counted(answer.chunks) }),
      ).then(
        used => {
          entry.end(null)
          return used
        },
        (error: unknown) => {
          entry.end(asEngineError(asWattlineError(error, 'sql_failed')))
          throw error
        },
      )
    },
    answerRows: (request, columns, rows, use) => {
      const literal: AskEngine = ({ tenant, accounts, signal, statement }, open, secondsLeft) =>
        warehouse.fenced({
          sql: literalSelect(columns, 'wl_rows'),
          params: { wl_rows: literalRows(rows) },
          origin: 'own',
          tenant,
          accounts,
          signal,
          format: statement.format.name,
          limits: { ...bounds, maxSeconds: secondsLeft() },
          urgency: urgencyOf('own', open.standing()),
          onTaken: open.onTaken,
        })
      return inTurn(request, { limits, turns: ownTurns }, literal, use)
    },
  }
}

/** Waits for a turn, asks, and passes the answer on, all within the statement's time. */
async function inTurn<T>(
  request: SqlRequest,
  { limits, turns }: Pick<SqlServiceParts, 'limits' | 'turns'>,
  asked: AskEngine,
  use: UseAnswer<T>,
): Promise<T> {
  const seconds = Math.min(request.maxSeconds ?? limits.seconds, limits.seconds)
  const deadline = startDeadline(seconds, request.signal)
  const { signal } = deadline
  const started = Promise.withResolvers<void>()
  const whole = turns
    .enter(request.tenant, async entered => {
      const open = untilGivenBack(entered)
      const begun = (secondsLeft: () => number) => async () => {
        const found = await asked({ ...request, signal }, open, secondsLeft)
        return [found, await beginAnswer(found.chunks)] as const
      }
      const [answer, start] = await open.turn(
        begun(deadline.remainingSeconds),
        signal,
        turnOptions(seconds, begun(briefly(deadline))),
      )
      signal.throwIfAborted()
      started.resolve()
      try {
        return await use({ ...answer, chunks: paced(start, open, signal) })
      } finally {
        await open.givenBack()
      }
    })
    .finally(deadline.clear)
  await deadline.hold(Promise.race([whole, started.promise]))
  return await whole
}
