/** `GET /api/v1/lag`: how far each reader of the log is behind, by partition. */
import type { FastifyInstance } from 'fastify'
import type { LagAnswer, LagEntry, NewestRow } from '../../core/api/answers.ts'
import type { Broker } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { timeColumnOf } from '../../core/model/streams/time.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { READ_INSTANCE } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, type RawQuery, single, wordParameter } from '../http/parameters.ts'
import { LOG_READERS } from '../status/metrics.ts'

const ENGINE_TIMEOUT_MS = 5_000

/** Needs scope read of the operator's tenant; `newest=true` adds the newest row of each table. */
export function lagRoutes(app: FastifyInstance, context: QueryContext): void {
  app.get(
    '/api/v1/lag',
    { config: { access: READ_INSTANCE } },
    async (request, reply): Promise<LagAnswer> => {
      const query = request.query as RawQuery
      knownParameters(query, ['group', 'stream', 'newest'])
      const isNewest = wordParameter(query, 'newest', ['true', 'false'], 'false') === 'true'
      reply.header('cache-control', 'no-store')
      if (context.broker === undefined) {
        throw new WattlineError(
          'broker_unavailable',
          'This instance does not read the log; use one that does.',
        )
      }
      const only = {
        group: single(query, 'group') || undefined,
        stream: single(query, 'stream') || undefined,
      }
      const nowMs = context.now()
      const partitions = readLag(context.broker, only, nowMs, context.logReaders)
      if (!isNewest) return { partitions: await partitions }
      // Lag is queried when something is wrong, and that may be the engine.
      const newest = withTimeout(readNewest(context.warehouse, only, nowMs))
      return { partitions: await partitions, newest: await newest }
    },
  )
}

/** Null when the work fails, or takes longer than people wait. */
async function withTimeout<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ENGINE_TIMEOUT_MS)
  })
  const answer = await Promise.race([work.catch(() => null), late])
  clearTimeout(timer)
  return answer
}

type Only = { readonly group: string | undefined; readonly stream: string | undefined }

/** The newest row that `store` has added to each table; the engine reads it from its parts. */
export async function readNewest(
  warehouse: Pick<Warehouse, 'database' | 'query'>,
  only: Only,
  nowMs: number,
): Promise<readonly NewestRow[]> {
  const selects = STREAMS.flatMap(stream => {
    const time = timeColumnOf(stream)
    const isAsked = (only.group ?? 'store') === 'store' && (only.stream ?? stream.name) === stream.name
    if (time === undefined || stream.table === undefined || !isAsked) return []
    const newest = `toUnixTimestamp64Milli(toDateTime64(max(${time.name}), 3, 'UTC'))`
    return [
      `SELECT '${stream.name}' AS stream, ${newest} AS ms FROM ${warehouse.database}.${stream.table.name}`,
    ]
  })
  if (selects.length === 0) return []
  const rows = await warehouse.query<{ stream: string; ms: string }>(selects.join(' UNION ALL '))
  const found = new Map(rows.map(({ stream, ms }) => [stream, Number(ms)]))
  return STREAMS.filter(({ name }) => found.has(name)).map(({ name: stream }) => {
    const ms = found.get(stream) ?? 0
    // The maximum of nothing is time 0.
    if (ms === 0) return { stream, time: null, age_seconds: null }
    return { stream, time: new Date(ms).toISOString(), age_seconds: (nowMs - ms) / 1000 }
  })
}

/**
 * Readers with the names of `/metrics`; `nowMs` for ages. @throws WattlineError `parameter_invalid` for an unknown
 * reader.
 */
export async function readLag(
  broker: Pick<Broker, 'lag'>,
  only: Only,
  nowMs: number,
  readers = LOG_READERS,
): Promise<readonly LagEntry[]> {
  const wanted = readers.filter(
    ({ group, stream }) => (only.group ?? group) === group && (only.stream ?? stream) === stream,
  )
  if (wanted.length === 0) {
    const known = readers.map(({ group, stream }) => `${group} ${stream}`).join(', ')
    throw new WattlineError('parameter_invalid', `No reader of the log matches. Use ${known}.`)
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
