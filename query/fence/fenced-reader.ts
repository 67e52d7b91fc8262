/**
 * Wattline's own queries for rows of a tenant. Their SQL has a condition on the tenant, and they also run behind the
 * same fence as client SQL, with row filter, limits and cancellation by the engine: a forgotten condition must not show
 * the rows of another tenant (invariant 5).
 */
import type { FastifyReply } from 'fastify'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Identity } from '../../core/model/identity.ts'
import { answerLines } from '../../core/warehouse/answer-lines.ts'
import type { FencedQuery, QueryParam, Warehouse } from '../../core/warehouse/warehouse.ts'
import { briefly, turnOptions } from '../fair/brief.ts'
import { startDeadline } from '../fair/deadline.ts'
import { urgencyOf } from '../fair/fairness.ts'
import type { Turns } from '../fair/turns.ts'
import { untilGivenBack } from '../fair/until-given-back.ts'
import { disconnectSignal } from './client-disconnect.ts'

/** Reads rows of one tenant behind the fence, on behalf of one request. */
export interface FencedReader {
  /**
   * Rows with 64-bit integers as text.
   * @param maxBytes of the answer; beyond it, `AnswerTooLarge`
   * @throws WattlineError `sql_limit`, `too_many_queries`, `warehouse_unavailable`
   */
  query<Row>(sql: string, params: FencedQuery['params'], maxBytes?: number): Promise<readonly Row[]>
}

/** The visible rows: all of a tenant, or those of some accounts. */
type RowScope = Pick<Identity, 'tenant' | 'accounts'>

/** A reader for one caller, which stops when the client of `reply` disconnects. */
export type OpenReader = (sees: RowScope, reply: FastifyReply) => FencedReader

/** `turns`: separate from those of client SQL, so that a dashboard full of slow statements does not block the page. */
export function fencedReaders(
  warehouse: Pick<Warehouse, 'fenced'>,
  limits: Config['limits']['sql'],
  turns: Turns,
): OpenReader {
  return (sees, reply) => fencedReader({ warehouse, limits, sees, signal: disconnectSignal(reply), turns })
}

/** `sees`: the visible rows; `signal`: aborts when the client has disconnected. */
export function fencedReader(options: {
  readonly warehouse: Pick<Warehouse, 'fenced'>
  readonly limits: Config['limits']['sql']
  readonly sees: RowScope
  readonly signal: AbortSignal
  readonly turns: Turns
}): FencedReader {
  const { warehouse, limits, sees, turns } = options
  return {
    query: async <Row>(sql: string, params: Readonly<Record<string, QueryParam>>, maxBytes?: number) => {
      const deadline = startDeadline(limits.seconds, options.signal)
      const { signal } = deadline
      const rows = turns
        .enter(sees.tenant, entered => {
          const open = untilGivenBack(entered)
          const ask = (secondsLeft: () => number) => async () => {
            const result = await warehouse.fenced({
              sql,
              origin: 'own',
              params,
              tenant: sees.tenant,
              accounts: sees.accounts,
              signal,
              format: 'JSONEachRow',
              limits: {
                maxSeconds: secondsLeft(),
                maxMemoryBytes: limits.memory_bytes,
                maxResultRows: limits.result_rows,
              },
              urgency: urgencyOf('own', open.standing()),
              onTaken: open.onTaken,
            })
            return await readRows<Row>(result.chunks, maxBytes)
          }
          return open.turn(
            ask(deadline.remainingSeconds),
            signal,
            turnOptions(limits.seconds, ask(briefly(deadline))),
          )
        })
        .finally(deadline.clear)
      return await deadline.hold(rows).catch((error: unknown) => {
        throw asOurs(error)
      })
    },
  }
}

const readRows = async <Row>(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number | undefined,
): Promise<readonly Row[]> => (await answerLines(chunks, maxBytes)).map(line => JSON.parse(line) as Row)

/** If the engine refuses a statement of ours, that is our defect, not the caller's. */
function asOurs(error: unknown): unknown {
  if (!(error instanceof WattlineError)) return error
  if (error.code !== 'sql_failed' && error.code !== 'sql_refused') return error
  return new WattlineError('invariant_broken', 'The engine refused an internal statement of Wattline.', {
    cause: error,
  })
}
