/** `GET /api/v1/exports`: how far the exports of the caller's tenant are. */
import type { FastifyInstance } from 'fastify'
import type { ExportsAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'

/** Needs scope read for the whole tenant. */
export function exportRoutes(app: FastifyInstance, { exports }: QueryContext): void {
  app.get(
    '/api/v1/exports',
    { config: { access: READ_TENANT } },
    async (request, reply): Promise<ExportsAnswer> => {
      reply.header('cache-control', 'no-store')
      if (exports === undefined) {
        throw new WattlineError('not_found', 'Nothing is exported: `exports.to` is not set in this process.')
      }
      return exports.status(identityOf(request).tenant)
    },
  )
}
