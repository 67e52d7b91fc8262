/** How many metrics one question is about. */
import { GnocchiError } from '../model/failure.ts'

const METRICS_MAX = 5_000

/** @throws GnocchiError for too many */
export function refuseMany(metrics: readonly unknown[]): void {
  if (metrics.length <= METRICS_MAX) return
  throw new GnocchiError(
    422,
    `The question is about ${metrics.length} metrics, at most ${METRICS_MAX} are possible. Narrow the search.`,
  )
}
