/** Parameters of a question for measures: `start`, `stop`, `granularity`, `aggregation`, `resample`, `fill`. */

import { type RawQuery, single } from '../../../http/parameters.ts'
import { spanMs, timestampMs } from '../../shared/times.ts'
import { argumentError } from '../model/failure.ts'
import { type AggregationMethod, methodOf } from '../model/methods.ts'
import { DEFAULT_GRANULARITIES } from '../model/policy.ts'
import type { MeasureBuckets } from './sql.ts'

/** Values are as they were asked for; undefined: not asked for. */
export interface SpanQuestion {
  readonly startMs: number | undefined
  readonly stopMs: number | undefined
  readonly granularityMs: number | undefined
}

/** @throws GnocchiError */
export function spanQuestion(query: RawQuery, nowMs: number): SpanQuestion {
  const time = (name: string): number | undefined => {
    const text = single(query, name)
    if (text === undefined || text === '') return undefined
    const ms = timestampMs(text, nowMs)
    if (ms === undefined) throw argumentError(name, 'Must be a datetime or a timestamp')
    return ms
  }
  return {
    startMs: time('start'),
    stopMs: time('stop'),
    granularityMs: askedSpan(single(query, 'granularity'), 'granularity'),
  }
}

/** A span of time that is above 0. */
export function askedSpan(text: string | undefined, name: string): number | undefined {
  if (text === undefined || text === '') return undefined
  const ms = spanMs(text)
  if (ms === undefined) throw argumentError(name, 'Unable to parse timespan')
  if (ms < 1) throw argumentError(name, 'Timespan must be positive')
  return ms
}

/** The method that is asked for; `mean` without one. */
export function aggregationOf(query: RawQuery, name = 'aggregation'): AggregationMethod | undefined {
  return methodOf(single(query, name) || 'mean')
}

/** Before the end of all times that points may have: one day from now. */
const FUTURE_MS = 86_400_000

/**
 * The buckets that are asked for, coarsest first. The start is the start of its bucket; without a granularity those of the
 * policy, each as far back as it says.
 */
export function askedBuckets(
  { startMs, stopMs, granularityMs }: SpanQuestion,
  nowMs: number,
): readonly MeasureBuckets[] {
  const toMs = stopMs ?? nowMs + FUTURE_MS
  const of = (bucketMs: number, earliestMs: number): MeasureBuckets => ({
    fromMs: Math.floor((startMs ?? earliestMs) / bucketMs) * bucketMs,
    toMs,
    bucketMs,
  })
  if (granularityMs !== undefined) return [of(granularityMs, 0)]
  return DEFAULT_GRANULARITIES.map(({ seconds, timespan }) => {
    const earliestMs = Math.max(0, nowMs - timespan * 1000)
    const buckets = of(seconds * 1000, earliestMs)
    return {
      ...buckets,
      fromMs: Math.max(buckets.fromMs, Math.floor(earliestMs / buckets.bucketMs) * buckets.bucketMs),
    }
  })
}
