/** `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`, of classic and native histograms alike. */
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { histogramFraction, histogramQuantile } from '../../histogram/quantile.ts'
import type { Range } from '../../model/errors.ts'
import { filterLabels, keyOf, type Labels, labelValue, NAME, withLabels } from '../../model/labels.ts'
import { formatShort, parseNumber } from '../../numeric/numbers.ts'
import { type Block, FLOAT, HISTOGRAM, setFloat } from '../../series/block.ts'
import { type Grid, timeAt } from '../../series/grid.ts'
import { type Environment, namesDropped, newBlock } from '../environment.ts'
import { badQuantile } from '../messages.ts'
import { bucketFraction, bucketQuantile, type ClassicBucket, type Repair } from './classic-buckets.ts'

/** Rows of a block by the histogram that they are a part of. */
interface HistogramRows {
  readonly labels: readonly Labels[]
  /** By row: which histogram it belongs to as a bucket, and as a native histogram; -1 for none. */
  readonly bucketOf: Int32Array
  readonly nativeOf: Int32Array
  /** By row: the upper bound, NaN where the label is not one. */
  readonly bounds: Float64Array
}

const BUCKET_LABEL = 'le'
const GROUPS = {}

function groupsOf(labels: readonly Labels[]): HistogramRows {
  const groups: Labels[] = []
  const positions = new Map<string, number>()
  const position = (group: Labels): number => {
    const key = keyOf(group)
    let found = positions.get(key)
    if (found === undefined) {
      found = groups.push(group) - 1
      positions.set(key, found)
    }
    return found
  }
  const bounds = Float64Array.from(labels, each => parseNumber(labelValue(each, BUCKET_LABEL)) ?? Number.NaN)
  const bucketOf = Int32Array.from(labels, (each, row) =>
    Number.isNaN(bounds[row]) ? -1 : position(filterLabels(each, name => name !== BUCKET_LABEL)),
  )
  const nativeOf = Int32Array.from(labels, position)
  return { labels: groups, bucketOf, nativeOf, bounds }
}

/** How a function makes a number of a histogram. */
interface Calculation {
  classic(buckets: readonly ClassicBucket[], step: number, labels: Labels): number
  native(histogram: FloatHistogram, step: number, labels: Labels): number
}

interface Subject {
  readonly env: Environment
  readonly block: Block
  /** Where the histograms stand in the text. */
  readonly argument: Range
}

/** What is at one step: by histogram its buckets and its native form. */
class HistogramStep {
  readonly buckets = new Map<number, ClassicBucket[]>()
  readonly natives = new Map<number, FloatHistogram>()

  constructor(subject: Subject, groups: HistogramRows, step: number) {
    const { env, block, argument } = subject
    const { kinds, values, histograms, steps, labels } = block
    for (let row = 0; row < labels.length; row += 1) {
      const cell = row * steps + step
      if (kinds[cell] === FLOAT) {
        const group = groups.bucketOf[row] ?? -1
        if (group === -1) badBound(env, labels[row] ?? [], argument)
        else this.#addBucket(group, { upper: groups.bounds[row] ?? 0, count: values[cell] ?? 0 })
      } else if (kinds[cell] === HISTOGRAM) {
        const histogram = histograms?.[cell]
        if (histogram !== undefined) this.natives.set(groups.nativeOf[row] ?? 0, histogram)
      }
    }
    for (const group of this.natives.keys()) {
      if (!this.buckets.delete(group)) continue
      this.natives.delete(group)
      env.notes.warn(
        `left out histograms that are there as classic buckets and as native ones${ofMetric(env, groups.labels[group] ?? [])}`,
        argument,
      )
    }
  }

  #addBucket(group: number, bucket: ClassicBucket): void {
    const known = this.buckets.get(group)
    if (known === undefined) this.buckets.set(group, [bucket])
    else known.push(bucket)
  }
}

/** The name of a metric is known where names are dropped at the end only. */
function ofMetric(env: Environment, labels: Labels): string {
  const name = env.features.delayedNameRemoval ? labelValue(labels, NAME) : ''
  return name === '' ? '' : ` of the metric ${JSON.stringify(name)}`
}

function badBound(env: Environment, labels: Labels, argument: Range): void {
  const bound = JSON.stringify(labelValue(labels, BUCKET_LABEL))
  env.notes.warn(`left out series${ofMetric(env, labels)} whose label le is not a number: ${bound}`, argument)
}

/** Runs calculations over all histograms: one row each for every histogram and set of extra labels. */
function calculate(
  subject: Subject,
  calculations: readonly { readonly extra: Readonly<Record<string, string>>; readonly by: Calculation }[],
): Block {
  const { env, block } = subject
  const groups = env.memo.of(GROUPS, block.labels, () => groupsOf(block.labels))
  const named = namesDropped(env, groups.labels)
  const labels = calculations.flatMap(({ extra }) =>
    Object.keys(extra).length === 0 ? named.labels : named.labels.map(each => withLabels(each, extra)),
  )
  const rows = calculations.length === 1 ? named.labels : labels
  const result = newBlock(env, rows, block.steps, named.dropsName && rows.map(() => true))
  for (let step = 0; step < block.steps; step += 1) {
    env.budget.check()
    const found = new HistogramStep(subject, groups, step)
    for (const [index, { by }] of calculations.entries()) {
      const cellOf = (group: number): number => (index * groups.labels.length + group) * block.steps + step
      for (const [group, histogram] of found.natives) {
        setFloat(result, cellOf(group), by.native(histogram, step, groups.labels[group] ?? []))
      }
      for (const [group, buckets] of found.buckets) {
        setFloat(result, cellOf(group), by.classic(buckets, step, groups.labels[group] ?? []))
      }
    }
  }
  return calculations.length === 1 && Object.keys(calculations[0]?.extra ?? {}).length > 0
    ? { ...result, labels }
    : result
}

/** Repairs of a whole query, told as one. */
class Repairs {
  #lowest = Number.POSITIVE_INFINITY
  #highest = Number.NEGATIVE_INFINITY
  #difference = 0
  #count = 0
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  add({ lowest, highest, difference }: Repair, timeMs: number): void {
    this.#lowest = Math.min(this.#lowest, lowest)
    this.#highest = Math.max(this.#highest, highest)
    this.#difference = Math.max(this.#difference, difference)
    this.#first = Math.min(this.#first, timeMs)
    this.#last = Math.max(this.#last, timeMs)
    this.#count += 1
  }

  tell({ env, argument }: Subject): void {
    if (this.#count === 0) return
    const bounds = `from ${formatShort(this.#lowest)} to ${formatShort(this.#highest)}`
    const times = `from ${new Date(this.#first).toISOString()} to ${new Date(this.#last).toISOString()}`
    env.notes.info(
      `counts of classic histograms fell from bucket to bucket and were raised: buckets ${bounds}, ` +
        `by ${formatShort(Number(this.#difference.toPrecision(2)))} at most, in ${this.#count} samples ${times}`,
      argument,
    )
  }
}

function quantileCalculation(
  subject: Subject,
  quantiles: Float64Array,
  grid: Grid,
  repairs: Repairs,
): Calculation {
  const { env, argument } = subject
  return {
    classic: (buckets, step) => {
      const { value, repaired } = bucketQuantile(quantiles[step] ?? Number.NaN, buckets)
      if (repaired?.isForced === true) repairs.add(repaired, timeAt(grid, step))
      return value
    },
    native: (histogram, step, labels) => {
      const { value, effect } = histogramQuantile(quantiles[step] ?? Number.NaN, histogram)
      if (effect !== 'none') {
        const what = effect === 'result' ? 'the quantile is NaN' : 'the quantile is too high'
        env.notes.info(`histograms${ofMetric(env, labels)} have observations that are NaN: ${what}`, argument)
      }
      return value
    },
  }
}

function checkQuantiles(env: Environment, quantiles: Float64Array, range: Range): void {
  for (const quantile of new Set(quantiles)) {
    if (!(quantile >= 0 && quantile <= 1)) badQuantile(env.notes, quantile, range)
  }
}

export function callQuantile(subject: Subject, quantiles: Float64Array, where: Range, grid: Grid): Block {
  checkQuantiles(subject.env, quantiles, where)
  const repairs = new Repairs()
  const by = quantileCalculation(subject, quantiles, grid, repairs)
  const result = calculate(subject, [{ extra: {}, by }])
  repairs.tell(subject)
  return result
}

/** The quantile as a label: floats show that they are ones. */
const quantileLabel = (quantile: number): string =>
  Number.isInteger(quantile) ? `${formatShort(quantile)}.0` : formatShort(quantile)

/** Several quantiles at once, each a series with its quantile as a label. */
export function callQuantiles(
  subject: Subject,
  label: string,
  all: readonly (readonly [quantiles: Float64Array, where: Range])[],
  grid: Grid,
): Block {
  const repairs = new Repairs()
  const calculations = all.map(([quantiles, where]) => {
    checkQuantiles(subject.env, quantiles, where)
    const extra = { [label]: quantileLabel(quantiles[0] ?? Number.NaN) }
    return { extra, by: quantileCalculation(subject, quantiles, grid, repairs) }
  })
  const result = calculate(subject, calculations)
  repairs.tell(subject)
  return result
}

export function callFraction(subject: Subject, lower: Float64Array, upper: Float64Array): Block {
  const { env, argument } = subject
  const by: Calculation = {
    classic: (buckets, step) => bucketFraction(lower[step] ?? Number.NaN, upper[step] ?? Number.NaN, buckets),
    native: (histogram, step, labels) => {
      const { value, hasNan } = histogramFraction(
        lower[step] ?? Number.NaN,
        upper[step] ?? Number.NaN,
        histogram,
      )
      if (hasNan) {
        env.notes.info(
          `histograms${ofMetric(env, labels)} have observations that are NaN: they belong to no fraction`,
          argument,
        )
      }
      return value
    },
  }
  return calculate(subject, [{ extra: {}, by }])
}
