/** Runs client statements: turn, allow-list, fence. Both SQL routes (JSON and ClickHouse) use it. */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { asWattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { ClientSettings } from '../../core/warehouse/fence/client-settings.ts'
import type { FencedResult, QueryParam, Warehouse } from '../../core/warehouse/warehouse.ts'
import { briefly, turnOptions } from '../fair/brief.ts'
import { startDeadline } from '../fair/deadline.ts'
import { urgencyOf } from '../fair/fairness.ts'
import { begin, paced } from '../fair/paced.ts'
import type { Turns } from '../fair/turns.ts'
import { type HeldOpen, untilGivenBack } from '../fair/until-given-back.ts'
import { createAllowList } from './allow-list.ts'
import { sqlFailed } from './engine-text.ts'
import type { Statement } from './statement.ts'
import { RefusedError } from './verdict.ts'

interface SqlRequest {
  readonly statement: Statement
  readonly params: Readonly<Record<string, QueryParam>>
  /** Settings that the client has chosen outside of the statement. */
  readonly chosen?: ClientSettings | undefined
  readonly tenant: string
  /** Accounts to which the caller is limited; null: all. */
  readonly accounts: readonly string[] | null
  readonly signal: AbortSignal
  /** A client may request less time than the limit. */
  readonly maxSeconds?: number
}

/** Runs client statements. */
export interface SqlService {
  /**
   * Passes the answer to `use`, and counts as one of the tenant's statements until that resolves. Rejects at the latest
   * when the statement's time is up, whether the engine has stopped or not.
   */
  run<T>(request: SqlRequest, use: (answer: FencedResult) => Promise<T>): Promise<T>
}

interface SqlServiceParts {
  readonly warehouse: Warehouse
  readonly limits: Config['limits']['sql']
  readonly events: Events
  readonly turns: Turns
}

/** One per process: it holds the cached verdicts of the allow-list. */
export function createSqlService(parts: SqlServiceParts): SqlService {
  const { warehouse, limits, events, turns } = parts
  const allowList = createAllowList({ warehouse })

  const ask = async (
    request: SqlRequest,
    open: HeldOpen,
    secondsLeft: () => number,
  ): Promise<FencedResult> => {
    const { statement, params, chosen, tenant, accounts, signal } = request
    const bounds = { maxMemoryBytes: limits.memory_bytes, maxResultRows: limits.result_rows }
    const urgency = urgencyOf('sql', open.standing())
    const { onTaken } = open
    // Checks and answer share the limit: the time of the checks is deducted.
    const { sql, explain, settings } = await allowList
      .admit({
        text: statement.text,
        chosen,
        params,
        tenant,
        accounts,
        signal,
        urgency,
        limits: { ...bounds, maxSeconds: secondsLeft() },
        onTaken,
      })
      .catch((error: unknown) => {
        const cause = error instanceof Error ? error.cause : undefined
        if (cause instanceof RefusedError) events.emit('sqlRefused', { reason: cause.reason, tenant })
        throw asWattlineError(error, 'sql_failed')
      })
    return await warehouse
      .fenced({
        sql,
        origin: 'admitted',
        ...(explain === undefined ? {} : { explain }),
        chosen: { ...chosen, ...settings },
        params,
        tenant,
        accounts,
        signal,
        format: statement.format.name,
        limits: { ...bounds, maxSeconds: secondsLeft() },
        urgency,
        onTaken,
      })
      .catch((error: unknown) => {
        throw sqlFailed(error)
      })
  }

  return {
    run: async (request, use) => {
      const seconds = Math.min(request.maxSeconds ?? limits.seconds, limits.seconds)
      const deadline = startDeadline(seconds, request.signal)
      const { signal } = deadline
      const started = Promise.withResolvers<void>()
      const whole = turns
        .enter(request.tenant, async entered => {
          const open = untilGivenBack(entered)
          const begun = (secondsLeft: () => number) => async () => {
            const found = await ask({ ...request, signal }, open, secondsLeft)
            return [found, await begin(found.chunks)] as const
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
    },
  }
}
