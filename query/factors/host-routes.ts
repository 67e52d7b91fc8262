/** `/api/v1/factors/pue` and `/api/v1/factors/embodied`: what facilities add to the energy of machines, and what making them emitted. */
import type { FastifyInstance } from 'fastify'
import type { ChangedAnswer, EmbodiedAnswer, PueAnswer } from '../../core/api/answers.ts'
import { embodiedSchema, pueSchema } from '../../core/catalogue/config/keys/factor-values.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { type EmbodiedFactor, embodiedFactorOf } from '../../core/factors/hosts/embodied.ts'
import { pueFactorsOf } from '../../core/factors/hosts/pue.ts'
import { decimalText } from '../../core/model/decimal.ts'
import { OPERATOR_TENANT } from '../../core/model/identity.ts'
import { ADMIN_INSTANCE, identityOf, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'
import { given, isoOf, LABEL, parseBody, unusable, usable, zoneOf } from './bodies.ts'

const PUE = '/api/v1/factors/pue'
const EMBODIED = '/api/v1/factors/embodied'

/** GET needs scope `read`; PUT and DELETE need scope `admin` of tenant `default`: values apply to all tenants. */
export function hostFactorRoutes(app: FastifyInstance, context: QueryContext): void {
  pueRoutes(app, context)
  embodiedRoutes(app, context)
}

function pueRoutes(app: FastifyInstance, { factors, now }: QueryContext): void {
  const what = 'PUE values'
  app.get(PUE, { config: { access: READ } }, async (request, reply): Promise<PueAnswer> => {
    const source = given(factors)
    const query = request.query as RawQuery
    knownParameters(query, ['site', 'zone', 'window'])
    const [site, zone] = [single(query, 'site'), single(query, 'zone')]
    if ((site === undefined) === (zone === undefined)) {
      throw new WattlineError('parameter_invalid', 'Give either a site or a zone.')
    }
    const place = { site: site ?? '', zone: zone === undefined ? '' : zoneOf(zone) }
    const { from, to } = parseWindow(single(query, 'window') ?? '24h', Math.floor(now() / 1000))
    const { pue } = await source.books()
    reply.header('cache-control', 'no-store')
    const values = pue.valuesOf(place, from, to).map(one => ({
      from: isoOf(one.validFrom),
      to: isoOf(one.validTo),
      pue: decimalText(one.value),
      source: one.source,
      version: one.version,
    }))
    return { site: site ?? null, zone: zone === undefined ? null : place.zone, values }
  })

  app.put(PUE, { config: { access: ADMIN_INSTANCE } }, async (request): Promise<ChangedAnswer> => {
    const source = given(factors)
    const values = parseBody(pueSchema, request.body, what)
    const revised = usable(what, () => pueFactorsOf(values, LABEL))
    const changed = await source.putPue(revised).catch((error: unknown) => {
      throw error instanceof RangeError ? unusable(what, error.message) : error
    })
    return { changed }
  })
}

function embodiedRoutes(app: FastifyInstance, { factors }: QueryContext): void {
  const what = 'embodied emissions'
  app.get(EMBODIED, { config: { access: READ } }, async (request, reply): Promise<EmbodiedAnswer> => {
    const source = given(factors)
    knownParameters(request.query as RawQuery, [])
    const isOperator = identityOf(request).tenant === OPERATOR_TENANT
    const { embodied } = await source.books()
    reply.header('cache-control', 'no-store')
    return { host_types: embodied.factors.map(one => typeAnswer(one, isOperator)) }
  })

  app.put(EMBODIED, { config: { access: ADMIN_INSTANCE } }, async (request): Promise<ChangedAnswer> => {
    const source = given(factors)
    const values = parseBody(embodiedSchema, request.body, what)
    const factor = usable(what, () => embodiedFactorOf(values, LABEL))
    return { changed: await source.putEmbodied(factor) }
  })

  app.delete(
    `${EMBODIED}/:type`,
    { config: { access: ADMIN_INSTANCE } },
    async (request): Promise<ChangedAnswer> => {
      const source = given(factors)
      const { type } = request.params as { readonly type: string }
      if (await source.endEmbodied(type)) return { changed: true }
      throw new WattlineError(
        'not_found',
        `There is no type of hosts ${type.slice(0, 100)} that was put. Types of the configuration are removed there.`,
      )
    },
  )
}

const typeAnswer = (one: EmbodiedFactor, isOperator: boolean): EmbodiedAnswer['host_types'][number] => ({
  host_type: one.hostType,
  hosts: isOperator ? one.hosts : null,
  kg: decimalText(one.kilograms),
  years: decimalText(one.years),
  gpus: one.gpus === null ? null : { count: one.gpus.count, kg: decimalText(one.gpus.kilograms) },
  valid_from: isoOf(one.validFrom),
  valid_to: isoOf(one.validTo),
  source: one.source,
  version: one.version,
})
