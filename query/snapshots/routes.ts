/** `/api/v1/snapshots`: snapshots for `wattline backup`. For the operator of the instance. */
import type { FastifyInstance } from 'fastify'
import type { SnapshotAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { ADMIN_INSTANCE } from '../http/auth.ts'
import type { SnapshotSource, StatusContext } from '../http/context.ts'

interface IdRoute {
  Params: { id: string }
}

/** Takes, renews and releases snapshots. Needs scope admin of the operator's tenant. */
export function snapshotRoutes(app: FastifyInstance, { snapshots }: StatusContext): void {
  const config = { access: ADMIN_INSTANCE }

  app.post('/api/v1/snapshots', { config }, (): Promise<SnapshotAnswer> => given(snapshots).take())

  app.get<IdRoute>('/api/v1/snapshots/:id', { config }, async (request, reply): Promise<SnapshotAnswer> => {
    reply.header('cache-control', 'no-store')
    return given(snapshots).renew(request.params.id)
  })

  app.post<IdRoute>(
    '/api/v1/snapshots/:id/release',
    { config },
    (request): Promise<SnapshotAnswer> => given(snapshots).drop(request.params.id),
  )
}

function given(snapshots: SnapshotSource | undefined): SnapshotSource {
  if (snapshots !== undefined) return snapshots
  throw new WattlineError(
    'backup_refused',
    'This process keeps nothing in a data folder: its log is in Kafka, its tables are on a ClickHouse server.',
  )
}
