/** Reads histograms as native ones: exponential buckets, or custom ones where the bounds were given. */
import type { FloatHistogram, SampleChunk } from '../../promql/index.ts'
import { floatsOf, listsOf, type NativeBlock, numbersOf } from '../native/columns.ts'
import { type Ask, type SeriesReader, STALE_BITS } from '../reading/reader.ts'
import type { Picked } from './float-reader.ts'
import { STALE } from './list-reader.ts'
import { runsOf } from './series-runs.ts'
import { type SampleSpan, samplesStatement, spanStart } from './statement.ts'

/** Tables that hold histograms. */
type HistogramTable = 'histograms' | 'exponential'

/** Prometheus' schemas; finer ones of OpenTelemetry are made coarser. */
const FINEST_SCHEMA = 8
const COARSEST_SCHEMA = -4
const CUSTOM_SCHEMA = -53

const floats = (list: string): string => `CAST(${list}, 'Array(Float64)')`

/** Columns after those of the series and the time. */
const COLUMNS: Readonly<Record<HistogramTable, readonly string[]>> = {
  histograms: [
    STALE,
    'if(Kind = 0, 3, ResetHint)',
    'if(IsFloat, FloatCount, toFloat64(Count))',
    'Sum',
    'ExplicitBounds',
    `if(IsFloat, FloatBucketCounts, ${floats('BucketCounts')})`,
  ],
  exponential: [
    STALE,
    'if(Kind = 0, 3, ResetHint)',
    'if(IsFloat, FloatCount, toFloat64(Count))',
    'Sum',
    'Scale',
    'ZeroThreshold',
    'if(IsFloat, FloatZeroCount, toFloat64(ZeroCount))',
    'PositiveOffset',
    `if(IsFloat, FloatPositiveBucketCounts, ${floats('PositiveBucketCounts')})`,
    'NegativeOffset',
    `if(IsFloat, FloatNegativeBucketCounts, ${floats('NegativeBucketCounts')})`,
  ],
}

interface NativeReaderOptions {
  readonly ask: Ask
  readonly table: HistogramTable
  readonly metric: string
  readonly picked: Picked
}

/** Native histograms of the picked series. */
export function nativeReader({ ask, table, metric, picked }: NativeReaderOptions): SeriesReader {
  const { known, places } = picked
  const idOf = new Int32Array(known.all.length).fill(-1)
  for (const [id, place] of places.entries()) idOf[place] = id
  const named = places.length === known.all.length ? null : places.map(place => known.all[place]!)
  const histogramsOf = table === 'histograms' ? customHistograms : exponentialHistograms
  return {
    series: picked.labels,
    async samples(fromMs, toMs, push) {
      const span: SampleSpan = { fromMs, toMs }
      const lastMs = new Float64Array(places.length).fill(Number.NEGATIVE_INFINITY)
      for await (const block of ask(
        samplesStatement({ table, metric, columns: COLUMNS[table] }, named, span),
      )) {
        const { ids, starts, times } = runsOf(block, { known, idOf, startMs: spanStart(span) })
        const histograms = histogramsOf(block)
        const builder = new HistogramRuns(lastMs)
        for (let run = 0; run < ids.length; run += 1) {
          if (ids[run]! < 0) continue
          builder.begin(ids[run]!)
          for (let row = starts[run]!; row < starts[run + 1]!; row += 1)
            builder.add(times[row]!, histograms(row))
        }
        builder.pushTo(push)
      }
    },
  }
}

/** Rows of histograms as a chunk; one without a histogram ends its series. */
class HistogramRuns {
  readonly #lastMs: Float64Array
  readonly #series: number[] = []
  readonly #starts: number[] = []
  readonly #times: number[] = []
  readonly #histograms: (FloatHistogram | undefined)[] = []

  constructor(lastMs: Float64Array) {
    this.#lastMs = lastMs
  }

  begin(series: number): void {
    this.#series.push(series)
    this.#starts.push(this.#times.length)
  }

  add(timeMs: number, histogram: FloatHistogram | undefined): void {
    const series = this.#series.at(-1)!
    const last = this.#lastMs[series]!
    if (timeMs < last) return
    // Of rows at one time the last counts.
    if (timeMs === last) {
      if (this.#times.length > this.#starts.at(-1)!) this.#histograms[this.#times.length - 1] = histogram
      return
    }
    this.#lastMs[series] = timeMs
    this.#times.push(timeMs)
    this.#histograms.push(histogram)
  }

  pushTo(push: (chunk: SampleChunk) => void): void {
    if (this.#times.length === 0) return
    const bits = BigUint64Array.from(this.#histograms, one => (one === undefined ? STALE_BITS : 0n))
    push({
      series: Int32Array.from(this.#series),
      starts: Int32Array.from([...this.#starts, this.#times.length]),
      times: Float64Array.from(this.#times),
      values: new Float64Array(bits.buffer),
      histograms: this.#histograms,
    })
  }
}

type AtRow = (row: number) => FloatHistogram | undefined

const HINTS = [0, 1, 2, 3] as const
const hintOf = (number: number): FloatHistogram['counterResetHint'] => HINTS[number] ?? 0

function elementsAt({ ends, values }: ReturnType<typeof listsOf>, row: number): Float64Array {
  return values.subarray(row === 0 ? 0 : Number(ends[row - 1]), Number(ends[row]))
}

function customHistograms(block: NativeBlock): AtRow {
  const [stale, hints, counts, sums] = [
    numbersOf(block, 4),
    numbersOf(block, 5),
    floatsOf(block, 6),
    floatsOf(block, 7),
  ]
  const [bounds, buckets] = [listsOf(block, 8), listsOf(block, 9)]
  return row => {
    if (stale[row] === 1) return undefined
    const positive = sideOf(0, [...elementsAt(buckets, row)])
    return {
      counterResetHint: hintOf(hints[row]!),
      schema: CUSTOM_SCHEMA,
      zeroThreshold: 0,
      zeroCount: 0,
      count: counts[row]!,
      sum: sums[row]!,
      positiveSpans: positive.spans,
      positiveBuckets: positive.buckets,
      negativeSpans: [],
      negativeBuckets: [],
      customValues: [...elementsAt(bounds, row)],
    }
  }
}

function exponentialHistograms(block: NativeBlock): AtRow {
  const [stale, hints, counts, sums] = [
    numbersOf(block, 4),
    numbersOf(block, 5),
    floatsOf(block, 6),
    floatsOf(block, 7),
  ]
  const [scales, thresholds, zeros] = [numbersOf(block, 8), floatsOf(block, 9), floatsOf(block, 10)]
  const [positiveOffsets, positive] = [numbersOf(block, 11), listsOf(block, 12)]
  const [negativeOffsets, negative] = [numbersOf(block, 13), listsOf(block, 14)]
  return row => {
    // A schema that Prometheus has not: there is no native histogram.
    if (stale[row] === 1 || scales[row]! < COARSEST_SCHEMA) return undefined
    const coarser = Math.max(0, scales[row]! - FINEST_SCHEMA)
    const above = coarsened(positiveOffsets[row]!, elementsAt(positive, row), coarser)
    const below = coarsened(negativeOffsets[row]!, elementsAt(negative, row), coarser)
    return {
      counterResetHint: hintOf(hints[row]!),
      schema: scales[row]! - coarser,
      zeroThreshold: thresholds[row]!,
      zeroCount: zeros[row]!,
      count: counts[row]!,
      sum: sums[row]!,
      positiveSpans: above.spans,
      positiveBuckets: above.buckets,
      negativeSpans: below.spans,
      negativeBuckets: below.buckets,
      customValues: [],
    }
  }
}

/** Buckets of half the resolution, `times` times over. `first`: Prometheus' index of the first, one more than OTLP's. */
function coarsened(offset: number, counts: Float64Array, times: number): ReturnType<typeof sideOf> {
  if (times === 0) return sideOf(offset + 1, [...counts])
  const first = offset >> times
  const buckets: number[] = []
  for (let index = 0; index < counts.length; index += 1) {
    const place = ((offset + index) >> times) - first
    buckets[place] = (buckets[place] ?? 0) + counts[index]!
  }
  return sideOf(first + 1, buckets)
}

/** Buckets without empty ones at either end, as one span; none if all are empty. */
function sideOf(
  first: number,
  buckets: readonly number[],
): { readonly spans: { offset: number; length: number }[]; readonly buckets: number[] } {
  let start = 0
  let end = buckets.length
  while (start < end && buckets[start] === 0) start += 1
  while (end > start && buckets[end - 1] === 0) end -= 1
  const spans = end > start ? [{ offset: first + start, length: end - start }] : []
  return { spans, buckets: buckets.slice(start, end) }
}
