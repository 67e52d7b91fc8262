/**
 * Keystone 3, as far as clients need it that cannot work without: whoever presents a token of Wattline as the password gets it
 * back as their token, with the catalogue. Nothing is stored, and no other user is known.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { credentialOf } from '../../../core/auth/credential.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Identity } from '../../../core/model/identity.ts'
import { CHALLENGE, identityOf, OPEN, READ } from '../../http/auth.ts'
import type { QueryContext } from '../../http/context.ts'
import { countedFailure } from '../../http/problem.ts'
import { idOf, serviceCatalogue } from './catalogue.ts'
import { presentedIn } from './request.ts'

const HOME = '/identity'
/** Clients ask again shortly before this. The token of Wattline stays what it is. */
const LIFE_MS = 3_600_000
/** What a client gets where Wattline needs no token. */
const ANY_TOKEN = 'none-needed'
const SUBJECT = 'x-subject-token'

const homeOf = ({ protocol, host }: FastifyRequest): string => `${protocol}://${host}`

/** Needs scope read. Tokens limited to accounts are enough. */
export function keystoneRoutes(app: FastifyInstance, { access, now, events }: QueryContext): void {
  const refuse = (reply: FastifyReply, error: unknown): FastifyReply => {
    const ours = countedFailure(error, events)
    if (ours.retryAfterSeconds !== undefined) reply.header('retry-after', String(ours.retryAfterSeconds))
    if (ours.code === 'unauthenticated') reply.header('www-authenticate', CHALLENGE)
    const message = `${ours.message} ${ours.remedy}`
    return reply.code(ours.status).send({ error: { code: ours.status, title: ours.code, message } })
  }
  const route = (
    method: 'GET' | 'POST',
    path: string,
    needs: typeof OPEN | typeof READ,
    answer: (request: FastifyRequest, reply: FastifyReply) => unknown,
  ): void => {
    app.route({
      method,
      url: `${HOME}${path}`,
      config: { access: needs, body: 'text' },
      handler: async (request, reply) => {
        reply.headers({ 'cache-control': 'no-store', vary: 'X-Auth-Token' })
        try {
          return reply.send(answer(request, reply))
        } catch (error) {
          return refuse(reply, error)
        }
      },
      errorHandler: (error, _request, reply) => refuse(reply, error),
    })
  }

  const version = (request: FastifyRequest) => ({
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${homeOf(request)}${HOME}/v3` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  })
  route('GET', '', OPEN, (request, reply) => {
    reply.code(300)
    return { versions: { values: [version(request)] } }
  })
  route('GET', '/v3', OPEN, request => ({ version: version(request) }))

  const tokenBody = (
    request: FastifyRequest,
    { tenant }: Identity,
    user: string,
    methods: readonly string[],
  ) => {
    const domain = { id: 'default', name: 'Default' }
    return {
      token: {
        methods,
        user: { id: user || idOf(tenant), name: user || tenant, domain, password_expires_at: null },
        project: { id: idOf(tenant), name: tenant, domain },
        roles: [{ id: idOf('reader'), name: 'reader' }],
        is_domain: false,
        audit_ids: [idOf(`audit/${tenant}`)],
        issued_at: new Date(now()).toISOString(),
        expires_at: new Date(now() + LIFE_MS).toISOString(),
        catalog: serviceCatalogue(homeOf(request)),
      },
    }
  }
  // Open, since the credential is in the body. It is checked as on every other route.
  route('POST', '/v3/auth/tokens', OPEN, (request, reply) => {
    const { token, user, methods } = presentedIn(String(request.body ?? ''))
    const identity = access.authenticate({ authorization: `Bearer ${token}` }, 'read')
    reply.code(201).header(SUBJECT, access.needsToken ? token : token || ANY_TOKEN)
    return tokenBody(request, identity, user, methods)
  })
  // HEAD as well: that is how KEDA asks whether a token still holds.
  route('GET', '/v3/auth/tokens', READ, (request, reply) => {
    const subject = request.headers[SUBJECT]
    if (typeof subject !== 'string' || (access.needsToken && subject !== credentialOf(request.headers)))
      throw new WattlineError(
        'not_found',
        'Callers may ask about their own token only: X-Subject-Token differs from X-Auth-Token.',
      )
    reply.header(SUBJECT, subject)
    return tokenBody(request, identityOf(request), '', ['password'])
  })
  route('GET', '/v3/auth/catalog', READ, request => ({
    catalog: serviceCatalogue(homeOf(request)),
    links: { self: `${homeOf(request)}${HOME}/v3/auth/catalog`, previous: null, next: null },
  }))
}
