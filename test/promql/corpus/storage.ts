/** What the corpus loads: series that grow with each `load`. */
import { compact } from '../../../query/promql/histogram/arithmetic.ts'
import {
  CUSTOM_SCHEMA,
  EMPTY_HISTOGRAM,
  type FloatHistogram,
  isCustom,
  RESET_HINT,
  sameBounds,
  withHint,
} from '../../../query/promql/histogram/float-histogram.ts'
import { isReset } from '../../../query/promql/histogram/reset.ts'
import { keyOf, type Labels, labelValue, withLabels } from '../../../query/promql/model/labels.ts'
import { parseNumber, writeStale } from '../../../query/promql/numeric/numbers.ts'
import { type MemorySeries, memorySource } from '../../../query/promql/series/memory-source.ts'
import type { SampleSource } from '../../../query/promql/series/source.ts'
import type { Point, SeriesText } from './series-text.ts'

type Sample = { readonly time: number } & Exclude<Point, { kind: 'omitted' }>

export class Storage {
  readonly #series = new Map<string, { readonly labels: Labels; readonly samples: Sample[] }>()

  clear(): void {
    this.#series.clear()
  }

  load(given: readonly SeriesText[], gapMs: number, withCustom: boolean): void {
    // Of two lines for one series the last counts.
    const all = [...new Map(given.map(each => [keyOf(each.labels), each])).values()]
    for (const { labels, points } of all) {
      for (const [index, point] of points.entries()) {
        if (point.kind !== 'omitted') this.#append(labels, { ...point, time: index * gapMs })
      }
    }
    if (withCustom) this.#convert(all, gapMs)
  }

  #append(labels: Labels, sample: Sample): void {
    const key = keyOf(labels)
    const series = this.#series.get(key) ?? { labels, samples: [] }
    this.#series.set(key, series)
    series.samples.push(sample)
  }

  /** Classic histograms as native ones with custom buckets. */
  #convert(all: readonly SeriesText[], gapMs: number): void {
    const found = new Map<string, { labels: Labels; byTime: Map<number, Classic> }>()
    for (const { labels, points } of all) {
      const match = /^(.*)_(bucket|count|sum)$/.exec(labelValue(labels, '__name__'))
      if (match === null) continue
      const [, name = '', part = ''] = match
      const le = parseNumber(labelValue(labels, 'le'))
      if (part === 'bucket' && (le === undefined || Number.isNaN(le))) continue
      const base = withLabels(labels, { __name__: name, le: '' })
      const entry = found.get(keyOf(base)) ?? { labels: base, byTime: new Map<number, Classic>() }
      found.set(keyOf(base), entry)
      for (const [index, point] of points.entries()) {
        if (point.kind !== 'float') continue
        const time = index * gapMs
        const classic = entry.byTime.get(time) ?? { buckets: [], count: undefined, sum: 0 }
        entry.byTime.set(time, classic)
        if (part === 'bucket') classic.buckets.push([le ?? 0, point.value])
        else if (part === 'count') classic.count = point.value
        else classic.sum = point.value
      }
    }
    for (const { labels, byTime } of found.values()) {
      for (const [time, classic] of [...byTime].toSorted(([a], [b]) => a - b)) {
        this.#append(labels, { kind: 'histogram', histogram: toCustom(classic), hasHint: false, time })
      }
    }
  }

  source(): SampleSource {
    return memorySource([...this.#series.values()].map(({ labels, samples }) => seriesOf(labels, samples)))
  }
}

interface Classic {
  readonly buckets: [number, number][]
  count: number | undefined
  sum: number
}

function toCustom({ buckets, count, sum }: Classic): FloatHistogram {
  const sorted = buckets.toSorted(([a], [b]) => a - b)
  const total = count ?? sorted.at(-1)?.[1] ?? 0
  if (sorted.at(-1)?.[0] !== Number.POSITIVE_INFINITY) sorted.push([Number.POSITIVE_INFINITY, total])
  const counts = sorted.map(([, value], index) => value - (sorted[index - 1]?.[1] ?? 0))
  return compact({
    ...EMPTY_HISTOGRAM,
    schema: CUSTOM_SCHEMA,
    count: total,
    sum,
    customValues: sorted.slice(0, -1).map(([bound]) => bound),
    positiveSpans: [{ offset: 0, length: counts.length }],
    positiveBuckets: counts,
  })
}

function seriesOf(labels: Labels, samples: readonly Sample[]): MemorySeries {
  // Of two samples at one time the one that was loaded first stays, as a database refuses the second.
  const byTime = new Map<number, Sample>()
  for (const sample of samples) if (!byTime.has(sample.time)) byTime.set(sample.time, sample)
  const sorted = [...byTime.values()].toSorted((a, b) => a.time - b.time)
  const values = new Float64Array(sorted.length)
  const histograms: (FloatHistogram | undefined)[] = []
  let previous: FloatHistogram | undefined
  for (const [index, sample] of sorted.entries()) {
    if (sample.kind === 'float') values[index] = sample.value
    if (sample.kind === 'stale') writeStale(values, index)
    if (sample.kind === 'histogram') {
      histograms[index] = stored(sample.histogram, previous)
      previous = sample.histogram
    } else previous = undefined
  }
  const all = { labels, times: Float64Array.from(sorted, ({ time }) => time), values }
  return histograms.length > 0 ? { ...all, histograms } : all
}

/** What a database says of resets when a histogram is read: it compares it with the one before in the same chunk. */
function stored(histogram: FloatHistogram, previous: FloatHistogram | undefined): FloatHistogram {
  const { gauge, reset, notReset, unknown } = RESET_HINT
  if (histogram.counterResetHint === gauge || histogram.counterResetHint === reset) return histogram
  if (previous === undefined || previous.counterResetHint === gauge) return withHint(histogram, unknown)
  const isOtherLayout =
    previous.schema !== histogram.schema ||
    previous.zeroThreshold !== histogram.zeroThreshold ||
    (isCustom(histogram) && !sameBounds(previous.customValues, histogram.customValues))
  if (isOtherLayout) return withHint(histogram, unknown)
  // With a reset a new chunk begins, whose first histogram says nothing.
  return withHint(histogram, isReset(withHint(histogram, unknown), previous) ? unknown : notReset)
}
