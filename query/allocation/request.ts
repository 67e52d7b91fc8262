/** A question about allocations, checked: what `/allocation` reads from its parameters. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
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
import { type Condition, parseFilter } from './filter.ts'
import { OLD_FILTERS, oldFilters } from './old-filters.ts'
import { parseAggregate } from './properties.ts'
import {
  type AllocationWindow,
  allocationDuration,
  CALENDAR_STEPS,
  type CalendarStep,
  parseAllocationWindow,
  stepsOf,
} from './window.ts'

/** How an amount without an owner is shared: in proportion to what the others used, or equally. */
export type Sharing = 'none' | 'weighted' | 'even'

/** A question about allocations. */
export interface AllocationRequest {
  readonly tenant: string
  /** Accounts that the caller is limited to; null: all. */
  readonly accounts: readonly string[] | null
  readonly window: AllocationWindow
  /** Steps of the books' sums; idle energy is shared within each. */
  readonly steps: readonly AllocationWindow[]
  /** Width of a step, when all have one (the last may be shorter). */
  readonly stepSeconds: number | null
  /** Whether the answer has one set for the whole window. */
  readonly accumulate: boolean
  /** Words of `aggregate`; empty: one allocation for each container. */
  readonly aggregate: readonly string[]
  readonly includeIdle: boolean
  readonly idleByNode: boolean
  readonly shareIdle: Sharing
  /** What shared allocations are, and how they are shared. */
  readonly shared: Condition
  readonly shareSplit: Exclude<Sharing, 'none'>
  /** A monthly cost to share, in 1e-9 of the currency. */
  readonly shareCostNano: bigint
  readonly filter: Condition
  readonly offset: number
  readonly limit: number | null
  readonly includeMetadata: boolean
}

const FLAGS = ['true', 'false', '1', '0', 't', 'f', 'True', 'False', 'TRUE', 'FALSE', 'T', 'F'] as const
const ACCUMULATIONS = ['', 'none', 'all', ...CALENDAR_STEPS, ...FLAGS] as const
const PARAMETERS = [
  ...['window', 'aggregate', 'step', 'resolution', 'accumulate', 'accumulateBy', 'includeIdle', 'idle'],
  ...[
    'idleByNode',
    'shareIdle',
    'shareNamespaces',
    'shareLabels',
    'shareCost',
    'shareSplit',
    'shareTenancyCosts',
  ],
  ...['filter', ...OLD_FILTERS, 'offset', 'limit', 'includeAggregatedMetadata'],
  ...['includeProportionalAssetResourceCosts', 'sharelb', 'external', 'format'],
] as const

/** @throws WattlineError `parameter_invalid`, `forbidden` */
export function parseAllocationRequest(
  query: RawQuery,
  identity: Pick<Identity, 'tenant' | 'accounts'>,
  nowSeconds: number,
): AllocationRequest {
  knownParameters(query, PARAMETERS)
  if (identity.accounts !== null) assertOwnShares(query)
  const text = single(query, 'window')
  if (text === undefined) throw invalid('window', '', 'given: it is required, such as window=7d')
  wordParameter(query, 'format', ['json'], 'json')
  const window = parseAllocationWindow(text, nowSeconds)
  const step = stepOf(query, window)
  const accumulate = wordParameter(
    query,
    'accumulateBy',
    ACCUMULATIONS,
    wordParameter(query, 'accumulate', ACCUMULATIONS, 'false'),
  )
  const period = CALENDAR_STEPS.find(name => name === accumulate)
  checkResolution(query)
  const idle = flag(query, 'includeIdle') ?? flag(query, 'idle') ?? false
  return {
    tenant: identity.tenant,
    accounts: identity.accounts,
    window,
    steps: stepsOf(window, period ?? step),
    stepSeconds: period === undefined && typeof step === 'number' ? step : null,
    accumulate: accumulate === 'all' || isTrue(accumulate),
    aggregate: [...new Set(listOf(query, 'aggregate').map(parseAggregate))],
    includeIdle: idle,
    idleByNode: flag(query, 'idleByNode') ?? false,
    shareIdle: sharingOf(query, 'shareIdle'),
    shared: sharedOf(query),
    shareSplit: wordParameter(query, 'shareSplit', ['weighted', 'even'], 'weighted'),
    shareCostNano: nanoOf(single(query, 'shareCost')),
    filter: { and: [...multiple(query, 'filter').map(parseFilter), ...oldFilters(query)] },
    offset: integerParameter(query, 'offset', { min: 0, max: 1_000_000, absent: 0 }),
    limit:
      query['limit'] === undefined
        ? null
        : integerParameter(query, 'limit', { min: 1, max: 200_000, absent: 1 }),
    includeMetadata: flag(query, 'includeAggregatedMetadata') ?? false,
  }
}

/** What is shared by name, and in what proportion, would tell a caller limited to accounts what others used. */
function assertOwnShares(query: RawQuery): void {
  for (const name of ['shareNamespaces', 'shareLabels', 'shareCost'] as const) {
    if (multiple(query, name).every(text => text.trim() === '')) continue
    throw new WattlineError(
      'forbidden',
      `${name} depends on what other accounts used, and this token is limited to accounts. Leave it out, or use a token for the whole tenant.`,
    )
  }
}

const isTrue = (text: string): boolean => /^(true|1|t)$/i.test(text)

function flag(query: RawQuery, name: string): boolean | undefined {
  const text = single(query, name)
  return text === undefined || text === '' ? undefined : isTrue(wordParameter(query, name, FLAGS, 'false'))
}

const listOf = (query: RawQuery, name: string): readonly string[] =>
  multiple(query, name)
    .flatMap(text => text.split(','))
    .map(text => text.trim())
    .filter(text => text !== '')

function stepOf(query: RawQuery, window: AllocationWindow): number | CalendarStep {
  const text = single(query, 'step')
  if (text === undefined || text === '') return window.to - window.from
  const period = CALENDAR_STEPS.find(name => name === text)
  const seconds = allocationDuration(text)
  if (period !== undefined) return period
  if (seconds === undefined || seconds < 60 || seconds % 60 !== 0) {
    throw invalid('step', text, 'a duration of whole minutes, such as 30m, 1h or 1d, or day, week, month')
  }
  return seconds
}

/** The books are as fine as a minute whatever is asked for; nonsense is still refused. */
function checkResolution(query: RawQuery): void {
  const text = single(query, 'resolution')
  if (text === undefined || text === '' || (allocationDuration(text) ?? 0) > 0) return
  throw invalid('resolution', text, 'a duration, such as 1m')
}

function sharingOf(query: RawQuery, name: string): Sharing {
  const text = wordParameter(query, name, ['none', 'weighted', 'even', ...FLAGS], 'none')
  if (text === 'none' || text === 'weighted' || text === 'even') return text
  return isTrue(text) ? 'weighted' : 'none'
}

function sharedOf(query: RawQuery): Condition {
  const namespaces = listOf(query, 'shareNamespaces').map(
    (value): Condition => ({ field: 'namespace', key: '', comparison: 'is', value }),
  )
  const labels = listOf(query, 'shareLabels').map((text): Condition => {
    const colon = text.indexOf(':')
    if (colon < 1) throw invalid('shareLabels', text, 'key:value pairs, such as env:infrastructure')
    return { field: 'label', key: text.slice(0, colon), comparison: 'is', value: text.slice(colon + 1) }
  })
  return { or: [...namespaces, ...labels] }
}

/** Decimal text in 1e-9. */
function nanoOf(text: string | undefined): bigint {
  if (text === undefined || text === '') return 0n
  const found = /^(\d{1,12})(?:\.(\d{1,9})\d*)?$/.exec(text)
  if (found === null) throw invalid('shareCost', text, 'a monthly cost, such as 30.42')
  return BigInt(found[1]! + (found[2] ?? '').padEnd(9, '0'))
}
