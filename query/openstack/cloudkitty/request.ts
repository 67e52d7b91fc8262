/** Reads the parameters of CloudKitty's API. */
import type { Identity } from '../../../core/model/identity.ts'
import { multiple, type RawQuery, single } from '../../http/parameters.ts'
import type { TimeStep, UsageDimension } from '../../usage/request.ts'
import { timestampMs } from '../shared/times.ts'
import { badRequest } from './failure.ts'

/** A question for rated usage. Times are unix seconds, whole minutes, `[from, to)`. */
export interface RatedQuestion {
  readonly identity: Identity
  readonly from: number
  readonly to: number
  readonly filters: readonly { readonly dimension: UsageDimension; readonly value: string }[]
  /** Names of types; empty: all. */
  readonly types: readonly string[]
}

/** Attributes of CloudKitty and of the ledger by the dimension that they are. */
export const DIMENSION_OF: Readonly<Record<string, UsageDimension>> = {
  project_id: 'account',
  tenant_id: 'account',
  id: 'workload_id',
  resource_id: 'workload_id',
  name: 'workload',
  namespace: 'namespace',
  kind: 'kind',
  host: 'host',
  zone: 'zone',
  currency: 'currency',
}

/** A grouping by time. */
export interface TimeGroup {
  readonly step: TimeStep
  /** Column with the name of the period; undefined: rows say when they begin and end. */
  readonly column?: string
  readonly labelOf: (seconds: number) => string
}

const DAY_S = 86_400
const dayOfYear = (seconds: number): number =>
  Math.floor(seconds / DAY_S) -
  Math.floor(Date.UTC(new Date(seconds * 1000).getUTCFullYear(), 0, 1) / 86_400_000)

/** Groupings by time: `time` by the hour, the others as CloudKitty numbers days, weeks, months and years (UTC). */
const TIME_GROUPS: Readonly<Record<string, TimeGroup>> = {
  time: { step: 3_600, labelOf: String },
  'time-d': { step: DAY_S, column: 'day_of_the_year', labelOf: at => String(dayOfYear(at) + 1) },
  'time-w': { step: DAY_S, column: 'week_of_the_year', labelOf: at => weekOfYear(at) },
  'time-m': { step: 'month', column: 'month', labelOf: at => String(new Date(at * 1000).getUTCMonth() + 1) },
  'time-y': { step: 'month', column: 'year', labelOf: at => String(new Date(at * 1000).getUTCFullYear()) },
}

/** Weeks begin on Sunday; days before the first Sunday are in week 0. */
function weekOfYear(seconds: number): string {
  const weekday = new Date(seconds * 1000).getUTCDay()
  return String(Math.floor((dayOfYear(seconds) + 7 - weekday) / 7)).padStart(2, '0')
}

/** How rows of a summary are grouped. */
export interface SummaryGrouping {
  /** Columns in their order: attributes, `type`. */
  readonly columns: readonly string[]
  readonly time: TimeGroup | null
}

/** @throws CloudKittyError for an attribute that the ledger does not have */
export function groupingOf(query: RawQuery): SummaryGrouping {
  const names = [...new Set(listOf(query, 'groupby'))]
  const times = names.filter(name => Object.hasOwn(TIME_GROUPS, name))
  if (times.length > 1) throw badRequest(`Group by one of ${times.join(', ')}.`)
  const columns = names.filter(name => !times.includes(name))
  for (const name of columns) {
    if (name === 'type' || Object.hasOwn(DIMENSION_OF, name)) continue
    const known = ['type', ...Object.keys(DIMENSION_OF), ...Object.keys(TIME_GROUPS)].join(', ')
    throw badRequest(`Cannot group by ${name.slice(0, 100)}. Use ${known}.`)
  }
  return { columns, time: times[0] === undefined ? null : TIME_GROUPS[times[0]]! }
}

/** Values that are given several times, or in one text with commas. */
const listOf = (query: RawQuery, name: string): readonly string[] =>
  multiple(query, name)
    .flatMap(text => text.split(','))
    .filter(text => text !== '')

/** Widest window: more than the ledger keeps. */
const WIDEST_S = 731 * DAY_S

/** Window and filters. @throws CloudKittyError */
export function ratedQuestion(query: RawQuery, identity: Identity, nowMs: number): RatedQuestion {
  const now = new Date(nowMs)
  const month = (later: number): number => Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + later, 1) / 1000
  const from = timeOf(query, 'begin') ?? month(0)
  const to = timeOf(query, 'end') ?? month(1)
  if (to - from > WIDEST_S) throw badRequest('begin and end are more than 731 days apart.')
  const filters: { dimension: UsageDimension; value: string }[] = []
  const types: string[] = []
  for (const token of listOf(query, 'filters')) {
    const place = token.indexOf(':')
    if (place < 0)
      throw badRequest(`Invalid data 'filters': invalid key:value association ${token.slice(0, 100)}`)
    const [name, value] = [token.slice(0, place), token.slice(place + 1)]
    const dimension = Object.hasOwn(DIMENSION_OF, name) ? DIMENSION_OF[name] : undefined
    if (name === 'type') types.push(value)
    else if (dimension !== undefined) filters.push({ dimension, value })
    else
      throw badRequest(
        `Cannot filter by ${name.slice(0, 100)}. Use type, ${Object.keys(DIMENSION_OF).join(', ')}.`,
      )
  }
  return { identity, from, to: Math.max(from, to), filters, types }
}

function timeOf(query: RawQuery, name: string): number | undefined {
  const text = single(query, name)
  if (text === undefined || text === '') return undefined
  const ms = timestampMs(text, 0)
  if (ms === undefined || !text.includes('-'))
    throw badRequest(`Invalid data '${name}': ${text.slice(0, 100)} is not a time in ISO 8601.`)
  return Math.floor(ms / 60_000) * 60
}

/** Which rows of the answer to send. */
export interface RowPage {
  readonly offset: number
  readonly limit: number
}

/** @throws CloudKittyError */
export function askedPage(query: RawQuery): RowPage {
  const whole = (name: string, least: number, absent: number): number => {
    const text = single(query, name)
    if (text === undefined || text === '') return absent
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least)
      throw badRequest(`Invalid data '${name}': value must be at least ${least}`)
    return value
  }
  return { offset: whole('offset', 0, 0), limit: whole('limit', 1, 100) }
}
