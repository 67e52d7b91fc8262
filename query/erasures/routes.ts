/** `/api/v1/erasures`: deletes rows of a tenant. For the operator of the instance. */
import type { FastifyInstance } from 'fastify'
import type { ErasureAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { TENANT, TENANT_SHAPE } from '../../core/model/identity.ts'
import { ADMIN_INSTANCE } from '../http/auth.ts'
import type { ErasureSource, QueryContext } from '../http/context.ts'

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/

/** Starts, lists and shows erasures. Needs scope admin of the operator's tenant. */
export function erasureRoutes(app: FastifyInstance, { erasures, now }: QueryContext): void {
  const config = { access: ADMIN_INSTANCE }

  app.post('/api/v1/erasures', { config }, (request): Promise<ErasureAnswer> => {
    return given(erasures).begin(requestOf(request.body, now()))
  })

  app.get('/api/v1/erasures', { config }, async (_request, reply): Promise<readonly ErasureAnswer[]> => {
    reply.header('cache-control', 'no-store')
    return given(erasures).list()
  })

  app.get<{ Params: { id: string } }>(
    '/api/v1/erasures/:id',
    { config },
    async (request, reply): Promise<ErasureAnswer> => {
      reply.header('cache-control', 'no-store')
      return given(erasures).get(request.params.id)
    },
  )
}

function given(erasures: ErasureSource | undefined): ErasureSource {
  if (erasures !== undefined) return erasures
  throw new WattlineError(
    'not_found',
    'This process does not run erasures. Use a process with the roles processors and query.',
  )
}

function requestOf(body: unknown, nowMs: number): Parameters<ErasureSource['begin']>[0] {
  const said = typeof body === 'object' && body !== null ? body : {}
  const known = ['tenant', 'before', 'drop_unreadable']
  const unknown = Object.keys(said).find(key => !known.includes(key))
  if (unknown !== undefined) throw wrong(`'${unknown.slice(0, 100)}' is unknown. Use ${known.join(', ')}`)
  const { tenant, before, drop_unreadable: dropUnreadable } = said as Record<string, unknown>
  if (typeof tenant !== 'string' || !TENANT.test(tenant)) throw wrong(`tenant must be ${TENANT_SHAPE}`)
  if (dropUnreadable !== undefined && typeof dropUnreadable !== 'boolean') {
    throw wrong('drop_unreadable must be true or false')
  }
  return { tenant, beforeMs: beforeOf(before, nowMs), dropUnreadable: dropUnreadable === true }
}

function beforeOf(before: unknown, nowMs: number): number | null {
  if (before === undefined || before === null) return null
  const ms = typeof before === 'string' && DATE.test(before) ? Date.parse(before) : Number.NaN
  if (Number.isNaN(ms)) throw wrong('before must be a date (UTC), such as 2026-11-01 or 2026-11-01T12:00Z')
  if (ms > nowMs) throw wrong('before must not be in the future')
  return ms
}

const wrong = (what: string): WattlineError => new WattlineError('parameter_invalid', `${what}.`)
