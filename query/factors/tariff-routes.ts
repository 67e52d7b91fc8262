/** `/api/v1/tariffs`: price lists. A tenant's own are seen and changed by that tenant alone. */
import type { FastifyInstance } from 'fastify'
import type {
  ChangedAnswer,
  EffectivePricesAnswer,
  PriceListAnswer,
  TariffPutAnswer,
  TariffsAnswer,
} from '../../core/api/answers.ts'
import { priceListSchema } from '../../core/catalogue/config/keys/prices.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { checkedPriceList } from '../../core/factors/prices/checked-list.ts'
import { decimalText } from '../../core/model/decimal.ts'
import { type Identity, OPERATOR_TENANT } from '../../core/model/identity.ts'
import type { PriceList } from '../../core/model/prices/price-list.ts'
import type { PriceListTerms } from '../../core/model/prices/terms.ts'
import { ADMIN_TENANT, identityOf, READ_TENANT } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'
import { given, isoOf, parseBody, usable, zoneOf } from './bodies.ts'

const ROUTE = '/api/v1/tariffs'
const WHAT = 'price list'
/** Pieces of one answer: a year of quarters of hours. */
const MOST_PIECES = 40_000

/**
 * GET needs scope `read` of the whole tenant. PUT and DELETE need scope `admin`: of tenant `default` for lists of all tenants and of any
 * one, of another tenant for its own.
 */
export function tariffRoutes(app: FastifyInstance, { factors, now }: QueryContext): void {
  app.get(ROUTE, { config: { access: READ_TENANT } }, async (request, reply): Promise<TariffsAnswer> => {
    const source = given(factors)
    knownParameters(request.query as RawQuery, [])
    const { tenant } = identityOf(request)
    const { prices } = await source.books()
    reply.header('cache-control', 'no-store')
    const lists = prices.lists.filter(({ terms }) => terms.tenant === undefined || terms.tenant === tenant)
    return { lists: lists.map(listAnswer), otherwise: listAnswer(prices.otherwise) }
  })

  app.get(`${ROUTE}/effective`, { config: { access: READ_TENANT } }, async (request, reply) => {
    const source = given(factors)
    const query = request.query as RawQuery
    knownParameters(query, ['account', 'zone', 'window'])
    const place = {
      tenant: identityOf(request).tenant,
      account: single(query, 'account') ?? '',
      zone: zoneOf(single(query, 'zone') ?? ''),
    }
    const { from, to } = parseWindow(single(query, 'window') ?? '24h', Math.floor(now() / 1000))
    const { prices } = await source.books()
    reply.header('cache-control', 'no-store')
    const pieces = prices.between(place, from, to, MOST_PIECES)
    const answer: EffectivePricesAnswer = {
      account: place.account,
      zone: place.zone,
      pieces: pieces.map(piece => ({
        from: isoOf(piece.from)!,
        to: isoOf(piece.to)!,
        currency: piece.currency,
        price_per_kwh: piece.energy === null ? null : decimalText(piece.energy),
        version: piece.version,
      })),
      truncated: (pieces.at(-1)?.to ?? to) < to,
    }
    return answer
  })

  app.put(ROUTE, { config: { access: ADMIN_TENANT } }, async (request): Promise<TariffPutAnswer> => {
    const source = given(factors)
    const list = listOf(request.body, identityOf(request))
    const changed = await source.putPriceList(list)
    return { name: list.terms.name, version: list.version, changed }
  })

  app.delete(
    `${ROUTE}/:name`,
    { config: { access: ADMIN_TENANT } },
    async (request): Promise<ChangedAnswer> => {
      const source = given(factors)
      const query = request.query as RawQuery
      knownParameters(query, ['tenant'])
      const { name } = request.params as { readonly name: string }
      const tenant = tenantOf(single(query, 'tenant'), identityOf(request))
      if (!(await source.endPriceList({ tenant, name }))) {
        throw new WattlineError(
          'not_found',
          `There is no price list ${name.slice(0, 100)} that was put. Lists of the configuration are removed there.`,
        )
      }
      return { changed: true }
    },
  )
}

/** @throws WattlineError `parameter_invalid`, `forbidden` */
function listOf(body: unknown, identity: Identity): PriceList {
  const given = parseBody(priceListSchema, body, WHAT)
  const { tenant: _, ...rest } = given
  const tenant = tenantOf(given.tenant, identity)
  const terms: PriceListTerms = tenant === undefined ? rest : { ...rest, tenant }
  return usable(WHAT, () => checkedPriceList(terms))
}

/** Undefined: for all tenants. @throws WattlineError `forbidden` */
function tenantOf(wanted: string | undefined, { tenant }: Identity): string | undefined {
  if (tenant === OPERATOR_TENANT) return wanted
  if (wanted === undefined || wanted === tenant) return tenant
  throw new WattlineError('forbidden', 'This token may only set prices of its own tenant.')
}

const listAnswer = ({ terms, version }: PriceList): PriceListAnswer => ({
  name: terms.name,
  version,
  terms: { ...terms },
})
