/** Parameters of Jaeger's query API. Unknown ones are ignored, as Jaeger does. */
import type { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { invalid, multiple, type RawQuery, single } from '../http/parameters.ts'
import { goDuration } from '../traces/go-duration.ts'
import type { JaegerSearch } from './requests.ts'

/** @throws WattlineError `parameter_invalid` */
export function jaegerSearch(query: RawQuery): JaegerSearch {
  return {
    service: single(query, 'service') ?? '',
    operation: single(query, 'operation') ?? '',
    attributes: tagsOf(query),
    startNano: timeParameter(query, 'start') * 1_000n,
    endNano: timeParameter(query, 'end') * 1_000n,
    minDurationNano: durationOf(query, 'minDuration'),
    maxDurationNano: durationOf(query, 'maxDuration'),
    depth: depthOf(query, 'limit'),
  }
}

/** The same with the names and formats of version 3. @throws WattlineError `parameter_invalid` */
export function searchOfV3(query: RawQuery): JaegerSearch {
  const text = (name: string): string => either(query, name) ?? ''
  return {
    service: text('service_name'),
    operation: text('operation_name'),
    attributes: jsonTags('query.attributes', text('attributes')),
    startNano: isoTimeOf('query.start_time_min', text('start_time_min')),
    endNano: isoTimeOf('query.start_time_max', text('start_time_max')),
    minDurationNano: nanosOf('query.duration_min', text('duration_min')),
    maxDurationNano: nanosOf('query.duration_max', text('duration_max')),
    depth: depthOf({ depth: either(query, 'search_depth') ?? either(query, 'num_traces') }, 'depth'),
  }
}

/** Clients write `query.service_name` or `query.serviceName`. */
function either(query: RawQuery, name: string): string | undefined {
  const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
  return single(query, `query.${name}`) ?? single(query, `query.${camel}`)
}

/** Microseconds or milliseconds, as the parameter has them; 0n when absent. @throws WattlineError `parameter_invalid` */
export function timeParameter(query: RawQuery, name: string): bigint {
  const text = single(query, name) ?? ''
  if (text === '') return 0n
  if (/^\d{1,16}$/.test(text)) return BigInt(text)
  throw invalid(name, text, 'a time: a number of microseconds, or of milliseconds for endTs and lookback')
}

const durationOf = (query: RawQuery, name: string): bigint => nanosOf(name, single(query, name) ?? '')

function nanosOf(name: string, text: string): bigint {
  if (text === '') return 0n
  const nano = goDuration(text)
  if (nano === undefined) throw invalid(name, text, 'a duration such as 100ms, 1.5s or 2m')
  return nano
}

function isoTimeOf(name: string, text: string): bigint {
  if (text === '') return 0n
  const ms = Date.parse(text)
  if (Number.isNaN(ms) || ms < 0) throw invalid(name, text, 'a time such as 2026-11-30T12:00:00Z')
  return BigInt(ms) * 1_000_000n
}

function depthOf(query: RawQuery, name: string): number {
  const text = single(query, name) ?? ''
  if (text === '') return 0
  const depth = Number(text)
  if (!Number.isInteger(depth) || depth < 1) throw invalid(name, text, 'a number of traces')
  return depth
}

/** `tag=key:value`, several times, and `tags={"key":"value"}`. */
function tagsOf(query: RawQuery): JaegerSearch['attributes'] {
  const pairs = multiple(query, 'tag').map((text): readonly [string, string] => {
    const colon = text.indexOf(':')
    if (colon < 1) throw invalid('tag', text, 'key:value')
    return [text.slice(0, colon), text.slice(colon + 1)]
  })
  const tags = [...pairs, ...multiple(query, 'tags').flatMap(text => jsonTags('tags', text))]
  if (tags.length > TAGS_MAX) throw invalid('tags', `${tags.length} tags`, `at most ${TAGS_MAX} tags`)
  return tags
}

const TAGS_MAX = 50

function jsonTags(name: string, text: string): JaegerSearch['attributes'] {
  if (text === '') return []
  const wrong = (): WattlineError => invalid(name, text, 'a JSON object of texts, such as {"error":"true"}')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw wrong()
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw wrong()
  return Object.entries(parsed).map(([key, value]): readonly [string, string] => {
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw wrong()
    return [key, String(value)]
  })
}
