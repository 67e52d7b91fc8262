/** Parameters of questions over several metrics. */
import { type RawQuery, single } from '../../../http/parameters.ts'
import { askedBuckets, spanQuestion } from '../measures/question.ts'
import { argumentError } from '../model/failure.ts'
import type { Computation } from './compute.ts'
import { fillOf, type GapFill } from './grid.ts'

/** All but the operation. `fill`: what is filled in where neither that nor an overlap is asked for. */
export function computationOf(
  query: RawQuery,
  nowMs: number,
  defaults: { readonly fill: GapFill | undefined; readonly overlap: number },
): Omit<Computation, 'operation'> {
  const question = spanQuestion(query, nowMs)
  const overlap = overlapOf(query)
  const text = single(query, 'fill')
  const fill = text === undefined || text === '' ? undefined : fillOf(text)
  if (fill === undefined && text)
    throw argumentError(
      'fill',
      "Must be a float, 'dropna', 'null', 'ffill', 'bfill', 'full_ffill' or 'full_bfill'",
    )
  return {
    buckets: askedBuckets(question, nowMs),
    fill: fill ?? (overlap === undefined ? defaults.fill : undefined),
    overlap: overlap ?? defaults.overlap,
    isFrom: question.startMs !== undefined,
    isTo: question.stopMs !== undefined,
  }
}

function overlapOf(query: RawQuery): number | undefined {
  const text = single(query, 'needed_overlap')
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (Number.isNaN(value)) throw argumentError('needed_overlap', 'Must be a number')
  return value
}
