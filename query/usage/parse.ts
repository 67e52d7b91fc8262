/** Parses URL parameters into a typed question. Errors list the known values. */
import type { Identity } from '../../core/model/identity.ts'
import {
  integerParameter,
  invalid,
  knownParameters,
  multiple,
  type RawQuery,
  single,
  wordParameter,
} from '../http/parameters.ts'
import {
  DIMENSION_NAMES,
  IDLE_SHARING,
  type TimeStep,
  type UsageDimension,
  type UsageRequest,
} from './request.ts'
import { durationSeconds, parseWindow } from './window.ts'

const PARAMETERS = ['window', 'group_by', 'filter', 'step', 'include_idle', 'share_idle', 'limit'] as const

const FILTERS_MAX = 50
/** Steps of one answer: more than a chart can show. */
const STEPS_MAX = 11_000

/** @throws WattlineError `parameter_invalid` */
export function parseUsageRequest(
  query: RawQuery,
  identity: Pick<Identity, 'tenant' | 'accounts'>,
  nowSeconds: number,
  operatorAccount: string,
): UsageRequest {
  knownParameters(query, PARAMETERS)
  const window = parseWindow(single(query, 'window') ?? '1h', nowSeconds)
  return {
    tenant: identity.tenant,
    accounts: identity.accounts,
    ...window,
    groupBy: parseGroupBy(multiple(query, 'group_by')),
    filters: parseFilters(multiple(query, 'filter')),
    step: parseStep(single(query, 'step'), window.to - window.from),
    includeIdle: wordParameter(query, 'include_idle', ['true', 'false'], 'true') === 'true',
    operatorAccount,
    idleSharing: wordParameter(query, 'share_idle', IDLE_SHARING, 'booked'),
    limit: integerParameter(query, 'limit', { min: 1, max: 10_000, absent: 1_000 }),
  }
}

const list = (texts: readonly string[]): readonly string[] =>
  texts.flatMap(text => text.split(',')).flatMap(text => (text.trim() === '' ? [] : [text.trim()]))

function parseDimension(parameter: string, text: string): UsageDimension {
  const found = DIMENSION_NAMES.find(name => name === text)
  if (found === undefined) throw invalid(parameter, text, `one of ${DIMENSION_NAMES.join(', ')}`)
  return found
}

const parseGroupBy = (texts: readonly string[]): readonly UsageDimension[] => [
  ...new Set(list(texts).map(text => parseDimension('group_by', text))),
]

/** `key:value`, several as a comma list or as several parameters; values may hold colons. */
function parseFilters(texts: readonly string[]): UsageRequest['filters'] {
  const filters = list(texts).map(text => {
    const colon = text.indexOf(':')
    if (colon < 1) throw invalid('filter', text, 'key:value, such as account:shop')
    return { dimension: parseDimension('filter', text.slice(0, colon)), value: text.slice(colon + 1) }
  })
  if (filters.length > FILTERS_MAX) {
    throw invalid('filter', `${filters.length} pairs`, `at most ${FILTERS_MAX} pairs`)
  }
  return filters
}

function parseStep(text: string | undefined, widthSeconds: number): TimeStep | null {
  if (text === undefined || text === '') return null
  if (text === 'month') return 'month'
  const step = durationSeconds(text) ?? (/^\d{1,8}$/.test(text) ? Number(text) : Number.NaN)
  if (!(step >= 60) || step % 60 !== 0) {
    throw invalid('step', text, 'whole minutes, such as 1m, 1h, 1d or 3600, or month')
  }
  if (widthSeconds / step > STEPS_MAX) {
    throw invalid('step', text, `wide enough: at most ${STEPS_MAX} steps in the window`)
  }
  return step
}
