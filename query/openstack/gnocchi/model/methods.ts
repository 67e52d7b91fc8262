/** Aggregation methods: how the measures of one bucket of time become one. */

const SIMPLE = ['mean', 'sum', 'last', 'max', 'min', 'std', 'median', 'first', 'count'] as const
/** A method without a parameter. */
type SimpleMethod = (typeof SIMPLE)[number]

/** A method, read. */
export interface AggregationMethod {
  /** As it was named. */
  readonly name: string
  /** Of differences between successive measures. */
  readonly isRate: boolean
  readonly of: SimpleMethod | 'percentile'
  /** Of percentiles: 1 to 99. */
  readonly percent: number
}

/** Every method's name. */
export const METHOD_NAMES: readonly string[] = [
  ...SIMPLE,
  ...Array.from({ length: 99 }, (_, index) => `${index + 1}pct`),
].flatMap(name => [name, `rate:${name}`])

/** Undefined for an unknown one. */
export function methodOf(name: string): AggregationMethod | undefined {
  const [, rate, plain = ''] = /^(rate:)?(.*)$/.exec(name) ?? []
  const isRate = rate !== undefined
  const percentile = /^([1-9]\d?)pct$/.exec(plain)
  if (percentile !== null) return { name, isRate, of: 'percentile', percent: Number(percentile[1]) }
  const of = SIMPLE.find(one => one === plain)
  return of === undefined ? undefined : { name, isRate, of, percent: 0 }
}
