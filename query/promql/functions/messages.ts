/** Texts of warnings and infos that several functions tell. */
import type { Notes } from '../model/annotations.ts'
import type { Range } from '../model/errors.ts'
import { formatShort } from '../numeric/numbers.ts'

const named = (metric: string): string => (metric === '' ? '' : ` of the metric ${JSON.stringify(metric)}`)

export function mixedTypes(notes: Notes, metric: string, range: Range): void {
  notes.warn(`left out series${named(metric)} that have floats and histograms in one range`, range)
}

export function mixedSchemas(notes: Notes, metric: string, range: Range): void {
  notes.warn(`left out histograms${named(metric)}: exponential and custom buckets cannot be combined`, range)
}

export function histogramsIgnored(notes: Notes, metric: string, range: Range): void {
  notes.info(`ignored the histograms${named(metric)} in ranges that have floats as well`, range)
}

export function notCounter(notes: Notes, metric: string, range: Range): void {
  notes.warn(`the histograms${named(metric)} are gauges, and the function is for counters`, range)
}

export function notGauge(notes: Notes, metric: string, range: Range): void {
  notes.warn(`the histograms${named(metric)} are counters, and the function is for gauges`, range)
}

export function boundsReconciled(notes: Notes, operation: string, range: Range): void {
  notes.info(
    `histograms with different custom bounds were reduced to common bounds in the ${operation}`,
    range,
  )
}

export function resetsCollide(notes: Notes, operation: string, range: Range): void {
  notes.warn(`histograms contradict each other about counter resets in the ${operation}`, range)
}

export function badQuantile(notes: Notes, quantile: number, range: Range): void {
  notes.warn(`a quantile must lie between 0 and 1, got ${formatShort(quantile)}`, range)
}

const COUNTER_SUFFIX = /_(?:total|sum|count|bucket)$/

export function maybeNoCounter(notes: Notes, metric: string, range: Range): void {
  if (metric === '' || COUNTER_SUFFIX.test(metric)) return
  notes.info(
    `the metric ${JSON.stringify(metric)} may not be a counter: its name does not end in _total, _sum, _count or _bucket`,
    range,
  )
}

export function ignoredInAggregation(notes: Notes, aggregation: string, range: Range): void {
  notes.info(`ignored histograms in the aggregation ${aggregation}`, range)
}

export function incompatibleTypes(
  notes: Notes,
  [left, operator, right]: readonly [string, string, string],
  range: Range,
): void {
  notes.info(`left out samples whose types do not fit the operator: ${left} ${operator} ${right}`, range)
}
