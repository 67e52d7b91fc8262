/** `/api/v1/tariffs/spot`: prices of spot markets, by bidding zone and currency. */
import type { FastifyInstance } from 'fastify'
import type { SpotPricesAnswer, SpotPutAnswer } from '../../core/api/answers.ts'
import { spotPricesOf, spotValues } from '../../core/factors/prices/spot-values.ts'
import { decimalText } from '../../core/model/decimal.ts'
import { ADMIN_INSTANCE, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { invalid, knownParameters, type RawQuery, single } from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'
import { given, isoOf, parseBody, usable } from './bodies.ts'

const ROUTE = '/api/v1/tariffs/spot'
const WHAT = 'spot prices'

/** GET needs scope `read`; PUT needs scope `admin` of tenant `default`: prices of a market are the same for all tenants. */
export function spotRoutes(app: FastifyInstance, { factors, now }: QueryContext): void {
  app.get(ROUTE, { config: { access: READ } }, async (request, reply): Promise<SpotPricesAnswer> => {
    const source = given(factors)
    const query = request.query as RawQuery
    knownParameters(query, ['zone', 'currency', 'window'])
    const zone = single(query, 'zone') ?? ''
    const { from, to } = parseWindow(single(query, 'window') ?? '24h', Math.floor(now() / 1000))
    const { spot } = (await source.books()).prices
    const known = spot.currenciesOf(zone)
    const currency = single(query, 'currency') ?? known[0] ?? ''
    if (!known.includes(currency)) {
      const expected = known.length === 0 ? 'one of a zone with spot prices' : `one of ${known.join(', ')}`
      throw invalid('currency', currency, expected)
    }
    reply.header('cache-control', 'no-store')
    const values = spot.between(zone, currency, from, to).map(one => ({
      from: isoOf(one.validFrom)!,
      to: isoOf(one.validTo)!,
      price_per_kwh: decimalText(one.value),
      state: one.state,
      source: one.source,
      version: one.version,
    }))
    return { zone, currency, values }
  })

  app.put(ROUTE, { config: { access: ADMIN_INSTANCE } }, async (request): Promise<SpotPutAnswer> => {
    const source = given(factors)
    const values = parseBody(spotValues, request.body, WHAT)
    const prices = usable(WHAT, () => spotPricesOf(values))
    const changed = await source.putSpotPrices(prices)
    const { zone, currency } = values
    return { zone, currency, values: prices.length, days_changed: changed }
  })
}
