/**
 * SQL of restating carbon: the engine computes the corrections, in 256-bit integers, half to even, as `rate` would have rated
 * the entries by the intensities that are in force now.
 */
import { rational } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import { exactSum, ledger } from '../../core/model/streams/ledger.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import type { UnitCursor } from './dirty.ts'

/** Entries of one zone, `[from, to)` in seconds since the epoch, and the factors that hold in it: they cover it whole. */
export interface RestatedRange {
  readonly zone: string
  readonly from: number
  readonly to: number
  readonly factors: readonly Factor[]
}

/** Rows of one account on one host: the table lies in this order. */
export interface RestatedUnit {
  readonly Tenant: string
  readonly Account: string
  readonly Host: string
  readonly workloads: readonly (readonly [kind: string, id: string])[]
}

/** Reason of the entries that this makes. */
export const INTENSITY_REVISED = 'intensity_revised'

/** Columns that tell entries of one thing in one minute from others. */
const KEYS = [
  'Tenant',
  'Account',
  'Host',
  'WorkloadKind',
  'WorkloadId',
  'WindowStart',
  'Component',
  'Share',
] as const
/** Besides them, what a correction must have in common with the entry that it corrects. */
const DIMENSIONS = ['Zone', 'EnergyQuality', 'Pue', 'Currency'] as const
/** Taken as they are from an entry. */
const CARRIED = [
  'HostName',
  'WorkloadName',
  'Namespace',
  'Coverage',
  'EnergySource',
  'Method',
  'IdlePolicy',
  'Boundary',
  'Labels',
  'TariffVersion',
  'Reason',
] as const
/** A correction of carbon alone holds 0 of them; where an entry is taken back and booked again, all of it. */
const AMOUNTS = ['EnergyUj', 'CpuUs', 'MemoryByteSeconds', 'GpuUs'] as const
const PRICED = ['CarbonEmbodiedUg', 'CostEnergyNano', 'CostResourceNano'] as const

const rangeCondition = ({ zone, from, to }: RestatedRange): string =>
  `WindowStart >= toDateTime(${from}, 'UTC') AND WindowStart < toDateTime(${to}, 'UTC') ` +
  `AND Zone = ${quoteText(zone)} AND EnergyQuality != 'none'`

/** Factors as a table: when each begins, its version, kind, state, and its value as numerator and denominator. */
function factorTable({ factors, from }: RestatedRange): string {
  const rows = factors.map(({ validFrom, version, kind, state, value }) => {
    const { numerator, denominator } = rational(value)
    const start = Math.max(validFrom ?? 0, from)
    return `(${start}, ${[version, kind, state, `${numerator}`, `${denominator}`].map(quoteText).join(', ')})`
  })
  return (
    "SELECT toDateTime(f.1, 'UTC') AS FactorFrom, f.2 AS FactorVersion, f.3 AS FactorKind, f.4 AS FactorState, " +
    'toInt256(f.5) AS FactorNumerator, toInt256(f.6) AS FactorDenominator, 1 AS FactorOne ' +
    `FROM (SELECT arrayJoin([${rows.join(', ')}]) AS f)`
  )
}

/** Workloads after a place that have entries rated by another version than holds now, in the table's order, with how many. */
export const staleWorkloads = (
  table: string,
  range: RestatedRange,
  { after, limit }: { readonly after: UnitCursor | null; readonly limit: number },
): string => `
SELECT Tenant, Account, Host, WorkloadKind, WorkloadId, toUInt32(count()) AS Entries
FROM (SELECT Tenant, Account, Host, WorkloadKind, WorkloadId, WindowStart, IntensityVersion, 1 AS One
  FROM ${table} WHERE ${rangeCondition(range)} AND EntryKind = 'original'${afterCondition(after)}) AS l
ASOF LEFT JOIN (${factorTable(range)}) AS f ON l.One = f.FactorOne AND l.WindowStart >= f.FactorFrom
WHERE IntensityVersion != FactorVersion
GROUP BY Tenant, Account, Host, WorkloadKind, WorkloadId
ORDER BY Tenant, Account, Host, WorkloadKind, WorkloadId
LIMIT ${limit}`

const afterCondition = (after: UnitCursor | null): string =>
  after === null
    ? ''
    : ` AND (Tenant, Account, Host, WorkloadKind, WorkloadId) > (${after.map(quoteText).join(', ')})`

/** The corrections of a unit, in the columns of the ledger's records. */
export function corrections(table: string, range: RestatedRange, unit: RestatedUnit): string {
  const keys = KEYS.join(', ')
  const workloads = unit.workloads.map(([kind, id]) => `(${quoteText(kind)}, ${quoteText(id)})`).join(', ')
  const sums = [
    ...AMOUNTS.map(name => `${exactSum(name)} AS Sum${name}`),
    ...PRICED.map(name => `sum(${name}) AS Sum${name}`),
  ]
  return `
SELECT ${ledger.columns.map(({ name }) => `${expressionOf(name)} AS Out${name}`).join(',\n  ')}
FROM (
  SELECT *, ${TARGET} AS Target
  FROM (
    SELECT ${keys}, ${DIMENSIONS.join(', ')}, ${CARRIED.map(name => `any(${name}) AS Any${name}`).join(', ')},
      ${sums.join(', ')}, sum(CarbonOperationalUg) AS Carbon,
      argMax(IntensityVersion, Revision) AS Version, argMax(IntensityKind, Revision) AS Kind,
      argMax(IntensityState, Revision) AS State, max(Revision) AS Last, min(EntryId) AS First, 1 AS One
    FROM ${table}
    WHERE ${rangeCondition(range)} AND Tenant = ${quoteText(unit.Tenant)} AND Account = ${quoteText(unit.Account)}
      AND Host = ${quoteText(unit.Host)} AND (WorkloadKind, WorkloadId) IN (${workloads})
    GROUP BY ${keys}, ${DIMENSIONS.join(', ')}
  ) AS l
  ASOF LEFT JOIN (${factorTable(range)}) AS f ON l.One = f.FactorOne AND l.WindowStart >= f.FactorFrom
  WHERE Version != FactorVersion AND FactorVersion != ''
)
ARRAY JOIN if(Carbon IS NULL, [-1, 1], [toInt8(0)]) AS Sign
WHERE Carbon IS NULL OR Target != Carbon
ORDER BY ${keys}, Sign`
}

/** µg of the energy at the row's PUE and the factor, rounded half to even once, as `rate` does. */
const DENOMINATOR =
  "(toInt256(3600000) * FactorDenominator * toInt256(concat('1', repeat('0', length(extract(Pue, '\\\\.(.*)'))))))"
const NUMERATOR = "(toInt256(abs(SumEnergyUj)) * FactorNumerator * toInt256(replaceOne(Pue, '.', '')))"
const QUOTIENT = `intDiv(${NUMERATOR}, ${DENOMINATOR})`
const REST = `(${NUMERATOR} - ${QUOTIENT} * ${DENOMINATOR})`
const ROUNDED = `(${QUOTIENT} + if(${REST} * 2 > ${DENOMINATOR} OR (${REST} * 2 = ${DENOMINATOR} AND ${QUOTIENT} % 2 = 1), 1, 0))`
const TARGET = `toInt64(if(SumEnergyUj < 0, -${ROUNDED}, ${ROUNDED}))`

const REVISION = 'toUInt32(Last + if(Sign = 1, 2, 1))'

/** A column of a correction. Sign 0 corrects the carbon of an entry, -1 takes back one that had none, 1 books it again. */
function expressionOf(name: string): string {
  if ((KEYS as readonly string[]).includes(name) || (DIMENSIONS as readonly string[]).includes(name))
    return name
  if ((AMOUNTS as readonly string[]).includes(name)) return `toInt64(Sum${name} * Sign)`
  if ((PRICED as readonly string[]).includes(name)) return `Sum${name} * Sign`
  const special = SPECIAL[name]
  if (special !== undefined) return special
  if ((CARRIED as readonly string[]).includes(name)) return `Any${name}`
  throw new TypeError(`column ${name} of the ledger has no rule for corrections`)
}

const SPECIAL: Readonly<Record<string, string>> = {
  CarbonOperationalUg: 'if(Sign = -1, NULL, if(Sign = 1, Target, Target - Carbon))',
  IntensityVersion: 'if(Sign = -1, Version, FactorVersion)',
  IntensityKind: 'if(Sign = -1, Kind, FactorKind)',
  IntensityState: 'if(Sign = -1, State, FactorState)',
  EntryKind: "'correction'",
  Revision: REVISION,
  EntryId: `lower(hex(substring(SHA256(concat(First, '/', toString(${REVISION}))), 1, 16)))`,
  Reason:
    "if(Sign = 1, arrayStringConcat(arrayFilter(r -> r != 'no_intensity', splitByChar(',', AnyReason)), ','), AnyReason)",
  CorrectionReason: quoteText(INTENSITY_REVISED),
}
