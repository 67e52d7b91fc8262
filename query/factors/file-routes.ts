/** `/api/v1/factors`: which series there are, their values as rows of CSV, and files of them. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { FactorRowsAnswer, FactorSeriesAnswer, FactorsPutAnswer } from '../../core/api/factor-files.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FileFactors } from '../../core/factors/file-factors.ts'
import { INTENSITY_COLUMNS, SPOT_COLUMNS } from '../../core/factors/files/csv-factors.ts'
import { FACTOR_FILE_MAX_BYTES, sentFactorFile } from '../../core/factors/files/factor-file.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import type { InstanceFactors } from '../../core/factors/instance-factors.ts'
import { decimalText } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import type { SpotPrice } from '../../core/model/prices/spot-price.ts'
import { ADMIN_INSTANCE, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, oneOf, type RawQuery, single } from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'
import { given, unusable } from './bodies.ts'

const ROUTE = '/api/v1/factors'
/** Rows of one answer: a year of quarters of hours of two zones. */
const MOST_ROWS = 100_000
/** What text of JSON takes more than the file. */
const JSON_SHARE = 1.25

const fileSchema = z.strictObject({ name: z.string().min(1).max(200), text: z.string() })

/** GET needs scope `read`; POST needs scope `admin` of tenant `default`, because factors apply to all tenants. */
export function factorFileRoutes(app: FastifyInstance, { factors, now }: QueryContext): void {
  app.get(ROUTE, { config: { access: READ } }, async (request, reply): Promise<FactorSeriesAnswer> => {
    knownParameters(request.query as RawQuery, [])
    reply.header('cache-control', 'no-store')
    return { series: seriesOf(await given(factors).books()) }
  })

  app.get(
    `${ROUTE}/rows`,
    { config: { access: READ } },
    async (request, reply): Promise<FactorRowsAnswer> => {
      const query = request.query as RawQuery
      knownParameters(query, ['what', 'zone', 'window'])
      const what = oneOf(query, 'what', ['intensity', 'spot'], 'intensity')
      const window = parseWindow(single(query, 'window') ?? '24h', Math.floor(now() / 1000))
      const books = await given(factors).books()
      reply.header('cache-control', 'no-store')
      return rowsOf(books, what, { zone: single(query, 'zone'), ...window })
    },
  )

  app.post(
    `${ROUTE}/files`,
    { config: { access: ADMIN_INSTANCE }, bodyLimit: Math.ceil(FACTOR_FILE_MAX_BYTES * JSON_SHARE) },
    async (request): Promise<FactorsPutAnswer> => {
      const source = given(factors)
      const parsed = fileSchema.safeParse(request.body)
      if (!parsed.success) {
        throw new WattlineError(
          'parameter_invalid',
          'Send the file as JSON: {"name": "factors.csv", "text": "..."}.',
        )
      }
      const found = sentFactorFile(parsed.data.name, parsed.data.text)
      const changed = await put(source, found)
      return {
        intensities: found.intensities.length,
        spot_prices: found.spotPrices.length,
        price_lists: found.priceLists.length,
        pue: found.pue.length,
        embodied: found.embodied.length,
        records_changed: changed,
      }
    },
  )
}

/** @throws WattlineError `parameter_invalid` where a site or zone would have more values than fit */
async function put(source: InstanceFactors, found: FileFactors): Promise<number> {
  try {
    return await source.putFile(found)
  } catch (error) {
    if (error instanceof RangeError) throw unusable('factors', error.message)
    throw error
  }
}

function seriesOf({ intensities, prices }: FactorBooks): FactorSeriesAnswer['series'] {
  const spanOf = (values: readonly (Factor | SpotPrice)[]) => ({
    from: time(values[0]?.validFrom ?? null),
    to: time(values.at(-1)?.validTo ?? null),
    values: values.length,
    sources: [...new Set(values.map(({ source }) => source))].toSorted(),
  })
  return [
    ...intensities.series.flatMap(values => {
      const [first] = values
      return first === undefined
        ? []
        : [{ what: 'intensity' as const, zone: first.zone, of: first.kind, ...spanOf(values) }]
    }),
    ...prices.spot.series.flatMap(values => {
      const [first] = values
      return first === undefined
        ? []
        : [{ what: 'spot' as const, zone: first.zone, of: first.currency, ...spanOf(values) }]
    }),
  ].toSorted((a, b) => (`${a.what} ${a.zone} ${a.of}` < `${b.what} ${b.zone} ${b.of}` ? -1 : 1))
}

interface Selection {
  readonly zone: string | undefined
  readonly from: number
  readonly to: number
}

function rowsOf(
  { intensities, prices }: FactorBooks,
  what: 'intensity' | 'spot',
  selection: Selection,
): FactorRowsAnswer {
  const isSelected = ({ zone, validFrom, validTo }: Factor | SpotPrice): boolean =>
    (selection.zone === undefined || zone === selection.zone) &&
    (validFrom ?? 0) < selection.to &&
    (validTo ?? Number.POSITIVE_INFINITY) > selection.from
  if (what === 'intensity') {
    const found = intensities.series.flatMap(values => values.filter(isSelected))
    return answer(INTENSITY_COLUMNS, found, one => [
      one.zone,
      one.kind,
      time(one.validFrom),
      time(one.validTo),
      decimalText(one.value),
      one.state,
      one.source,
    ])
  }
  const found = prices.spot.series.flatMap(values => values.filter(isSelected))
  return answer(SPOT_COLUMNS, found, one => [
    one.zone,
    one.currency,
    time(one.validFrom),
    time(one.validTo),
    decimalText(one.value),
    one.state,
    one.source,
  ])
}

function answer<T>(
  columns: readonly string[],
  found: readonly T[],
  cells: (one: T) => readonly string[],
): FactorRowsAnswer {
  if (found.length > MOST_ROWS) {
    throw new WattlineError(
      'parameter_invalid',
      `There are ${found.length} rows, and an answer has at most ${MOST_ROWS}. Ask for one zone, or a shorter window.`,
    )
  }
  return { columns, rows: found.map(cells) }
}

/** '' where it is open. */
const time = (seconds: number | null): string =>
  seconds === null ? '' : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
