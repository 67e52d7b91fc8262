/** Answers questions of the Prometheus API: a turn of the tenant, a thread that evaluates, statements behind the fence. */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Identity } from '../../core/model/identity.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { urgencyOf } from '../fair/fairness.ts'
import type { Turns } from '../fair/turns.ts'
import { type HeldOpen, untilGivenBack } from '../fair/until-given-back.ts'
import { EvaluationError } from './pool/evaluation-error.ts'
import type { Surroundings } from './pool/evaluator.ts'
import type { EvaluatorPool } from './pool/pool.ts'
import type { Question, Read, Task } from './wire/messages.ts'

/** One request. */
export interface PromqlRequest {
  readonly question: Question
  readonly identity: Pick<Identity, 'tenant' | 'accounts'>
  /** A client may ask for less time than the limit. */
  readonly timeoutMs: number
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

/** Answers questions. */
export interface PromqlService {
  /**
   * Passes the body to `use`, and counts as one of the tenant's queries until that resolves.
   * @throws EvaluationError, WattlineError
   */
  run(request: PromqlRequest, use: (body: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void>
}

interface PromqlServiceParts {
  readonly warehouse: Pick<Warehouse, 'fenced' | 'kind'>
  readonly limits: Config['limits']
  readonly turns: Turns
  readonly pool: EvaluatorPool
}

/** One per process. */
export function createPromqlService({ warehouse, limits, turns, pool }: PromqlServiceParts): PromqlService {
  const surroundingsOf = (
    { identity, signal }: PromqlRequest,
    open: HeldOpen,
    deadlineMs: number,
  ): Surroundings => ({
    signal,
    async *read(statement: Read, ended: AbortSignal) {
      const { tenant, accounts } = identity
      const answer = await warehouse
        .fenced({
          sql: statement.sql,
          origin: 'own',
          params: { ...statement.params, tenant },
          tenant,
          accounts,
          format: 'Native',
          limits: {
            maxSeconds: Math.max(0.1, (deadlineMs - Date.now()) / 1000),
            maxMemoryBytes: limits.sql.memory_bytes,
            maxResultRows: statement.maxRows,
          },
          signal: ended,
          // Ordered rows from one thread cost less than from several that merge them.
          urgency: { ...urgencyOf('sql', open.standing()), isNarrow: true },
          onTaken: open.onTaken,
        })
        .catch((error: unknown) => {
          throw asOurs(error)
        })
      yield* answer.chunks
    },
  })

  return {
    async run(request, use) {
      const { identity, signal } = request
      const deadlineMs = Date.now() + request.timeoutMs
      await turns.enter(identity.tenant, async entered => {
        const open = untilGivenBack(entered)
        const started = Promise.withResolvers<AsyncIterable<Uint8Array>>()
        // Its own failures are those of the body.
        started.promise.catch(() => undefined)
        const turn = open.turn(
          async () => {
            const evaluator = pool.take()
            try {
              const task = taskOf(request, limits.promql, deadlineMs, warehouse.kind === 'embedded')
              const evaluation = evaluator.run(task, surroundingsOf(request, open, deadlineMs))
              started.resolve(evaluation.body)
              await evaluation.finished
            } finally {
              pool.give(evaluator)
            }
          },
          signal,
          { waitMs: request.timeoutMs },
        )
        turn.catch(started.reject)
        await use(await started.promise.catch(error => Promise.reject(asQueued(error))))
        await turn
      })
    },
  }
}

function taskOf(
  { question, identity }: PromqlRequest,
  limits: Config['limits']['promql'],
  deadlineMs: number,
  tellsVersions: boolean,
): Task {
  return {
    question,
    caller: JSON.stringify([identity.tenant, identity.accounts]),
    tellsVersions,
    deadlineMs,
    limits: {
      samples: limits.samples,
      samplesRead: limits.samples_read,
      resultPoints: limits.result_points,
    },
    cancel: new SharedArrayBuffer(4),
  }
}

/** Waiting is a part of a query's time. */
const asQueued = (error: unknown): unknown =>
  error instanceof WattlineError && error.code === 'too_many_queries'
    ? new EvaluationError('timeout', 'query timed out in query queue')
    : error

/** If the engine refuses a statement of ours, that is our defect, not the caller's. */
function asOurs(error: unknown): unknown {
  if (!(error instanceof WattlineError)) return error
  if (error.code !== 'sql_failed' && error.code !== 'sql_refused') return error
  return new WattlineError('invariant_broken', 'The engine refused an internal statement of Wattline.', {
    cause: error,
  })
}
