/** Requests as questions: what each route reads from its parameters. */

import { EvaluationError } from '../pool/evaluation-error.ts'
import type { Question } from '../wire/messages.ts'
import { durationOf, invalidParameter, limitOf, type Parameters, timeOf } from './parameters.ts'

/** What questions take from the configuration and the clock. */
export interface Defaults {
  readonly nowMs: number
  readonly lookbackMs: number
}

/** Points of one series, as Prometheus limits them. */
const MOST_STEPS = 11_000

/** `query` */
export function instantQuestion(parameters: Parameters, defaults: Defaults): Question {
  return {
    kind: 'query',
    timeMs: timeOf(parameters, 'time', defaults.nowMs),
    ...evaluated(parameters, defaults),
  }
}

/** `query_range` */
export function rangeQuestion(parameters: Parameters, defaults: Defaults): Question {
  const startMs = timeOf(parameters, 'start')
  const endMs = timeOf(parameters, 'end')
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time')
  const stepMs = durationOf(parameters, 'step')
  if (stepMs <= 0) {
    throw invalidParameter(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    )
  }
  if ((endMs - startMs) / stepMs > MOST_STEPS) {
    throw new EvaluationError(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  }
  return { kind: 'query_range', startMs, endMs, stepMs, ...evaluated(parameters, defaults) }
}

function evaluated(parameters: Parameters, { lookbackMs }: Defaults) {
  const stats = parameters.text('stats')
  const asked = durationOf(parameters, 'lookback_delta', lookbackMs)
  return {
    text: parameters.text('query'),
    lookbackMs: asked > 0 ? asked : lookbackMs,
    limit: limitOf(parameters),
    stats: stats === '' ? ('none' as const) : stats === 'all' ? ('all' as const) : ('some' as const),
  }
}

/** Everything that is stored, when a request names no times. */
function rangeOf(parameters: Parameters, { nowMs }: Defaults): { startMs: number; endMs: number } {
  const startMs = timeOf(parameters, 'start', 0)
  // Senders' clocks may be ahead.
  const endMs = timeOf(parameters, 'end', nowMs + 3_600_000)
  if (endMs < startMs)
    throw new EvaluationError('bad_data', 'end timestamp must not be before start timestamp')
  return { startMs, endMs }
}

/** `series` */
export function seriesQuestion(parameters: Parameters, defaults: Defaults): Question {
  const match = parameters.all('match[]')
  if (match.length === 0) throw new EvaluationError('bad_data', 'no match[] parameter provided')
  return { kind: 'series', match, limit: limitOf(parameters), ...rangeOf(parameters, defaults) }
}

/** `labels` */
export const labelsQuestion = (parameters: Parameters, defaults: Defaults): Question => ({
  kind: 'labels',
  match: parameters.all('match[]'),
  limit: limitOf(parameters),
  ...rangeOf(parameters, defaults),
})

/** `label/NAME/values`; the name may be escaped, as `U__http_2e_route`. */
export function valuesQuestion(name: string, parameters: Parameters, defaults: Defaults): Question {
  const plain = unescapedName(name)
  if (plain === '') throw new EvaluationError('bad_data', `invalid label name: ${JSON.stringify(name)}`)
  return {
    kind: 'values',
    name: plain,
    match: parameters.all('match[]'),
    limit: limitOf(parameters),
    ...rangeOf(parameters, defaults),
  }
}

/** A name that was escaped for a path: `U__`, `_<hex>_` for a character, `__` for an underscore. */
export function unescapedName(name: string): string {
  if (!name.startsWith('U__')) return name
  const escaped = name.slice(3)
  let plain = ''
  for (let at = 0; at < escaped.length; ) {
    if (escaped[at] !== '_') {
      plain += escaped[at]
      at += 1
    } else if (escaped[at + 1] === '_') {
      plain += '_'
      at += 2
    } else {
      const end = escaped.indexOf('_', at + 1)
      const code = Number.parseInt(escaped.slice(at + 1, end), 16)
      // Not written by the escaping: the name is meant as it is.
      if (end < 0 || end - at > 7 || Number.isNaN(code) || code > 0x10ffff) return name
      plain += String.fromCodePoint(code)
      at = end + 1
    }
  }
  return plain
}

/** `query_exemplars` */
export function exemplarsQuestion(parameters: Parameters): Question {
  const startMs = timeOf(parameters, 'start')
  const endMs = timeOf(parameters, 'end')
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start timestamp')
  return { kind: 'exemplars', text: parameters.text('query'), startMs, endMs }
}

/** `metadata` */
export const metadataQuestion = (parameters: Parameters, { nowMs }: Defaults): Question => ({
  kind: 'metadata',
  metric: parameters.text('metric'),
  limit: limitOf(parameters),
  limitPerMetric: limitOf(parameters, 'limit_per_metric'),
  nowMs,
})

/** `federate` */
export function federateQuestion(parameters: Parameters, { nowMs, lookbackMs }: Defaults): Question {
  return { kind: 'federate', match: parameters.all('match[]'), timeMs: nowMs, lookbackMs }
}
