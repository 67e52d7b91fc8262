/** `/api/v1/quarantine`: lists quarantined records, shows one, and replays one. For the operator. */
import type { FastifyInstance } from 'fastify'
import type { QuarantineAnswer, QuarantinedRecordAnswer, ReplayAnswer } from '../../core/api/answers.ts'
import { placeText, type SetAside } from '../../core/broker/replay.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { ADMIN_TENANT, identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import {
  integerParameter,
  knownParameters,
  type RawQuery,
  single,
  wordParameter,
} from '../http/parameters.ts'
import { listQuarantine, replayable, showQuarantined } from './service.ts'
import type { RecordPlace } from './statements.ts'

const RECORD = '/api/v1/quarantine/:stream/:partition/:offset'
interface PlaceRoute {
  Params: { stream: string; partition: string; offset: string }
}

/** Reading needs scope read, replaying scope admin; only the operator's tenant sees rows. */
export function quarantineRoutes(app: FastifyInstance, context: QueryContext): void {
  const once = refuseTwice()
  // Rows may contain data of several tenants: the row filter shows them only to the operator's tenant.
  const config = { access: READ_TENANT }

  app.get('/api/v1/quarantine', { config }, async (request, reply): Promise<QuarantineAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['stream', 'limit'])
    reply.header('cache-control', 'no-store')
    return listQuarantine(context.readers(identityOf(request), reply), {
      stream: single(query, 'stream') || undefined,
      limit: integerParameter(query, 'limit', { min: 1, max: 1000, absent: 50 }),
    })
  })

  app.get<PlaceRoute>(RECORD, { config }, async (request, reply): Promise<QuarantinedRecordAnswer> => {
    reply.header('cache-control', 'no-store')
    return showQuarantined(context.readers(identityOf(request), reply), placeOf(request.params))
  })

  const admin = { config: { access: ADMIN_TENANT } }
  app.post<PlaceRoute>(`${RECORD}/replay`, admin, async (request, reply): Promise<ReplayAnswer> => {
    const query = request.query as RawQuery
    knownParameters(query, ['force'])
    const force = wordParameter(query, 'force', ['true', 'false'], 'false') === 'true'
    const { replay } = context
    if (replay === undefined) {
      throw new WattlineError(
        'broker_unavailable',
        'This instance does not write to the log; use one that does.',
      )
    }
    const found = await showQuarantined(context.readers(identityOf(request), reply), placeOf(request.params))
    const record = replayable(found, force)
    reply.header('cache-control', 'no-store')
    const to = await once(record, force, () => replay(record))
    return { from: placeText(record), to, processors: record.processors }
  })
}

function placeOf({ stream, partition, offset }: PlaceRoute['Params']): RecordPlace {
  if (/^\d{1,9}$/.test(partition) && /^\d{1,18}$/.test(offset)) {
    return { stream, partition: Number(partition), offset: BigInt(offset) }
  }
  throw new WattlineError(
    'parameter_invalid',
    'Name the record by stream, partition and offset, such as traces/0/17.',
  )
}

/** The rows that record a replay take a moment to reach the table: until then this process remembers it. */
const REMEMBERED_MAX = 10_000

function refuseTwice() {
  const begun = new Set<string>()
  return (record: SetAside, force: boolean, replay: () => Promise<string>): Promise<string> => {
    const place = placeText(record)
    if (begun.has(place) && !force) {
      throw new WattlineError('replay_refused', `A replay of record ${place} has just been started.`)
    }
    begun.add(place)
    for (const oldest of begun) {
      if (begun.size <= REMEMBERED_MAX) break
      begun.delete(oldest)
    }
    return replay()
  }
}
