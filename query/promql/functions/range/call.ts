/** Calls functions over ranges: moves a window over each series. */
import { executionError } from '../../model/errors.ts'
import { labelValue, NAME } from '../../model/labels.ts'
import { type Block, FLOAT, HISTOGRAM, setHistogram } from '../../series/block.ts'
import { type Grid, timeAt } from '../../series/grid.ts'
import type { Store } from '../../series/store.ts'
import type { Call } from '../../syntax/ast.ts'
import { type Environment, namesDropped, newBlock } from '../environment.ts'
import { maybeNoCounter } from '../messages.ts'
import { COUNTS } from './counts.ts'
import { INSTANT_CHANGES } from './instant-change.ts'
import { OVER_TIME } from './over-time.ts'
import { CHANGES, RATES } from './rate.ts'
import { rateRow } from './rate-row.ts'
import { TRENDS } from './trend.ts'
import { type RangeFunction, Window } from './window.ts'

const FUNCTIONS: Readonly<Record<string, RangeFunction>> = {
  ...OVER_TIME,
  ...RATES,
  ...INSTANT_CHANGES,
  ...COUNTS,
  ...TRENDS,
}

export const isRangeFunction = (name: string): boolean => FUNCTIONS[name] !== undefined

/** Functions that may look beyond their range. */
const EXTENDED = {
  anchored: ['resets', 'changes', 'rate', 'increase', 'delta'],
  smoothed: ['rate', 'increase', 'delta'],
}

/** Functions whose values are still those of the metric. */
const KEEPS_NAME = ['first_over_time', 'last_over_time']

/** A range vector: samples, and how the window moves over them. */
export interface RangeArgument {
  readonly store: Store
  /** Position among the arguments. */
  readonly position: number
  readonly rangeMs: number
  readonly rangeSeconds: number
  readonly offsetMs: number
  /** The one time at which the range ends, before the offset. */
  readonly atMs: number | undefined
  readonly extension: 'anchored' | 'smoothed' | undefined
}

/** Values of the other arguments at each step, by position. */
export type ScalarArguments = readonly (Float64Array | undefined)[]

/** Counts the samples that were looked at. */
export type CountSamples = (step: number, samples: number) => void

export interface RangeCall {
  readonly call: Call
  readonly range: RangeArgument
  readonly scalars: ScalarArguments
  readonly grid: Grid
  readonly count: CountSamples
  /** Whether samples are counted by step. */
  readonly isCounted: boolean
}

export function callRangeFunction(env: Environment, what: RangeCall): Block {
  const { call, range, grid } = what
  const calculate = FUNCTIONS[call.func]
  if (calculate === undefined) throw new Error(`No range function ${call.func}`)
  checkExtension(call, range)
  const { store } = range
  const named = KEEPS_NAME.includes(call.func) ? store : namesDropped(env, store.labels)
  const block = newBlock(env, named.labels, grid.steps, named.dropsName)
  const change = CHANGES[call.func]
  const isPlain = range.extension === undefined && range.atMs === undefined && !what.isCounted
  const isFast = change !== undefined && isPlain
  const argument = call.args[range.position]?.range ?? call.range
  const window = new Window(env, call, argument, store)
  window.extension = range.extension
  window.rangeSeconds = range.rangeSeconds
  for (let row = 0; row < store.labels.length; row += 1) {
    env.budget.check()
    const hasHistograms =
      store.histogramStarts !== undefined && store.histogramStarts[row + 1] !== store.histogramStarts[row]
    if (isFast && !hasHistograms) fastRow(what, row, block)
    else slowRow(what, row, block, window, calculate)
    if (change?.isCounter === true && hasFloats(block, row)) {
      maybeNoCounter(env.notes, labelValue(store.labels[row] ?? [], NAME), argument)
    }
  }
  return block
}

function checkExtension({ func }: Call, { extension }: RangeArgument): void {
  if (extension === undefined || EXTENDED[extension].includes(func)) return
  throw executionError(
    `${extension} can only be used with ${EXTENDED[extension].join(', ')}, not with ${func}`,
  )
}

function hasFloats({ kinds, steps }: Block, row: number): boolean {
  for (let cell = row * steps; cell < (row + 1) * steps; cell += 1) if (kinds[cell] === FLOAT) return true
  return false
}

function fastRow({ call, range, grid, count }: RangeCall, row: number, block: Block): void {
  const { store, offsetMs, rangeMs, rangeSeconds } = range
  const { times, values, starts } = store
  const change = CHANGES[call.func]
  if (change === undefined) return
  const windows = {
    times,
    values,
    from: starts[row] ?? 0,
    to: starts[row + 1] ?? 0,
    endMs: grid.startMs - offsetMs,
    stepMs: grid.stepMs,
    rangeMs,
    rangeSeconds,
  }
  if (windows.to - windows.from < 2) return
  count(-1, rateRow(windows, change, block, row * grid.steps))
}

/** Positions between which the samples of a window lie. */
class WindowBounds {
  readonly #times: Float64Array
  readonly #last: number
  from: number
  to: number

  constructor(times: Float64Array, first: number, last: number) {
    this.#times = times
    this.from = first
    this.to = first
    this.#last = last
  }

  /** Moves to the samples after the start and up to the end. */
  move(startMs: number, endMs: number): void {
    const times = this.#times
    while (this.to < this.#last && (times[this.to] ?? 0) <= endMs) this.to += 1
    while (this.from < this.to && (times[this.from] ?? 0) <= startMs) this.from += 1
  }
}

function slowRow(what: RangeCall, row: number, block: Block, window: Window, calculate: RangeFunction): void {
  const { range, grid, count, scalars } = what
  const { store, extension } = range
  const { lookbackMs } = window.env
  const before = extension === undefined ? 0 : lookbackMs
  const after = extension === 'smoothed' ? lookbackMs : 0
  const floats = new WindowBounds(store.times, store.starts[row] ?? 0, store.starts[row + 1] ?? 0)
  const histograms = new WindowBounds(
    store.histogramTimes,
    store.histogramStarts?.[row] ?? 0,
    store.histogramStarts?.[row + 1] ?? 0,
  )
  window.labels = store.labels[row] ?? []
  for (let step = 0; step < grid.steps; step += 1) {
    window.timeMs = timeAt(grid, step)
    window.rangeEndMs = (range.atMs ?? window.timeMs) - range.offsetMs
    window.rangeStartMs = window.rangeEndMs - range.rangeMs
    floats.move(window.rangeStartMs - before, window.rangeEndMs + after)
    histograms.move(window.rangeStartMs - before, window.rangeEndMs + after)
    const samples = floats.to - floats.from + histograms.to - histograms.from
    if (samples === 0) continue
    count(step, samples)
    window.from = floats.from
    window.to = floats.to
    window.histogramFrom = histograms.from
    window.histogramTo = histograms.to
    for (let position = 0; position < scalars.length; position += 1) {
      window.scalars[position] = scalars[position]?.[step] ?? Number.NaN
    }
    write(block, row * grid.steps + step, window, calculate(window))
  }
}

function write(block: Block, cell: number, window: Window, kind: number): void {
  if (kind === FLOAT) {
    block.kinds[cell] = FLOAT
    block.values[cell] = window.value
  } else if (kind === HISTOGRAM && window.histogram !== undefined) {
    setHistogram(block, cell, window.histogram)
  }
}
