/** `GET /api/v1/lag`: how far each reader of the log is behind, by partition. */
import type { FastifyInstance } from 'fastify'
import type { Broker } from '../../core/broker/broker.ts'
import type { LagAnswer, LagEntry } from '../../core/model/answers.ts'
import { WattlineError } from '../../core/runtime/errors.ts'
import { assertWholeTenant } from '../auth.ts'
import { type QueryContext, reader } from '../context.ts'
import { knownParameters, type RawQuery, single } from '../parameters.ts'
import { LOG_READERS } from '../status/metrics.ts'

export function lagRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get('/api/v1/lag', async (request, reply): Promise<LagAnswer> => {
    assertWholeTenant(await reader(context, request))
    const query = request.query as RawQuery
    knownParameters(query, ['group', 'stream'])
    reply.header('cache-control', 'no-store')
    if (context.broker === undefined) {
      throw new WattlineError('broker_unavailable', 'This instance does not read the log; ask one that does.')
    }
    const only = { group: single(query, 'group') || undefined, stream: single(query, 'stream') || undefined }
    return { partitions: await readLag(context.broker, only, context.now()) }
  })
}

/** Readers as `/metrics` names them; `nowMs` for ages. @throws WattlineError `parameter_invalid` for an unknown reader. */
export async function readLag(
  broker: Pick<Broker, 'lag'>,
  only: { readonly group: string | undefined; readonly stream: string | undefined },
  nowMs: number,
): Promise<readonly LagEntry[]> {
  const wanted = LOG_READERS.filter(
    ({ group, stream }) => (only.group ?? group) === group && (only.stream ?? stream) === stream,
  )
  if (wanted.length === 0) {
    const known = LOG_READERS.map(({ group, stream }) => `${group} ${stream}`).join(', ')
    throw new WattlineError('parameter_invalid', `Nobody reads the log so; known are ${known}.`)
  }
  const found: LagEntry[] = []
  for (const { group, stream } of wanted) {
    for (const { partition, end, committed, oldestPendingMs } of await broker.lag(group, stream)) {
      const pending = end > committed ? end - committed : 0n
      found.push({
        group,
        stream,
        partition,
        end: end.toString(),
        committed: committed.toString(),
        pending: pending.toString(),
        oldest_pending_seconds: oldestPendingMs === null ? null : Math.max(0, nowMs - oldestPendingMs) / 1000,
      })
    }
  }
  return found
}
