/** The samples that both servers get: computed from the number of a series and of a scrape, alike here and in SQL. */
import { encodeWrite1, type LabelPairs, type SentSeries, snappy } from '../../support/remote-write.ts'

/** What is filled. */
export interface Size {
  /** Series of the counter; a tenth as many are buckets of histograms. */
  readonly series: number
  readonly scrapes: number
  readonly scrapeMs: number
  /** Time of the last scrape, before the offset of its target. */
  readonly endMs: number
}

/** A kind of series. */
export interface Family {
  readonly metric: string
  readonly count: number
  /** Labels of series number `index`, sorted by name. */
  labels(index: number): LabelPairs
}

const TARGETS = 100
const BUCKETS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '+Inf']

const targetOf = (index: number): { readonly job: string; readonly instance: string } => {
  const target = index % TARGETS
  return { job: `job-${target % 10}`, instance: `10.0.${target >> 4}.${target & 15}:9100` }
}

/** The families of a size: containers of pods, as many label sets as series; and histograms of every target. */
export const familiesOf = ({ series }: Size): readonly Family[] => [
  {
    metric: 'container_cpu_usage_seconds_total',
    count: series,
    labels(index) {
      const { job, instance } = targetOf(index)
      const pod = Math.floor(index / 4)
      return [
        ['__name__', this.metric],
        ['container', `container-${index % 4}`],
        ['instance', instance],
        ['job', job],
        ['namespace', `namespace-${pod % 50}`],
        ['pod', `pod-${String(pod).padStart(6, '0')}`],
      ]
    },
  },
  {
    metric: 'http_request_duration_seconds_bucket',
    count: Math.ceil(series / 10),
    labels(index) {
      const histogram = Math.floor(index / BUCKETS.length)
      const { job, instance } = targetOf(histogram)
      return [
        ['__name__', this.metric],
        ['handler', `/${Math.floor(histogram / TARGETS)}`],
        ['instance', instance],
        ['job', job],
        ['le', BUCKETS[index % BUCKETS.length]!],
      ]
    },
  },
]

/** Scrapes between two resets of a series. */
const resetEvery = (index: number): number => 700 + (index % 300)

/** Value of a scrape: a counter that grows unevenly, by quarters, and is reset. */
export const sampleValue = (index: number, scrape: number): number => {
  const since = scrape % resetEvery(index)
  return (since * 8 + ((index * 31 + since * 17 + ((index * since) % 97)) % 8)) * 0.25 * (1 + (index % 10))
}

/** Targets are scraped one after another. */
export const timeOf = ({ endMs, scrapes, scrapeMs }: Size, index: number, scrape: number): number =>
  endMs - (scrapes - 1 - scrape) * scrapeMs + (index % TARGETS) * 277

/** `sampleValue` as SQL; `i` and `k` are columns. */
const VALUE = 'toFloat64((since * 8 + (i * 31 + since * 17 + (i * since) % 97) % 8) * (1 + i % 10)) * 0.25'

/** A table of what describes the series of a family, to insert from. */
export const TEXTS = 'wattline.bench_texts'

/** Fills that table. */
export function textStatements(family: Family): readonly string[] {
  const rows = Array.from({ length: family.count }, (_, index) => {
    const texts = storedTexts(family.labels(index))
    return `(${index}, ${texts.map(quoted).join(', ')})`
  })
  const statements = [
    `CREATE TABLE ${TEXTS} (i Int64, service String, labels String, resource String) ENGINE = Memory`,
  ]
  for (let from = 0; from < rows.length; from += 1_000)
    statements.push(`INSERT INTO ${TEXTS} VALUES ${rows.slice(from, from + 1_000).join(', ')}`)
  return statements
}

/** Inserts scrapes `from` to `to` of the family in that table: the rows that remote write makes of them. */
export function insertStatement(size: Size, family: Family, from: number, to: number): string {
  const first = `toInt64(${size.endMs - (size.scrapes - 1) * size.scrapeMs})`
  return (
    'INSERT INTO wattline.metric_points (Tenant, MetricName, ServiceName, Labels, Resource, Meta, Kind, StartTimeUnix, TimeUnix, Value) ' +
    `SELECT 'default', ${quoted(family.metric)}, service, labels, resource, ` +
    `'{"description":"","unit":"","temporality":2,"monotonic":true}', 1, fromUnixTimestamp64Nano(0), ` +
    `fromUnixTimestamp64Milli(${first} + k * ${size.scrapeMs} + (i % ${TARGETS}) * 277), ${VALUE} ` +
    `FROM (SELECT *, k % (700 + i % 300) AS since FROM ${TEXTS} ` +
    `CROSS JOIN (SELECT toInt64(number) AS k FROM numbers(${from}, ${to - from})) AS scrapes) ` +
    'SETTINGS max_insert_threads = 1, max_threads = 1'
  )
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** Service, attributes and resource, as remote write stores them. */
function storedTexts(labels: LabelPairs): readonly [string, string, string] {
  const record = Object.fromEntries(labels)
  const { __name__: _, job, instance, ...own } = record
  return [job!, JSON.stringify(own), JSON.stringify({ 'service.name': job, 'service.instance.id': instance })]
}

/** Series of a request. */
const PER_REQUEST = 250

/** Remote write of scrapes `from` to `to` of all families, a request at a time. */
export function* writeBodies(size: Size, from: number, to: number): Generator<Buffer> {
  for (const family of familiesOf(size)) {
    for (let first = 0; first < family.count; first += PER_REQUEST) {
      const series: SentSeries[] = []
      for (let index = first; index < Math.min(first + PER_REQUEST, family.count); index += 1) {
        const samples = Array.from({ length: to - from }, (_, at) => ({
          value: sampleValue(index, from + at),
          timestamp: timeOf(size, index, from + at),
        }))
        series.push({ labels: family.labels(index), samples })
      }
      yield snappy(encodeWrite1(series))
    }
  }
}
