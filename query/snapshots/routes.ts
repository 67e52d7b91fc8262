/** `/api/v1/snapshots`: what `wattline backup` copies. For whoever runs the instance. */
import type { FastifyInstance } from 'fastify'
import type { SnapshotAnswer } from '../../core/model/answers.ts'
import { ADMIN_INSTANCE } from '../auth.ts'
import type { StatusContext } from '../context.ts'

interface IdRoute {
  Params: { id: string }
}

export function snapshotRoutes(app: FastifyInstance, { snapshots }: StatusContext): void {
  if (snapshots === undefined) return
  const config = { access: ADMIN_INSTANCE }

  app.post('/api/v1/snapshots', { config }, (): Promise<SnapshotAnswer> => snapshots.take())

  app.get<IdRoute>('/api/v1/snapshots/:id', { config }, async (request, reply): Promise<SnapshotAnswer> => {
    reply.header('cache-control', 'no-store')
    return snapshots.renew(request.params.id)
  })

  app.post<IdRoute>(
    '/api/v1/snapshots/:id/release',
    { config },
    (request): Promise<SnapshotAnswer> => snapshots.drop(request.params.id),
  )
}
