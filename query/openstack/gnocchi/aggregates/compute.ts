/** Reads the measures that operations name, and evaluates these. */
import type { FencedReader } from '../../../fence/fenced-reader.ts'
import { measureTime } from '../../shared/times.ts'
import type { Measures } from '../measures/read.ts'
import { readMeasures } from '../measures/read.ts'
import type { MeasureBuckets } from '../measures/sql.ts'
import { GnocchiError } from '../model/failure.ts'
import { methodOf } from '../model/methods.ts'
import type { GnocchiMetric } from '../model/resource.ts'
import { evaluateOperation } from './evaluate.ts'
import { type GapFill, isDropped, type MeasureGrid, measureGrid } from './grid.ts'
import type { MeasureOperation, Reference } from './operations.ts'

/** A metric that operations name. */
export interface NamedMetric {
  readonly metric: GnocchiMetric
  readonly reference: Reference
}

/** What is computed, and of which time. */
export interface Computation {
  readonly operation: MeasureOperation
  /** Coarsest first. */
  readonly buckets: readonly MeasureBuckets[]
  readonly fill: GapFill | undefined
  /** Percent of the times that all metrics must have, where nothing is filled in. */
  readonly overlap: number
  readonly isFrom: boolean
  readonly isTo: boolean
}

/** A measure in an answer: time, granularity in seconds, value. */
export type ShownMeasure = readonly [time: string, granularity: number, value: number | null]

/** The result: measures of what metrics have become, or of each of them. */
export type Computed =
  | { readonly kind: 'aggregated'; readonly measures: readonly ShownMeasure[] }
  | { readonly kind: 'single'; readonly ofMetrics: readonly (readonly ShownMeasure[])[] }

/** @throws GnocchiError, WattlineError */
export async function compute(
  reader: FencedReader,
  tenant: string,
  named: readonly NamedMetric[],
  computation: Computation,
): Promise<Computed> {
  const single = named.map((): ShownMeasure[] => [])
  const aggregated: ShownMeasure[] = []
  let isAggregated = false
  for (const buckets of computation.buckets) {
    const measures = await readNamed(reader, tenant, named, buckets)
    const references = named.map(({ reference }) => reference)
    const grid = measureGrid({ bucketMs: buckets.bucketMs, measures, references }, computation)
    const result = evaluateOperation(computation.operation, grid)
    isAggregated ||= result.isAggregated
    for (const [index, column] of result.columns.entries()) {
      const shown = shownMeasures(result, column.values, isDropped(computation.fill))
      single[column.origin]!.push(...shown)
      if (index === 0) aggregated.push(...shown)
    }
  }
  return isAggregated ? { kind: 'aggregated', measures: aggregated } : { kind: 'single', ofMetrics: single }
}

/** Metrics that are aggregated alike are read together. */
async function readNamed(
  reader: FencedReader,
  tenant: string,
  named: readonly NamedMetric[],
  buckets: MeasureBuckets,
): Promise<readonly Measures[]> {
  const found: Measures[] = []
  for (const [name, some] of Map.groupBy(named.entries(), ([, { reference }]) => reference.method)) {
    const method = methodOf(name)
    if (method === undefined)
      throw new GnocchiError(404, {
        cause: 'Metrics with unknown aggregation',
        detail: some.slice(0, 10).map(([, { metric }]) => [metric.id, name.slice(0, 100)]),
      })
    const metrics = some.map(([, { metric }]) => metric)
    const read = await readMeasures(reader, tenant, metrics, method, buckets)
    for (const [place, [index]] of some.entries()) found[index] = read[place]!
  }
  return found
}

function shownMeasures(
  { times, bucketMs }: MeasureGrid,
  values: Float64Array,
  isDroppedToo: boolean,
): readonly ShownMeasure[] {
  const shown: ShownMeasure[] = []
  for (const [at, value] of values.entries()) {
    const isNumber = Number.isFinite(value)
    if (isNumber || !isDroppedToo)
      shown.push([measureTime(times[at]!), bucketMs / 1000, isNumber ? value : null])
  }
  return shown
}
