/**
 * SQL that shares what workloads used in a minute over the spans that ran there, and gives what the table of requests lacks:
 * the rows as they should be less the rows as they are. The engine makes all of it; no row passes through JavaScript.
 */
import {
  REQUEST_AMOUNTS,
  REQUEST_COUNTS,
  REQUEST_KEYS,
  REQUEST_REASONS,
  requestEnergy,
  requestMinutes,
} from '../../core/model/streams/request-energy.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { bookingsOf, minuteWorkloadsStatement } from './bookings-statement.ts'
import { MATCH_RULES, type MatchRule, WEAK_RULE } from './match-rules.ts'
import { matchStatement } from './match-statement.ts'
import { sharedRows } from './share-statement.ts'
import {
  type MinutePart,
  ofTenants,
  runningSpans,
  sharedSpans,
  spanResourcesStatement,
} from './spans-statement.ts'
import type { TokenCarrier } from './tokens.ts'
import { carriersTable } from './tokens-statement.ts'

/** Qualified names of the tables. */
export interface RequestTables {
  readonly spans: string
  readonly ledger: string
  readonly requests: string
  readonly minutes: string
}

/** What of a configuration changes the rows. */
export interface SharingRules {
  /** Share of the traces that get rows of their own, in millionths. */
  readonly keptMillionths: number
  readonly rules: readonly MatchRule[]
}

/** As a configuration says it. */
export const sharingRules = (
  given: { readonly keptTraces?: number; readonly byServiceName?: boolean } = {},
): SharingRules => ({
  keptMillionths: Math.round((given.keptTraces ?? 1) * 1_000_000),
  rules: MATCH_RULES.filter(({ name }) => given.byServiceName !== false || name !== WEAK_RULE),
})

const KEYS = REQUEST_KEYS.map(({ name }) => name as string)
const COUNTS = REQUEST_COUNTS.map(({ name }) => name as string)
const AMOUNTS = REQUEST_AMOUNTS.map(({ name }) => name as string)
const ALL = [...KEYS, ...COUNTS, ...AMOUNTS]

const PART_KEY = "cityHash64(Tenant, Host, WorkloadKind, WorkloadId, if(WorkloadKind = '', Service, ''))"
const inPart = ({ parts, part }: MinutePart): string =>
  parts === 1 ? '' : ` AND ${PART_KEY} % ${parts} = ${part}`

/** What becomes of a span in the array of its workload; '' and 0 in what stands for no span at all. */
const ELEMENT = [
  ['Trace', "toFixedString('', 16)"],
  ['Id', "toFixedString('', 8)"],
  ['Service', "''"],
  ['Operation', "''"],
  ['SpanKind', "''"],
  ['Start', '0'],
  ['SelfNs', '1'],
  ['Match', "''"],
  ['Model', "''"],
  ['ModelPlace', "''"],
  ['Input', '0'],
  ['Output', '0'],
  ['Requests', '0'],
  ['Traces', '0'],
  ['Problem', "''"],
  ['Spans', '0'],
] as const
const at = (name: (typeof ELEMENT)[number][0]): string =>
  `E.${ELEMENT.findIndex(([one]) => one === name) + 1}`

/** Ties go by trace id and span id; by something else where spans share these. */
const IDENTITY = `(${at('Trace')}, ${at('Id')}, ${at('Start')}, cityHash64(${at('Service')}, ${at('Operation')}, ${at('SpanKind')}))`

/** Spans of the minute with the workload of each. */
function matchedSpans(tables: RequestTables, part: MinutePart, rules: readonly MatchRule[]): string {
  const tenants = ofTenants(part)
  return `
SELECT s.*, m.Host AS Host, m.WorkloadKind AS WorkloadKind, m.WorkloadId AS WorkloadId, m.Match AS Match, m.Problem AS Problem
FROM (${sharedSpans(tables.spans, part)}) AS s
LEFT JOIN (${matchStatement(spanResourcesStatement(tables.spans, part.minute, tenants), minuteWorkloadsStatement(tables.ledger, part.minute, tenants), rules)}) AS m
USING (Tenant, Service, Resource)`
}

/** Spans with the tokens that they carry. */
function spansWithTokens(spans: string, carriers: readonly TokenCarrier[]): string {
  if (carriers.length === 0) {
    return `SELECT *, '' AS Model, '' AS ModelPlace, toInt64(0) AS Input, toInt64(0) AS Output FROM (${spans})`
  }
  return `SELECT * FROM (${spans}) AS s LEFT JOIN (${carriersTable(carriers)}) AS c USING (Tenant, Trace, Id, SpanKind)`
}

/** A row for each workload, or service without one, and booking: its spans as an array, and the booking's amounts. */
function workloadRows(tables: RequestTables, part: MinutePart, spans: string): string {
  const element = ELEMENT.map(([name]) => {
    if (name === 'Spans') return '1'
    // A span counts in the minute in which it begins.
    if (name === 'Requests') return "toInt64(IsBegun AND (IsRoot OR SpanKind IN ('Server', 'Consumer')))"
    if (name === 'Traces') return 'toInt64(IsBegun AND IsRoot)'
    if (name === 'Input' || name === 'Output') return `if(IsBegun, ${name}, 0)`
    if (name === 'Model' || name === 'ModelPlace') return `if(IsBegun, ${name}, '')`
    return name
  })
  const none = `(${ELEMENT.map(([, value]) => value).join(', ')})`
  return `
SELECT *, if(WorkloadKind = '', [], arrayMap(E -> toUInt64(if(Busy = 0, toInt64(${at('Spans')} = 0), ${at('SelfNs')})), Elements)) AS Weights,
  arrayMap(E -> ${IDENTITY}, Elements) AS Identities,
  toUInt64(greatest(Busy, 1)) AS Weight
FROM (SELECT *, if(Busy = 0 AND WorkloadKind != '', arrayPushBack(Ran, ${none}), Ran) AS Elements
FROM (SELECT *, arraySum(E -> ${at('SelfNs')}, Ran) AS Busy
FROM (
  SELECT Tenant, Host, WorkloadKind, WorkloadId, if(WorkloadKind = '', Service, '') AS Loose,
    groupArray((${element.join(', ')})) AS Ran
  FROM (${spans})
  WHERE true${inPart(part)}
  GROUP BY Tenant, Host, WorkloadKind, WorkloadId, Loose
) AS s
FULL JOIN (SELECT *, '' AS Loose, '' AS Service FROM (${bookingsOf(tables.ledger, part.minute, ofTenants(part))}) WHERE true${inPart(part)}) AS b
USING (Tenant, Host, WorkloadKind, WorkloadId, Loose)))`
}

/** Rows as they should be, one for each span and booking. */
function targetRows(
  tables: RequestTables,
  part: MinutePart,
  carriers: readonly TokenCarrier[],
  sharing: SharingRules,
): string {
  const { keptMillionths } = sharing
  const spans = spansWithTokens(matchedSpans(tables, part, sharing.rules), carriers)
  const isKept =
    keptMillionths >= 1_000_000 ? 'true' : `cityHash64(${at('Trace')}) % 1000000 < ${keptMillionths}`
  const values: Readonly<Record<string, string>> = {
    WindowStart: `toDateTime(${part.minute}, 'UTC')`,
    Service: at('Service'),
    Operation: at('Operation'),
    SpanKind: at('SpanKind'),
    Match: at('Match'),
    TraceId: `if(WorkloadKind != '' AND ${at('Spans')} > 0 AND ${isKept}, lower(hex(${at('Trace')})), '')`,
    Model: at('Model'),
    ModelPlace: at('ModelPlace'),
    Reason: `multiIf(WorkloadKind = '', ${at('Problem')}, ${at('Spans')} = 0, concat(${quoteText(REQUEST_REASONS.noSpan)}, if(Reason = '', '', ','), Reason),
      Booking = 0, 'no_energy', Reason)`,
    Spans: `if(Booking > 1, 0, ${at('Spans')})`,
    Requests: `if(Booking > 1, 0, ${at('Requests')})`,
    Traces: `if(Booking > 1, 0, ${at('Traces')})`,
    SelfTimeNs: `if(Booking > 1 OR ${at('Spans')} = 0, 0, ${at('SelfNs')})`,
    InputTokens: `if(Booking > 1, 0, ${at('Input')})`,
    OutputTokens: `if(Booking > 1, 0, ${at('Output')})`,
    ...Object.fromEntries(AMOUNTS.map((name, index) => [name, `P.${index + 1}`])),
  }
  return `
SELECT Row, ${ALL.map(name => `${values[name] ?? name} AS R${name}`).join(',\n  ')}
FROM (
  SELECT *, cityHash64(Tenant, Host, WorkloadKind, WorkloadId, Loose, Account, Currency, IntensityKind) AS Row,
    if(WorkloadKind = '', arrayMap(e -> ${NO_AMOUNTS}, Elements), arrayZip(${AMOUNTS.map((_, index) => `Shares[${index + 1}]`).join(', ')})) AS Shared
  FROM (${sharedRows(workloadRows(tables, part, spans))})
)
ARRAY JOIN Elements AS E, Shared AS P`
}

const NO_AMOUNTS = `(${AMOUNTS.map(() => "CAST(NULL, 'Nullable(Int64)')").join(', ')})`

/** Rows that the table has, taken back. */
const takenBack = (tables: RequestTables, part: MinutePart): string =>
  `SELECT 0, ${[...KEYS, ...[...COUNTS, ...AMOUNTS].map(name => `-${name}`)].join(', ')} FROM ${tables.requests}
WHERE WindowStart = toDateTime(${part.minute}, 'UTC')${ofTenants(part)}${inPart(part)}`

const lastRevisions = (tables: RequestTables, part: MinutePart): string =>
  `SELECT Tenant AS KTenant, max(Revision) + 1 AS Next FROM ${tables.minutes}
WHERE WindowStart = toDateTime(${part.minute}, 'UTC')${ofTenants(part)} GROUP BY Tenant`

/** What tells rows of one workload and booking apart. */
const WITHIN_ROW = ['Service', 'Operation', 'SpanKind', 'Match', 'TraceId', 'Model', 'ModelPlace', 'Reason']
const SUMS = [...COUNTS, ...AMOUNTS].map(name => `sum(R${name}) AS S${name}`).join(', ')
const IS_ANYTHING = [...COUNTS, ...AMOUNTS].map(name => `ifNull(S${name}, 0) != 0`).join(' OR ')

/** Rows as they should be, each thing once. */
function wholeRows(target: string): string {
  const others = KEYS.filter(name => !WITHIN_ROW.includes(name)).map(name => `any(R${name}) AS K${name}`)
  const within = WITHIN_ROW.map(name => `R${name}`).join(', ')
  return `SELECT ${others.join(', ')}, ${WITHIN_ROW.map(name => `R${name} AS K${name}`).join(', ')}, ${SUMS}
  FROM (${target}) GROUP BY Row, ${within} HAVING ${IS_ANYTHING}`
}

/** Rows as they should be, less rows as they are. */
function correctedRows(target: string, taken: string): string {
  const keys = KEYS.map(name => `R${name}`).join(', ')
  // What is unknown and what is known are different things, and neither takes the other back.
  const unknown = AMOUNTS.map((name, index) => `isNull(R${name}) AS Unknown${index}`)
  return `SELECT ${KEYS.map(name => `R${name} AS K${name}`).join(', ')}, ${unknown.join(', ')}, ${SUMS}
  FROM (${target} UNION ALL ${taken})
  GROUP BY ${keys}, ${unknown.map((_, index) => `Unknown${index}`).join(', ')} HAVING ${IS_ANYTHING}`
}

/** What a minute's rows are made from, beside the tables. */
export interface MinuteFacts {
  /** Nothing was shared of this minute so far: there is nothing to take back. */
  readonly isFirst: boolean
  readonly carriers: readonly TokenCarrier[]
}

/** Rows that are to be appended, in the columns of records of `request_energy`. */
export function differencesStatement(
  tables: RequestTables,
  part: MinutePart,
  { isFirst, carriers }: MinuteFacts,
  sharing: SharingRules = sharingRules(),
): string {
  const target = targetRows(tables, part, carriers, sharing)
  const out = requestEnergy.columns.map(({ name }) => {
    if (name === 'EntryKind') return "if(Next = 0, 'original', 'correction') AS OutEntryKind"
    if (name === 'Revision') return 'toUInt32(Next) AS OutRevision'
    return KEYS.includes(name) ? `K${name} AS Out${name}` : `S${name} AS Out${name}`
  })
  return `
SELECT ${out.join(', ')}
FROM (${isFirst ? wholeRows(target) : correctedRows(target, takenBack(tables, part))}) AS d
LEFT JOIN (${lastRevisions(tables, part)}) AS r USING (KTenant)`
}

/** What is there of the minute, in the columns of records of `request_minutes`. To be asked before `differencesStatement`. */
export const receipts = (tables: RequestTables, part: MinutePart): string => {
  const range = { from: part.minute, to: part.minute + 60 }
  const values: Readonly<Record<string, string>> = {
    WindowStart: `toDateTime(${part.minute}, 'UTC')`,
    Revision: 'toUInt32(Next)',
    SpanRows: 'toInt64(sum(Spans))',
    LedgerEntries: 'toInt64(sum(Entries))',
  }
  return `
SELECT ${requestMinutes.columns.map(({ name }) => `${values[name] ?? 'KTenant'} AS Out${name}`).join(', ')}
FROM (
  SELECT Tenant AS KTenant, 1 AS Spans, 0 AS Entries FROM (${runningSpans(tables.spans, range, ['Tenant'], ofTenants(part))})
  UNION ALL
  SELECT Tenant, 0, count() FROM ${tables.ledger}
  WHERE WindowStart = toDateTime(${part.minute}, 'UTC') AND WorkloadKind != ''${ofTenants(part)} GROUP BY Tenant
) AS c
LEFT JOIN (${lastRevisions(tables, part)}) AS r USING (KTenant)
GROUP BY KTenant, Next
ORDER BY KTenant`
}
