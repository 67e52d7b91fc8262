/** `/api/v1/factors/intensity`: grams per kWh by zone and time; what is put is in force for all tenants. */
import type { FastifyInstance } from 'fastify'
import type { IntensityAnswer, IntensityPutAnswer } from '../../core/api/answers.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { factorsOf, INTENSITY_KINDS, intensityValues } from '../../core/factors/intensity-values.ts'
import { decimalText } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import { ADMIN_INSTANCE, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, type RawQuery, single, wordParameter } from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'
import { given, isoOf, LABEL, parseBody, usable, zoneOf } from './bodies.ts'

const ROUTE = '/api/v1/factors/intensity'
const WHAT = 'intensities'

/**
 * GET needs scope `read`; PUT needs scope `admin` of tenant `default`, because a zone's values apply to all tenants.
 */
export function factorRoutes(app: FastifyInstance, { factors, now }: QueryContext): void {
  app.get(ROUTE, { config: { access: READ } }, async (request, reply): Promise<IntensityAnswer> => {
    const source = given(factors)
    const query = request.query as RawQuery
    knownParameters(query, ['zone', 'kind', 'window'])
    const zone = zoneOf(single(query, 'zone') ?? '')
    const kind = wordParameter(query, 'kind', INTENSITY_KINDS, 'average')
    const { from, to } = parseWindow(single(query, 'window') ?? '24h', Math.floor(now() / 1000))
    const { intensities: book } = await source.books()
    reply.header('cache-control', 'no-store')
    const otherwise = kind === 'average' ? book.at(zone, kind, Number.NEGATIVE_INFINITY) : null
    return {
      zone,
      kind,
      unit: 'gCO2e/kWh',
      values: book.between(zone, kind, from, to).map(intensityOf),
      otherwise: otherwise === null ? null : intensityOf(otherwise),
    }
  })

  app.put(ROUTE, { config: { access: ADMIN_INSTANCE } }, async (request): Promise<IntensityPutAnswer> => {
    const source = given(factors)
    const revised = revisedBy(request.body)
    const [first] = revised
    if (first === undefined) throw new WattlineError('invariant_broken', 'no value has passed the schema.')
    const changed = await source.putIntensities(revised)
    return { zone: first.zone, kind: first.kind, values: revised.length, days_changed: changed }
  })
}

/** @throws WattlineError `parameter_invalid`, with all problems of the body. */
function revisedBy(body: unknown): readonly Factor[] {
  const values = parseBody(intensityValues, body, WHAT)
  const zone = zoneOf(values.zone)
  return usable(WHAT, () => factorsOf({ ...values, zone }, LABEL))
}

const intensityOf = (one: Factor): IntensityAnswer['values'][number] => ({
  from: isoOf(one.validFrom),
  to: isoOf(one.validTo),
  g_per_kwh: decimalText(one.value),
  state: one.state,
  source: one.source,
  version: one.version,
})
