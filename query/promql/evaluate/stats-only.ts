/** Selectors of whose histograms only count and sum are asked: buckets are not kept. */
import type { Expr } from '../syntax/ast.ts'

const NEEDS_NO_BUCKETS = ['histogram_count', 'histogram_sum', 'histogram_avg', 'timestamp', 'absent']
const NEEDS_BUCKETS = [
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
  'histogram_stddev',
  'histogram_stdvar',
  'changes',
]

/** Operators that look at buckets. */
const COMPARES_BUCKETS = ['==', '!=', '</', '>/']

/** Whether what stands around a selector, the innermost first, asks for no buckets. */
export function isStatsOnly(path: readonly Expr[]): boolean {
  let isStats = false
  for (const node of path.toReversed()) {
    // Resets between the samples of a subquery show in the buckets only.
    if (node.kind === 'subquery') return false
    if (node.kind === 'aggregation' && node.op === 'count_values') return false
    if (node.kind === 'binary' && COMPARES_BUCKETS.includes(node.op)) return false
    if (node.kind !== 'call') continue
    if (NEEDS_BUCKETS.includes(node.func)) return false
    isStats ||= NEEDS_NO_BUCKETS.includes(node.func)
  }
  return isStats
}
