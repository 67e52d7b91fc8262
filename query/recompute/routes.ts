/** `/api/v1/recompute`: computes a range again from its readings, and books the differences. For the operator. */
import type { FastifyInstance } from 'fastify'
import type { RecomputeAnswer } from '../../core/api/recompute.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { TENANT, TENANT_SHAPE } from '../../core/model/identity.ts'
import { ADMIN_INSTANCE } from '../http/auth.ts'
import type { QueryContext, RecomputeSource } from '../http/context.ts'

type RecomputeBeginning = Parameters<RecomputeSource['begin']>[0]

/** Begins, lists, shows and cancels. Needs scope admin of the operator's tenant. */
export function recomputeRoutes(app: FastifyInstance, { recomputations, now }: QueryContext): void {
  const config = { access: ADMIN_INSTANCE }

  app.post('/api/v1/recompute', { config }, (request): Promise<RecomputeAnswer> => {
    const { asked, apply } = requestOf(request.body, now())
    return given(recomputations).begin(asked, apply)
  })

  app.get('/api/v1/recompute', { config }, async (_request, reply): Promise<readonly RecomputeAnswer[]> => {
    reply.header('cache-control', 'no-store')
    return given(recomputations).list()
  })

  app.get<{ Params: { id: string } }>(
    '/api/v1/recompute/:id',
    { config },
    async (request, reply): Promise<RecomputeAnswer> => {
      reply.header('cache-control', 'no-store')
      return given(recomputations).get(request.params.id)
    },
  )

  const cancel = (request: { readonly params: { readonly id: string } }): Promise<RecomputeAnswer> =>
    given(recomputations).cancel(request.params.id)
  app.delete<{ Params: { id: string } }>('/api/v1/recompute/:id', { config }, cancel)
  app.post<{ Params: { id: string } }>('/api/v1/recompute/:id/cancel', { config }, cancel)
}

function given(recomputations: RecomputeSource | undefined): RecomputeSource {
  if (recomputations !== undefined) return recomputations
  throw new WattlineError(
    'not_found',
    'This process does not recompute. Ask one with the roles processors and query.',
  )
}

const KNOWN = ['from', 'to', 'tenant', 'host', 'rates', 'apply']
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/

function requestOf(
  body: unknown,
  nowMs: number,
): { readonly asked: RecomputeBeginning; readonly apply: boolean } {
  const said = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
  const unknown = Object.keys(said).find(key => !KNOWN.includes(key))
  if (unknown !== undefined) throw wrong(`'${unknown.slice(0, 100)}' is not known: ${KNOWN.join(', ')} are`)
  const { tenant = null, host = null, rates = false, apply = false } = said
  if (tenant !== null && (typeof tenant !== 'string' || !TENANT.test(tenant))) {
    throw wrong(`tenant must be ${TENANT_SHAPE}`)
  }
  if (host !== null && (typeof host !== 'string' || host === '' || host.length > 1_000)) {
    throw wrong('host must be the id of a host')
  }
  if (typeof apply !== 'boolean' || typeof rates !== 'boolean')
    throw wrong('apply and rates must be true or false')
  const [from, to] = [minuteOf(said, 'from'), Math.min(minuteOf(said, 'to'), Math.floor(nowMs / 60_000) * 60)]
  if (from >= to) throw wrong('from must be before to, and in the past')
  const reason = rates ? 'factors_revised' : 'recomputed'
  return { asked: { tenant, host, from, to, reason }, apply }
}

/** The minute that begins then, in seconds. */
function minuteOf(said: Readonly<Record<string, unknown>>, name: 'from' | 'to'): number {
  const text = said[name]
  const ms = typeof text === 'string' && TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(ms)) throw wrong(`${name} must be a time (UTC), such as 2026-11-01 or 2026-11-01T12:00Z`)
  if (ms % 60_000 !== 0) throw wrong(`${name} must be a whole minute`)
  return ms / 1000
}

const wrong = (what: string): WattlineError => new WattlineError('parameter_invalid', `${what}.`)
