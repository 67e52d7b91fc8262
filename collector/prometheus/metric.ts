/** Prometheus metrics in the form that `MetricsWriter` accepts. */

/** In the order in which they are stored. */
export type ResourceAttributes = readonly (readonly [key: string, value: string])[]

/** Names of Prometheus, in the order of their numbers in remote write (MetricMetadata.type, Metadata.type). */
export const METRIC_TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
] as const
/** Type of a metric family; `unknown` if the sender does not say. */
export type MetricType = (typeof METRIC_TYPES)[number]

/** Name and metadata of a metric family; `help` and `unit` are '' when unknown. */
export interface MetricHead {
  readonly name: string
  readonly type: MetricType
  readonly help: string
  readonly unit: string
}

/** Form of a point: see the table at `MetricsWriter`. */
export type PointShape = 'number' | 'classic' | 'native' | 'quantiles'

/** Buckets from index `offset` on, with the indexes of OTLP: bucket i contains (base^i, base^(i+1)]. */
export interface DenseBuckets {
  readonly offset: number
  readonly counts: readonly number[]
}

/** Integer counts up to 2^53. */
export interface DenseHistogram {
  readonly count: number
  readonly sum: number
  /** Equal to OTLP's scale: base = 2^(2^-schema). */
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly positive: DenseBuckets
  readonly negative: DenseBuckets
  /** Null: the counts are whole. */
  readonly exact: ExactBuckets | null
}

/** Counts of a float histogram as they are: of each bucket, in the same places as in its integer form. */
export interface ExactBuckets {
  readonly count: number
  readonly zeroCount: number
  /** Of a histogram with explicit bounds: all buckets. */
  readonly positive: readonly number[]
  readonly negative: readonly number[]
}

/** Why OTLP cannot represent these buckets of a classic histogram; undefined when it can. */
export function classicProblem(bounds: readonly number[], cumulative: readonly number[]): string | undefined {
  if (cumulative.length !== bounds.length + 1) return 'the buckets do not fit their bounds'
  let before = Number.NEGATIVE_INFINITY
  for (const bound of bounds) {
    if (!(bound > before) || bound === Number.POSITIVE_INFINITY)
      return 'the bounds are not in ascending order'
    before = bound
  }
  let count = 0
  for (const next of cumulative) {
    if (!(next >= count)) return 'the cumulative counts decrease'
    count = next
  }
  return count > Number.MAX_SAFE_INTEGER ? 'the count exceeds 2^53' : undefined
}
