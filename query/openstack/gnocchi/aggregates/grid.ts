/** Measures of several metrics side by side: a row for each time that one of them has. */
import type { Measures } from '../measures/read.ts'
import { GnocchiError } from '../model/failure.ts'
import type { Reference } from './operations.ts'

/** Columns of values, NaN where a metric has none. Times are milliseconds. */
export interface MeasureGrid {
  readonly bucketMs: number
  readonly times: readonly number[]
  /** Several metrics have become one. */
  readonly isAggregated: boolean
  readonly columns: readonly GridColumn[]
}

/** Values of one metric, or of what was made of metrics. */
export interface GridColumn {
  /** Number of the metric that it is of, among those that were read. */
  readonly origin: number
  /** What operations call it. */
  readonly reference: Reference
  readonly values: Float64Array
}

/** What stands where a metric has no measure. */
export type GapFill = number | 'null' | 'dropna' | 'ffill' | 'bfill' | 'full_ffill' | 'full_bfill'

const WORDS = ['null', 'dropna', 'ffill', 'bfill', 'full_ffill', 'full_bfill'] as const

/** Undefined: it is none. */
export function fillOf(text: string): GapFill | undefined {
  const word = WORDS.find(one => one === text)
  if (word !== undefined) return word
  return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)
}

/** Whether values that are not numbers are left out of the answer. */
export const isDropped = (fill: GapFill | undefined): boolean =>
  fill !== undefined && typeof fill === 'string' && fill !== 'null'

/** What is put side by side. */
interface Gridded {
  readonly bucketMs: number
  readonly measures: readonly Measures[]
  readonly references: readonly Reference[]
}

/** @throws GnocchiError where `overlap` percent of the times do not have measures of every metric and nothing is filled in */
export function measureGrid(
  { bucketMs, measures, references }: Gridded,
  options: {
    readonly fill: GapFill | undefined
    readonly overlap: number
    readonly isFrom: boolean
    readonly isTo: boolean
  },
): MeasureGrid {
  const times = [...new Set(measures.flatMap(one => one.times))].toSorted((a, b) => a - b)
  const places = new Map(times.map((time, index) => [time, index]))
  const { fill } = options
  const columns = measures.map(({ times: own, values }, origin): GridColumn => {
    const column = new Float64Array(times.length).fill(typeof fill === 'number' ? fill : Number.NaN)
    for (const [index, time] of own.entries()) column[places.get(time)!] = values[index]!
    fillIn(column, fill)
    return { origin, reference: references[origin]!, values: column }
  })
  const grid: MeasureGrid = { bucketMs, times, isAggregated: false, columns }
  return fill === undefined ? overlapping(grid, options) : grid
}

function fillIn(values: Float64Array, fill: GapFill | undefined): void {
  if (fill === 'ffill' || fill === 'full_ffill') forward(values)
  if (fill === 'bfill' || fill === 'full_ffill' || fill === 'full_bfill') backward(values)
  if (fill === 'full_bfill') forward(values)
}

function forward(values: Float64Array): void {
  for (let at = 1; at < values.length; at += 1) if (Number.isNaN(values[at])) values[at] = values[at - 1]!
}

function backward(values: Float64Array): void {
  for (let at = values.length - 2; at >= 0; at -= 1)
    if (Number.isNaN(values[at])) values[at] = values[at + 1]!
}

function overlapping(
  grid: MeasureGrid,
  { overlap, isFrom, isTo }: { readonly overlap: number; readonly isFrom: boolean; readonly isTo: boolean },
): MeasureGrid {
  const { times, columns } = grid
  const isFull = (at: number): boolean => columns.every(({ values }) => !Number.isNaN(values[at]))
  const full = times.map((_, at) => at).filter(isFull)
  const references = columns.map(({ reference: { metric, method } }) => [metric, method])
  if (full.length === 0 && overlap > 0) throw notAggregable(references, 'No overlap')
  if (times.length === 0) return grid
  // Where no edge is asked for, those that all metrics have.
  const first = isFrom || full.length === 0 ? 0 : full[0]!
  const last = isTo || full.length === 0 ? times.length : full.at(-1)! + 1
  const percent = (full.length * 100) / (last - first)
  if (percent < overlap)
    throw notAggregable(
      references,
      `Less than ${overlap.toFixed(6)}% of datapoints overlap in this timespan (${percent.toFixed(2)}%)`,
    )
  return {
    ...grid,
    times: times.slice(first, last),
    columns: columns.map(column => ({ ...column, values: column.values.slice(first, last) })),
  }
}

/** 400, as Gnocchi says it. */
export const notAggregable = (detail: unknown, reason: string): GnocchiError =>
  new GnocchiError(400, { cause: 'Metrics cannot be aggregated', reason, detail })
