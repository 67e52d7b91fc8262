/** Reads what a row holds as lists: buckets of classic histograms, quantiles of summaries. Each element is a series. */
import { type Labels, labelsOf, recordOf } from '../../promql/index.ts'
import { formatPlain } from '../../promql/numeric/numbers.ts'
import { floatsOf, listsOf, type NativeBlock, numbersOf } from '../native/columns.ts'
import { type Ask, type SeriesReader, STALE_BITS } from '../reading/reader.ts'
import type { Picked } from './float-reader.ts'
import { FloatRuns } from './float-runs.ts'

import type { MetricSeries } from './series-index.ts'
import { placesOf, runsOf } from './series-runs.ts'
import { keysStatement, type PointTable, type SampleSpan, samplesStatement, spanStart } from './statement.ts'

/** Lists of a table: what their elements are called, and what they hold. */
export interface Lists {
  readonly table: PointTable
  /** Label of an element. */
  readonly label: 'le' | 'quantile'
  readonly keys: string
  readonly values: string
}

/** Counts of buckets and below; the last one holds all. */
const COUNTS = "if(IsFloat, FloatBucketCounts, CAST(BucketCounts, 'Array(Float64)'))"
const COUNT = 'if(IsFloat, FloatCount, toFloat64(Count))'

/** Buckets of a classic histogram. */
export const BUCKETS: Lists = {
  table: 'histograms',
  label: 'le',
  keys: 'arrayConcat(ExplicitBounds, [inf])',
  values: `if(empty(BucketCounts), [${COUNT}], arrayCumSum(${COUNTS}))`,
}

/** Quantiles of a summary. */
export const QUANTILES: Lists = {
  table: 'summaries',
  label: 'quantile',
  keys: 'Quantiles',
  values: 'QuantileValues',
}

/** Count and sum of a row, by table. */
export const SCALARS = {
  histograms: { count: COUNT, sum: 'Sum' },
  exponential: { count: COUNT, sum: 'Sum' },
  summaries: { count: 'toFloat64(Count)', sum: 'Sum' },
  floats: { count: 'Value', sum: 'Value' },
} as const satisfies Record<PointTable, { readonly count: string; readonly sum: string }>

interface ListReaderOptions {
  readonly ask: Ask
  readonly lists: Lists
  readonly metric: string
  readonly span: SampleSpan
  readonly isDelta: boolean
  readonly picked: Picked
  readonly test: (labels: Labels) => boolean
}

/** One series for each element of each picked series that has it. */
export async function listReader(options: ListReaderOptions): Promise<SeriesReader> {
  const { ask, lists, metric, span, picked, test } = options
  const all: Labels[] = []
  /** By place of the stored series: ids of its elements. */
  const ids = new Map<number, Map<number, number>>()
  const labelsAt = new Map(picked.places.map((place, index) => [place, picked.labels[index]!]))
  for await (const block of ask(keysStatement(lists.table, metric, lists.keys, span))) {
    const { ends, values } = listsOf(block, 3)
    const places = placesOf(block, picked.known)
    for (let row = 0; row < block.rows; row += 1) {
      const labels = labelsAt.get(places[row]!)
      if (labels === undefined) continue
      const elements = new Map<number, number>()
      for (const key of values.subarray(row === 0 ? 0 : Number(ends[row - 1]), Number(ends[row]))) {
        const set = labelsOf({ ...recordOf(labels), [lists.label]: formatPlain(key) })
        if (elements.has(key) || !test(set)) continue
        elements.set(key, all.length)
        all.push(set)
      }
      ids.set(places[row]!, elements)
    }
  }
  const sums = options.isDelta ? new Float64Array(all.length) : null
  return {
    series: all,
    async samples(fromMs, toMs, push) {
      const part = { fromMs, toMs }
      const stored = picked.places.map(place => picked.known.all[place]!)
      const named = picked.places.length === picked.known.all.length ? null : stored
      const columns = [STALE, lists.keys, lists.values]
      const runs = new FloatRuns(all.length, sums, push)
      for await (const block of ask(samplesStatement({ table: lists.table, metric, columns }, named, part)))
        addBlock(runs, block, { picked, ids, startMs: spanStart(part) })
    },
  }
}

/** 1: the series has ended. */
export const STALE = 'toUInt8(bitAnd(Flags, 1))'

const identity = (known: MetricSeries): Int32Array => Int32Array.from(known.all, (_, place) => place)

/** Rows of lists as runs of floats. */
function addBlock(
  runs: FloatRuns,
  block: NativeBlock,
  {
    picked,
    ids,
    startMs,
  }: {
    readonly picked: Picked
    readonly ids: ReadonlyMap<number, ReadonlyMap<number, number>>
    readonly startMs: number
  },
): void {
  const found = runsOf(block, { known: picked.known, idOf: identity(picked.known), startMs })
  const stale = numbersOf(block, 4)
  const keys = listsOf(block, 5)
  const values = listsOf(block, 6)
  for (let run = 0; run < found.ids.length; run += 1) {
    const elements = ids.get(found.ids[run]!)
    if (elements === undefined || elements.size === 0) continue
    const rows = new Map<number, { times: number[]; bits: number[]; isStale: boolean[] }>()
    const held = (id: number) => {
      const known = rows.get(id) ?? { times: [], bits: [], isStale: [] }
      rows.set(id, known)
      return known
    }
    for (let row = found.starts[run]!; row < found.starts[run + 1]!; row += 1) {
      const add = (id: number, value: number, isStale: boolean): void => {
        const one = held(id)
        one.times.push(found.times[row]!)
        one.bits.push(value)
        one.isStale.push(isStale)
      }
      if (stale[row] === 1) {
        for (const id of elements.values()) add(id, 0, true)
        continue
      }
      const start = row === 0 ? 0 : Number(keys.ends[row - 1])
      const valuesStart = row === 0 ? 0 : Number(values.ends[row - 1])
      for (let at = start; at < Number(keys.ends[row]); at += 1) {
        const id = elements.get(keys.values[at]!)
        if (id !== undefined) add(id, values.values[valuesStart + at - start] ?? 0, false)
      }
    }
    for (const [id, { times, bits, isStale }] of rows)
      runs.add({
        ids: Int32Array.of(id),
        starts: Int32Array.of(0, times.length),
        times: Float64Array.from(times),
        values: valuesOf(bits, isStale),
      })
  }
}

/** Numbers, with stale markers where a series has ended. */
export function valuesOf(numbers: ArrayLike<number>, isStale: ArrayLike<boolean | number>): Float64Array {
  const values = Float64Array.from(numbers)
  const bits = new BigUint64Array(values.buffer)
  for (let row = 0; row < values.length; row += 1) if (isStale[row]) bits[row] = STALE_BITS
  return values
}

/** The value of count or sum of each row, as floats. */
export const scalarsOf = (block: NativeBlock): Float64Array =>
  valuesOf(floatsOf(block, 5), numbersOf(block, 4))
