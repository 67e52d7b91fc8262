/** `GET /api/v1/openapi.json`: every route of this server as OpenAPI 3.1. */
import type { FastifyInstance } from 'fastify'
import { OPEN } from '../http/auth.ts'
import { openApiDocument, type ServedRoute } from './document.ts'

/** Collects the routes that are added from now on; call it before the first one. */
export function collectRoutes(app: FastifyInstance): readonly ServedRoute[] {
  const routes: ServedRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    const access = config?.access
    const scope = access === undefined || access === 'open' ? null : access.scope
    for (const one of [method].flat()) routes.push({ method: one, url, scope })
  })
  return routes
}

/** Open: it says nothing about any tenant. */
export function openApiRoutes(app: FastifyInstance, routes: readonly ServedRoute[], version: string): void {
  let made: string | null = null
  app.get('/api/v1/openapi.json', { config: { access: OPEN } }, async (_request, reply) => {
    made ??= JSON.stringify(openApiDocument(routes, version))
    return reply.type('application/json; charset=utf-8').send(made)
  })
}
