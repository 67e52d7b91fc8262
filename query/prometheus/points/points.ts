/** Series of metric points: gauges, sums, histograms and summaries, as collectors and remote write store them. */
import { type Labels, labelValue, type Matcher, matcherTest } from '../../promql/index.ts'
import type { NativeBlock } from '../native/columns.ts'
import { mergedReader } from '../reading/merged-reader.ts'
import type { Selected, SeriesReader } from '../reading/reader.ts'
import { byWholeHours } from '../reading/whole-hours.ts'
import {
  listedNames,
  type Metric,
  MetricCatalogue,
  type MetricName,
  type MetricsAsker,
  namesOf,
} from './catalogue.ts'
import { readExemplars } from './exemplars.ts'
import { floatReader, type Picked } from './float-reader.ts'
import { TARGET_INFO, targetInfoOf } from './labels.ts'
import { BUCKETS, listReader, QUANTILES, SCALARS, STALE, scalarsOf } from './list-reader.ts'
import { nativeReader } from './native-reader.ts'
import { MetricSeries, readSeries, SeriesIndex } from './series-index.ts'
import { type SampleSpan, samplesStatement, targetsStatement } from './statement.ts'

/** Who asks, and whether exactly the series with points are wanted, or others of the metric do no harm. */
interface Asked extends MetricsAsker {
  readonly isListing: boolean
  /** Is told what an answer leaves out. */
  readonly warn: (text: string) => void
}

/** Reads metric points; remembers metrics and series of each caller. One per thread. */
export class Points {
  readonly #catalogue = new MetricCatalogue()
  readonly #index = new SeriesIndex()

  /** A reader of the series that match. */
  async open(asked: Asked, need: Selected): Promise<SeriesReader> {
    const known = await this.#readers(asked, need, asked.isListing)
    // What is not found may have come since metrics and series were looked at.
    const readers = known.length > 0 || asked.isListing ? known : await this.#readers(asked, need, true)
    return byWholeHours(mergedReader(readers), need.toMs)
  }

  async #readers(asked: Asked, need: Selected, isFresh: boolean): Promise<readonly SeriesReader[]> {
    const { ask, caller, isListing } = asked
    const span = { fromMs: need.fromMs, toMs: need.toMs }
    const tests = need.matchers.map(testOf)
    const nameTests = tests.filter(({ name }) => name === '__name__')
    const isNamed = need.matchers.some(({ name, op }) => name === '__name__' && op === '=')
    const readers: SeriesReader[] = []
    for (const metric of await this.#catalogue.metrics(asked, span, isFresh)) {
      const names = (isNamed ? namesOf(metric) : listedNames(metric)).filter(({ name }) =>
        nameTests.every(({ test }) => test(name)),
      )
      if (names.length === 0) continue
      const known = isListing
        ? await readSeries(ask, metric, span)
        : await this.#index.series(ask, caller, metric, span, isFresh)
      for (const name of names) readers.push(...(await openPart({ asked, metric, name, known, tests, span })))
    }
    if (nameTests.length > 0 && nameTests.every(({ test }) => test(TARGET_INFO)))
      readers.push(...(await openTargets(asked, tests, span)))
    return readers
  }

  /** Exemplars of the series that match. */
  async exemplars(asked: Asked, need: Selected): Promise<readonly ExemplarsOfSeries[]> {
    const { ask } = asked
    const span = { fromMs: need.fromMs, toMs: need.toMs }
    const tests = need.matchers.map(testOf)
    const nameTests = tests.filter(({ name }) => name === '__name__')
    const found: ExemplarsOfSeries[] = []
    for (const metric of await this.#catalogue.metrics(asked, span, true)) {
      const name = namesOf(metric).find(one => nameTests.every(({ test }) => test(one.name)))
      if (name === undefined) continue
      const known = await readSeries(ask, metric, span)
      // Buckets share the exemplars of their histogram.
      const picked = pick({ name, known, tests }, ['le', 'quantile'])
      found.push(...(await readExemplars(ask, metric, picked, span)))
    }
    return found
  }

  /** Metrics of a span. */
  async metrics(asked: Asked, span: SampleSpan): Promise<readonly Metric[]> {
    return await this.#catalogue.metrics(asked, span, true)
  }
}

/** Exemplars by the series that they are of. */
type ExemplarsOfSeries = Awaited<ReturnType<typeof readExemplars>>[number]

interface Test {
  readonly name: string
  readonly test: (value: string) => boolean
}

const testOf = (matcher: Matcher): Test => ({ name: matcher.name, test: matcherTest(matcher) })

interface Part {
  readonly asked: Asked
  readonly metric: Metric
  readonly name: MetricName
  readonly known: MetricSeries
  readonly tests: readonly Test[]
  readonly span: SampleSpan
}

async function openPart(part: Part): Promise<readonly SeriesReader[]> {
  const { asked, metric, name, span, tests } = part
  const { ask } = asked
  const { isDelta, table } = metric
  const lists = name.part === 'bucket' ? BUCKETS : name.part === 'quantile' ? QUANTILES : null
  // What tells elements apart is tested once they are known.
  const picked = pick(part, lists === null ? [] : [lists.label])
  if (picked.places.length === 0) return []
  if (lists !== null) {
    const test = (labels: Labels): boolean => tests.every(one => one.test(labelValue(labels, one.name)))
    return [await listReader({ ask, lists, metric: metric.name, span, isDelta, picked, test })]
  }
  if (name.part === 'native') {
    if (table !== 'histograms' && table !== 'exponential') return []
    if (!isDelta) return [nativeReader({ ask, table, metric: metric.name, picked })]
    asked.warn(
      `metric ${JSON.stringify(metric.name)} has delta temporality: its native histograms are left out`,
    )
    return []
  }
  if (name.part === 'value') return [floats(part, picked, ['Value'])]
  const columns = [STALE, SCALARS[table][name.part === 'sum' ? 'sum' : 'count']]
  return [floats(part, picked, columns, scalarsOf)]
}

const floats = (
  { asked, metric, span }: Part,
  picked: Picked,
  columns: readonly string[],
  values?: (block: NativeBlock) => Float64Array,
): SeriesReader =>
  floatReader({
    ask: asked.ask,
    picked,
    span,
    isDelta: metric.isDelta,
    statement: (series, of) =>
      samplesStatement({ table: metric.table, metric: metric.name, columns }, series, of),
    ...(values === undefined ? {} : { values }),
  })

/** What resources say of themselves, as series of value 1. */
async function openTargets(
  { ask }: Asked,
  tests: readonly Test[],
  span: SampleSpan,
): Promise<readonly SeriesReader[]> {
  const known = new MetricSeries()
  for await (const block of ask(targetsStatement(span))) known.addBlock(block)
  const places: number[] = []
  const labels: Labels[] = []
  for (const [place, series] of known.all.entries()) {
    const set = targetInfoOf(series)
    if (set === null || !tests.every(one => one.test(labelValue(set, one.name)))) continue
    places.push(place)
    labels.push(set)
  }
  if (places.length === 0) return []
  const picked = { known, places, labels }
  return [
    floatReader({ ask, picked, span, isDelta: false, statement: (_series, of) => targetsStatement(of) }),
  ]
}

/** The series of a metric that match under a name. */
function pick(
  { name, known, tests }: Pick<Part, 'name' | 'known' | 'tests'>,
  later: readonly string[],
): Picked {
  const now = tests.filter(one => !later.includes(one.name))
  const places: number[] = []
  const labels: Labels[] = []
  for (let place = 0; place < known.all.length; place += 1) {
    const set = known.labelsAt(place, name.name, name.isTranslated)
    if (!now.every(one => one.test(labelValue(set, one.name)))) continue
    places.push(place)
    labels.push(set)
  }
  return { known, places, labels }
}
