/** Which metrics a caller has, and by which names PromQL finds them. Remembered by day: days of before hardly change. */
import { createLru } from '../../sql/lru.ts'
import { numbersOf, textAt } from '../native/columns.ts'
import type { Ask } from '../reading/reader.ts'
import { isPlainMetric, translatedMetric } from './names.ts'
import { metricsStatement, type PointTable, type SampleSpan, TABLES, versionsStatement } from './statement.ts'

/** A metric as it is stored. */
export interface Metric {
  readonly table: PointTable
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  /** Sums of intervals, not since a start. */
  readonly isDelta: boolean
  /** Sent by OpenTelemetry: its name follows other rules than that of Prometheus. */
  readonly isOtlp: boolean
}

/** What of a metric a name shows. */
export type MetricPart = 'value' | 'bucket' | 'sum' | 'count' | 'native' | 'quantile'

/** A name that PromQL finds a metric by. */
export interface MetricName {
  readonly name: string
  readonly part: MetricPart
  /** Names of labels are as Prometheus writes them; otherwise as they were sent. */
  readonly isTranslated: boolean
}

/** Names of a metric; the first form is the one that is listed. */
export function namesOf(metric: Metric): readonly MetricName[] {
  const translated = listedNames(metric)
  if (!metric.isOtlp && isPlainMetric(metric.name)) return translated
  const known = new Set(translated.map(({ name }) => name))
  return [...translated, ...withParts(metric, metric.name, false).filter(({ name }) => !known.has(name))]
}

/** Names that are listed: a metric appears once, whatever other names find it. */
export function listedNames(metric: Metric): readonly MetricName[] {
  const name =
    !metric.isOtlp && isPlainMetric(metric.name)
      ? metric.name
      : translatedMetric(metric.name, {
          unit: metric.unit,
          isCounter: metric.type === 'counter',
          isGauge: metric.type === 'gauge',
        })
  return withParts(metric, name, true)
}

/** Names that describe a metric: of a histogram that of the family, without the suffixes of its series. */
export const metadataNames = (metric: Metric): readonly string[] => [
  ...new Set(
    listedNames(metric)
      .filter(({ part }) => part !== 'bucket' && part !== 'sum' && part !== 'count')
      .map(({ name }) => name),
  ),
]

function withParts(metric: Metric, name: string, isTranslated: boolean): readonly MetricName[] {
  const parts: readonly (readonly [string, MetricPart])[] = {
    floats: [['', 'value'] as const],
    histograms: [
      ['_bucket', 'bucket'] as const,
      ['_sum', 'sum'] as const,
      ['_count', 'count'] as const,
      ['', 'native'] as const,
    ],
    exponential: [['', 'native'] as const],
    summaries: [['', 'quantile'] as const, ['_sum', 'sum'] as const, ['_count', 'count'] as const],
  }[metric.table]
  return parts.map(([suffix, part]) => ({ name: name + suffix, part, isTranslated }))
}

const DAY_MS = 86_400_000
/** What was found of a day holds this long; then it is read again, if the engine has stored or removed something meanwhile. */
const KNOWN_MS = 60_000
/** Beyond, one statement reads all days. */
const MOST_DAYS = 40
/** What a thread remembers of metrics. */
const CACHE_BYTES = 16_777_216

interface Day {
  readonly metrics: readonly Metric[]
  /** When it was known to be complete. */
  readonly readAtMs: number
  /** Of what the engine had stored of the day before it was read; null: it is not known. */
  readonly version: string | null
}

/** Who asks for metrics. */
export interface MetricsAsker {
  readonly ask: Ask
  readonly caller: string
  /** Whether the engine that answers has all rows, so that it can tell cheaply whether a day has changed. */
  readonly tellsVersions: boolean
}

/** Versions of days; null: they are not known. */
type Versions = ReadonlyMap<number, string> | null

/** Metrics by caller and day. */
export class MetricCatalogue {
  readonly #days = createLru<Day>(CACHE_BYTES, ({ metrics }) =>
    metrics.reduce((sum, { name, description }) => sum + 200 + 2 * (name.length + description.length), 0),
  )

  /**
   * Metrics that have points within the days of a span. `isFresh`: those that came meanwhile too, on days on which points
   * still come.
   */
  async metrics(
    asker: MetricsAsker,
    { fromMs, toMs }: SampleSpan,
    isFresh: boolean,
  ): Promise<readonly Metric[]> {
    const first = Math.floor(Math.max(0, fromMs + 1) / DAY_MS)
    // Nothing is dated later than a day from now.
    const last = Math.min(Math.floor(toMs / DAY_MS), Math.floor(Date.now() / DAY_MS) + 1)
    if (last < first) return []
    if (last - first >= MOST_DAYS) return await readMetrics(asker.ask, { fromMs, toMs })
    const found = new Map<string, Metric>()
    let asked: Promise<Versions> | undefined
    const versions = (): Promise<Versions> => (asked ??= readVersions(asker))
    for (let day = first; day <= last; day += 1) {
      for (const metric of await this.#day(asker, day, isFresh, versions)) found.set(keyOf(metric), metric)
    }
    return [...found.values()]
  }

  async #day(
    { ask, caller }: MetricsAsker,
    day: number,
    isFresh: boolean,
    versions: () => Promise<Versions>,
  ): Promise<readonly Metric[]> {
    const key = `${caller} ${day}`
    const known = this.#days.get(key)
    const readAtMs = Date.now()
    const isOver = (day + 1) * DAY_MS < readAtMs - LATE_MS
    if (known !== undefined && readAtMs - known.readAtMs < KNOWN_MS && (!isFresh || isOver))
      return known.metrics
    // Asked before the day is read: what is stored meanwhile makes another version.
    const all = await versions()
    const version = all === null ? null : (all.get(day) ?? '')
    if (known !== undefined && version !== null && version === known.version) {
      this.#days.set(key, { ...known, readAtMs })
      return known.metrics
    }
    const span = { fromMs: day * DAY_MS - 1, toMs: (day + 1) * DAY_MS - 1 }
    const metrics = await readMetrics(ask, span)
    this.#days.set(key, { metrics, readAtMs, version })
    return metrics
  }
}

/** Points may come this late; later ones are found once what is known is too old. */
const LATE_MS = 3_600_000

const keyOf = ({ table, name, unit, type, isDelta, isOtlp }: Metric): string =>
  JSON.stringify([table, name, unit, type, isDelta, isOtlp])

async function readVersions({ ask, tellsVersions }: MetricsAsker): Promise<Versions> {
  if (!tellsVersions) return null
  const found = new Map<number, string>()
  for await (const block of ask(versionsStatement())) {
    for (let row = 0; row < block.rows; row += 1)
      found.set(Number(textAt(block, 0, row)), textAt(block, 1, row))
  }
  return found
}

async function readMetrics(ask: Ask, span: SampleSpan): Promise<readonly Metric[]> {
  const found = new Map<string, Metric>()
  for await (const block of ask(metricsStatement(span))) {
    const kinds = numbersOf(block, 2)
    const tables = numbersOf(block, 3)
    for (let row = 0; row < block.rows; row += 1) {
      const table = TABLES[tables[row]!]!
      const metric = metricOf(table, textAt(block, 0, row), textAt(block, 1, row), kinds[row]!)
      if (!found.has(keyOf(metric))) found.set(keyOf(metric), metric)
    }
  }
  return [...found.values()]
}

interface StoredMeta {
  readonly description?: string
  readonly unit?: string
  readonly monotonic?: boolean
  readonly scope?: string
}

const DELTA = 2

function metricOf(table: PointTable, name: string, metaText: string, kind: number): Metric {
  const meta = (metaText === '' ? {} : JSON.parse(metaText)) as StoredMeta
  const isCounter = kind !== 0 && meta.monotonic === true
  return {
    table,
    name,
    description: meta.description ?? '',
    unit: meta.unit ?? '',
    type:
      table === 'floats'
        ? isCounter
          ? 'counter'
          : 'gauge'
        : table === 'summaries'
          ? 'summary'
          : 'histogram',
    isDelta: kind === DELTA,
    isOtlp: meta.scope !== undefined,
  }
}
