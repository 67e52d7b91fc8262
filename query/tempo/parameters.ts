/** Parameters of Tempo's API. Unknown ones are ignored, as Tempo does. */
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { integerParameter, invalid, type RawQuery, single } from '../http/parameters.ts'
import type { SearchWindow } from '../traces/conditions.ts'
import { goDuration } from '../traces/go-duration.ts'
import { namesWindow } from '../traces/names.ts'
import { parseTraceQl } from './parse.ts'
import type { TempoSearch } from './search.ts'
import type { SpanCondition, TraceQuery } from './traceql.ts'

/** Traces and spans of a search that does not say how many. */
const TRACES = 20
const SPANS_OF_SET = 3
const SPANS_OF_SET_MAX = 100
const TAGS_MAX = 50

/** @throws WattlineError `parameter_invalid` */
export function searchOf(query: RawQuery, nowMs: number): TempoSearch {
  const text = single(query, 'q') ?? ''
  return {
    query: text === '' ? byTags(query) : parseTraceQl(text),
    window: searchWindow(query, nowMs),
    limit: integerParameter(query, 'limit', { min: 1, max: FIXED_LIMITS.tracesFound, absent: TRACES }),
    spansOfSet: integerParameter(query, 'spss', { min: 1, max: SPANS_OF_SET_MAX, absent: SPANS_OF_SET }),
  }
}

/** `start` and `end`, unix seconds; by default the last three days. @throws WattlineError `parameter_invalid` */
export function searchWindow(query: RawQuery, nowMs: number): SearchWindow {
  const absent = namesWindow(nowMs)
  const toMs = secondsOf(query, 'end')
  const fromMs = secondsOf(query, 'start')
  return {
    toMs: toMs === undefined ? absent.toMs : (toMs + 1) * 1_000,
    fromMs: fromMs === undefined ? absent.fromMs : fromMs * 1_000,
  }
}

function secondsOf(query: RawQuery, name: string): number | undefined {
  const text = single(query, name) ?? ''
  if (text === '' || text === '0') return undefined
  if (/^\d{1,11}(\.\d+)?$/.test(text)) return Math.floor(Number(text))
  throw invalid(name, text, 'a time in unix seconds')
}

/** Searches of before TraceQL: `tags=name="a b" http.method=GET`, `minDuration`, `maxDuration`. */
function byTags(query: RawQuery): TraceQuery {
  const conditions = logfmt(single(query, 'tags') ?? '').map(
    ([name, value]): SpanCondition => ({
      kind: 'compare',
      ...tagCondition(name, value),
    }),
  )
  if (conditions.length > TAGS_MAX)
    throw invalid('tags', `${conditions.length} tags`, `at most ${TAGS_MAX} tags`)
  for (const [name, op] of [
    ['minDuration', '>='],
    ['maxDuration', '<='],
  ] as const) {
    const text = single(query, name) ?? ''
    if (text === '') continue
    const nano = goDuration(text)
    if (nano === undefined) throw invalid(name, text, 'a duration such as 100ms, 1.5s or 2m')
    const value = { kind: 'duration', value: Number(nano) } as const
    conditions.push({ kind: 'compare', field: { kind: 'intrinsic', name: 'duration' }, op, value })
  }
  const condition = conditions.reduce<SpanCondition>(
    (left, right) => (left.kind === 'always' ? right : { kind: 'and', left, right }),
    { kind: 'always', value: true },
  )
  return { spanset: { kind: 'filter', condition }, stages: [] }
}

function tagCondition(
  name: string,
  value: string,
): Omit<Extract<SpanCondition, { kind: 'compare' }>, 'kind'> {
  const text = { kind: 'text', value } as const
  if (name === 'error' || (name === 'status.code' && value === 'error'))
    return {
      field: { kind: 'intrinsic', name: 'status' },
      op: value === 'false' ? '!=' : '=',
      value: { kind: 'word', value: 'error' },
    }
  if (name === 'name') return { field: { kind: 'intrinsic', name: 'name' }, op: '=', value: text }
  if (name === 'root.name') return { field: { kind: 'intrinsic', name: 'rootName' }, op: '=', value: text }
  if (name === 'root.service.name')
    return { field: { kind: 'intrinsic', name: 'rootServiceName' }, op: '=', value: text }
  return { field: { kind: 'attribute', scope: 'any', name }, op: '=', value: text }
}

/** Pairs `key=value`, with values in quotes where they contain spaces. @throws WattlineError `parameter_invalid` */
function logfmt(text: string): readonly (readonly [string, string])[] {
  const PAIR = /\s*([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)\s*/y
  const pairs: (readonly [string, string])[] = []
  let at = 0
  while (at < text.length) {
    PAIR.lastIndex = at
    const [whole, key = '', value = ''] = PAIR.exec(text) ?? []
    if (whole === undefined)
      throw invalid('tags', text.slice(at), 'key=value, with " around values that contain spaces')
    pairs.push([key, value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value])
    at += whole.length
  }
  return pairs
}
