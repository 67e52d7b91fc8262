/** `/api/v1/factors`: which series there are, their values as rows of CSV, and files of them. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { FactorRowsAnswer, FactorSeriesAnswer, FactorsPutAnswer } from '../../core/api/factor-files.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { FileFactors } from '../../core/factors/file-factors.ts'
import { INTENSITY_COLUMNS, PUE_COLUMNS, SPOT_COLUMNS } from '../../core/factors/files/csv-factors.ts'
import { FACTOR_FILE_MAX_BYTES, sentFactorFile } from '../../core/factors/files/factor-file.ts'
import type { FactorBooks } from '../../core/factors/follower.ts'
import type { PueFactor } from '../../core/factors/hosts/pue.ts'
import type { InstanceFactors } from '../../core/factors/instance-factors.ts'
import { decimalText } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import type { SpotPrice } from '../../core/model/prices/spot-price.ts'
import { ADMIN_INSTANCE, READ } from '../http/auth.ts'
import type { QueryContext } from '../http/context.ts'
import { knownParameters, type RawQuery, single, wordParameter } from '../http/parameters.ts'
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
      const what = wordParameter(query, 'what', WHATS, 'intensity')
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

type What = FactorSeriesAnswer['series'][number]['what']

const WHATS = ['intensity', 'spot', 'pue'] as const satisfies readonly What[]

/** A value, and what its series is named by. */
interface NamedValue {
  readonly what: What
  readonly zone: string
  readonly of: string
  readonly validFrom: number | null
  readonly validTo: number | null
  readonly source: string
  /** As a row of CSV. */
  readonly cells: () => readonly string[]
}

/** Everything that is set, by series. */
function allSeries({ intensities, prices, pue }: FactorBooks): readonly (readonly NamedValue[])[] {
  return [
    ...intensities.series.map(values => values.map(namedIntensity)),
    ...prices.spot.series.map(values => values.map(namedSpot)),
    ...pue.series.map(values => values.map(namedPue)),
  ]
}

const namedIntensity = (one: Factor): NamedValue => ({
  ...one,
  what: 'intensity',
  of: one.kind,
  cells: () => [one.zone, one.kind, ...times(one), decimalText(one.value), one.state, one.source],
})
const namedSpot = (one: SpotPrice): NamedValue => ({
  ...one,
  what: 'spot',
  of: one.currency,
  cells: () => [one.zone, one.currency, ...times(one), decimalText(one.value), one.state, one.source],
})
const namedPue = (one: PueFactor): NamedValue => ({
  ...one,
  what: 'pue',
  zone: one.site || one.zone,
  of: one.site === '' ? 'zone' : 'site',
  cells: () => [one.site, one.zone, ...times(one), decimalText(one.value), one.source],
})

const COLUMNS: Readonly<Record<What, readonly string[]>> = {
  intensity: INTENSITY_COLUMNS,
  spot: SPOT_COLUMNS,
  pue: PUE_COLUMNS,
}

const seriesOf = (books: FactorBooks): FactorSeriesAnswer['series'] =>
  allSeries(books)
    .flatMap(values => {
      const [first, last] = [values[0], values.at(-1)]
      if (first === undefined || last === undefined) return []
      const { what, zone, of, validFrom } = first
      const sources = [...new Set(values.map(({ source }) => source))].toSorted()
      return [
        { what, zone, of, from: time(validFrom), to: time(last.validTo), values: values.length, sources },
      ]
    })
    .toSorted((a, b) => (`${a.what} ${a.zone} ${a.of}` < `${b.what} ${b.zone} ${b.of}` ? -1 : 1))

interface FactorSelection {
  readonly zone: string | undefined
  readonly from: number
  readonly to: number
}

function rowsOf(books: FactorBooks, wanted: What, selection: FactorSelection): FactorRowsAnswer {
  const found = allSeries(books).flatMap(values =>
    values.filter(
      ({ what, zone, validFrom, validTo }) =>
        what === wanted &&
        (selection.zone === undefined || zone === selection.zone) &&
        (validFrom ?? 0) < selection.to &&
        (validTo ?? Number.POSITIVE_INFINITY) > selection.from,
    ),
  )
  if (found.length > MOST_ROWS) {
    throw new WattlineError(
      'parameter_invalid',
      `There are ${found.length} rows, and an answer has at most ${MOST_ROWS}. Ask for one zone, or a shorter window.`,
    )
  }
  return { columns: COLUMNS[wanted], rows: found.map(({ cells }) => cells()) }
}

const times = ({ validFrom, validTo }: Pick<NamedValue, 'validFrom' | 'validTo'>): readonly string[] => [
  time(validFrom),
  time(validTo),
]

/** '' where it is open. */
const time = (seconds: number | null): string =>
  seconds === null ? '' : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
