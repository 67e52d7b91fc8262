/** Series with everything that makes evaluation hard: gaps, resets, NaN, infinities, stale markers, samples on edges, histograms. */
import {
  CUSTOM_SCHEMA,
  EMPTY_HISTOGRAM,
  type FloatHistogram,
} from '../../query/promql/histogram/float-histogram.ts'
import { labelsOf, type MemorySeries } from '../../query/promql/index.ts'
import { writeStale } from '../../query/promql/numeric/numbers.ts'
import { seededRandom } from '../support/random.ts'

const SAMPLES = 240
export const SCRAPE_MS = 15_000
// No subnormal numbers: the logarithm of Go's library is wrong for them.
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e300, -1e300]

function timesOf(next: () => number): Float64Array {
  const isExact = next() < 0.4
  const times: number[] = []
  for (let at = 0; at < SAMPLES; at += 1) {
    if (next() < 0.08) continue
    if (next() < 0.02) at += 25
    times.push(at * SCRAPE_MS + (isExact ? 0 : Math.floor(next() * 3_000)))
  }
  return Float64Array.from(times)
}

function counter(next: () => number, labels: Record<string, string>): MemorySeries {
  const times = timesOf(next)
  const grows = 10 ** Math.floor(next() * 6 - 2)
  let value = next() * 100
  const values = times.map(() => {
    if (next() < 0.03) value = next() * grows
    else if (next() < 0.8) value += next() * grows
    return value
  })
  return { labels: labelsOf(labels), times, values }
}

function gauge(next: () => number, labels: Record<string, string>, wildness: number): MemorySeries {
  const times = timesOf(next)
  const scale = 10 ** Math.floor(next() * 8 - 3)
  const values = times.map(() =>
    next() < wildness
      ? (SPECIAL[Math.floor(next() * SPECIAL.length)] ?? 0)
      : Math.round((next() - 0.4) * 1e4) * scale,
  )
  for (const [index] of values.entries()) if (next() < 0.02) writeStale(values, index)
  return { labels: labelsOf(labels), times, values }
}

/** Buckets of a classic histogram: cumulative counters. */
function classic(next: () => number, job: string): readonly MemorySeries[] {
  const bounds = ['0.1', '0.5', '1', '2.5', '10', '+Inf']
  const times = Float64Array.from({ length: SAMPLES }, (_, at) => at * SCRAPE_MS)
  const counts = bounds.map(() => 0)
  const columns = bounds.map(() => new Float64Array(SAMPLES))
  for (let at = 0; at < SAMPLES; at += 1) {
    if (next() < 0.01) counts.fill(0)
    const from = Math.floor(next() * bounds.length)
    for (let bucket = from; bucket < bounds.length; bucket += 1)
      counts[bucket] = (counts[bucket] ?? 0) + Math.ceil(next() * 3)
    let highest = 0
    for (const [bucket, column] of columns.entries()) {
      highest = Math.max(highest, counts[bucket] ?? 0)
      column[at] = highest
    }
  }
  return bounds.map((le, bucket) => ({
    labels: labelsOf({ __name__: 'latency_bucket', job, le }),
    times,
    values: columns[bucket] ?? new Float64Array(0),
  }))
}

const CUSTOM_BOUNDS = [
  [1, 5, 10],
  [1, 2, 5, 10],
]

function histogramOf(next: () => number, schema: number, scale: number, layout: number): FloatHistogram {
  const length = 2 + Math.floor(next() * 3)
  const counts = Array.from({ length }, () => Math.round(next() * scale))
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (schema === CUSTOM_SCHEMA) {
    return {
      ...EMPTY_HISTOGRAM,
      schema,
      count: total,
      sum: next() * total * 5,
      customValues: CUSTOM_BOUNDS[layout] ?? [],
      positiveSpans: [{ offset: 0, length: Math.min(length, 4) }],
      positiveBuckets: counts.slice(0, 4),
    }
  }
  const negative = layout === 1 ? [Math.round(next() * scale)] : []
  const zeroCount = Math.round(next() * scale)
  const whole = total + zeroCount + negative.reduce((sum, count) => sum + count, 0)
  return {
    ...EMPTY_HISTOGRAM,
    schema,
    count: whole,
    sum: next() * whole * 3,
    zeroCount,
    zeroThreshold: layout === 2 ? 0.01 : 0.001,
    positiveSpans: [
      { offset: Math.floor(next() * 3), length: 1 },
      { offset: 1, length: length - 1 },
    ],
    positiveBuckets: counts,
    negativeSpans: negative.map(() => ({ offset: 1, length: 1 })),
    negativeBuckets: negative,
  }
}

function native(
  next: () => number,
  labels: Record<string, string>,
  schemas: readonly number[],
): MemorySeries {
  const times = timesOf(next)
  let scale = 2
  const layout = Math.floor(next() * 3)
  const histograms = [...times].map((): FloatHistogram | undefined => {
    scale = next() < 0.04 ? 2 : scale + 3
    const schema = schemas[Math.floor(next() * schemas.length)] ?? 0
    return histogramOf(next, schema, scale, schema === CUSTOM_SCHEMA ? layout % 2 : layout)
  })
  if (labels['__name__'] === 'mixed')
    for (const [at] of histograms.entries()) if (next() < 0.3) histograms[at] = undefined
  return { labels: labelsOf(labels), times, values: times.map(() => Math.floor(next() * 100)), histograms }
}

/** One set of series: `requests_total`, `load`, `wild`, `latency_bucket`, `sizes`, `custom`, `mixed`, `target_info`. */
export function seriesOf(seed: number): readonly MemorySeries[] {
  const next = seededRandom(seed)
  const all: MemorySeries[] = []
  for (const [index, job] of ['api', 'api', 'db', 'web', 'web', 'web'].entries()) {
    const labels = { job, instance: `host-${index}`, zone: index % 2 === 0 ? 'a' : 'b' }
    all.push(counter(next, { __name__: 'requests_total', ...labels }))
    all.push(gauge(next, { __name__: 'load', ...labels }, 0))
    all.push(gauge(next, { __name__: 'wild', ...labels }, 0.15))
    if (index < 3) all.push(native(next, { __name__: 'sizes', ...labels }, [0, 0, 1, 3]))
    if (index > 2) all.push(native(next, { __name__: 'custom', ...labels }, [CUSTOM_SCHEMA]))
    all.push(gauge(next, { __name__: 'target_info', ...labels, version: `v${index}` }, 0))
  }
  all.push(native(next, { __name__: 'mixed', job: 'api', instance: 'host-0' }, [0]))
  for (const job of ['api', 'db']) all.push(...classic(next, job))
  return all
}
