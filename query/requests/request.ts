/** A question about requests, typed: what `/api/v1/requests` reads from its parameters. */
import type { Identity } from '../../core/model/identity.ts'
import {
  integerParameter,
  invalid,
  knownParameters,
  multiple,
  type RawQuery,
  single,
} from '../http/parameters.ts'
import { parseWindow } from '../usage/window.ts'

/** What requests are grouped and filtered by, as columns of `request_energy`. */
export const REQUEST_DIMENSIONS = {
  service: 'Service',
  operation: 'Operation',
  kind: 'SpanKind',
  model: 'Model',
  account: 'Account',
  namespace: 'Namespace',
  workload: "if(WorkloadName = '', WorkloadId, WorkloadName)",
  workload_id: 'WorkloadId',
  host: 'Host',
  match: 'Match',
  trace: 'TraceId',
} as const
/** What requests can be grouped and filtered by. */
export type RequestDimension = keyof typeof REQUEST_DIMENSIONS
const NAMES = Object.keys(REQUEST_DIMENSIONS) as readonly RequestDimension[]

/** A question about requests, checked. */
export interface RequestsQuestion {
  readonly tenant: string
  /** Unix seconds, `[from, to)`, whole minutes. */
  readonly from: number
  readonly to: number
  readonly groupBy: readonly RequestDimension[]
  readonly filters: readonly { readonly dimension: RequestDimension; readonly value: string }[]
  readonly limit: number
}

const FILTERS_MAX = 50

/** @throws WattlineError `parameter_invalid` */
export function parseRequestsQuestion(
  query: RawQuery,
  { tenant }: Pick<Identity, 'tenant'>,
  nowSeconds: number,
): RequestsQuestion {
  knownParameters(query, ['window', 'group_by', 'filter', 'limit'])
  const groupBy = multiple(query, 'group_by')
    .flatMap(text => text.split(','))
    .map(text => text.trim())
  return {
    tenant,
    ...parseWindow(single(query, 'window') ?? '1h', nowSeconds),
    groupBy: [...new Set(groupBy.filter(text => text !== '').map(text => dimensionOf('group_by', text)))],
    filters: filtersOf(multiple(query, 'filter')),
    limit: integerParameter(query, 'limit', { min: 1, max: 10_000, absent: 1_000 }),
  }
}

function dimensionOf(parameter: string, text: string): RequestDimension {
  const found = NAMES.find(name => name === text)
  if (found === undefined) throw invalid(parameter, text, `one of ${NAMES.join(', ')}`)
  return found
}

/** `key:value`, one a parameter: operations may contain commas. */
function filtersOf(texts: readonly string[]): RequestsQuestion['filters'] {
  if (texts.length > FILTERS_MAX)
    throw invalid('filter', `${texts.length} pairs`, `at most ${FILTERS_MAX} pairs`)
  return texts.map(text => {
    const colon = text.indexOf(':')
    if (colon < 1) throw invalid('filter', text, 'key:value, such as service:cart')
    return { dimension: dimensionOf('filter', text.slice(0, colon)), value: text.slice(colon + 1) }
  })
}
