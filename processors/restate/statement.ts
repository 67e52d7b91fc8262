/**
 * SQL of restating carbon: the engine computes the corrections, in 256-bit integers, half to even, as `rate` would have rated
 * the entries by the intensities that are in force now.
 */
import { rational } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import { larger } from '../../core/model/integers.ts'
import { exactSum, ledger } from '../../core/model/streams/ledger.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { PER_UJ_CARBON } from '../rate/prices.ts'
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
  /** Length of the longest PUE of their entries, in characters. */
  readonly pueDigits: number
}

/** Reason of the entries that this makes. */
export const INTENSITY_REVISED = 'intensity_revised'

/** Entries with these in common are corrected together, an hour at a time. */
const KEYS = [
  'Tenant',
  'Account',
  'Host',
  'WorkloadKind',
  'WorkloadId',
  'Component',
  'Share',
  'Zone',
  'EnergyQuality',
  'Pue',
  'Currency',
] as const
/** Taken as they are from one of the entries. */
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
  'CapacityUs',
  'OverBusy',
  'PueSource',
  'PueVersion',
  'EmbodiedVersion',
] as const
/** A correction of carbon alone holds 0 of them; where entries are taken back and booked again, all of it. */
const AMOUNTS = [
  'EnergyUj',
  'CpuUs',
  'MemoryByteSeconds',
  'GpuUs',
  'CpuRequestUs',
  'MemoryRequestByteSeconds',
  'GpuRequestUs',
  'IdleSharedUj',
  'IdleBeforeUj',
] as const
/** The same of amounts that may be unknown. */
const PRICED = ['EnergyErrorUj', 'CarbonEmbodiedUg', 'CostEnergyNano', 'CostResourceNano'] as const

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

const factorJoin = (range: RestatedRange): string =>
  `ASOF LEFT JOIN (${factorTable(range)}) AS f ON l.One = f.FactorOne AND l.WindowStart >= f.FactorFrom`

/** Entries, and corrections of before, by another version than holds now; not what was taken back, which has none. */
const stale = (table: string, range: RestatedRange, condition: string): string => `
FROM (SELECT Tenant, Account, Host, WorkloadKind, WorkloadId, WindowStart, IntensityVersion, EntryId, Pue, 1 AS One
  FROM ${table} WHERE ${rangeCondition(range)}${condition} AND (EntryKind = 'original' OR IntensityVersion != '')) AS l
${factorJoin(range)}
WHERE IntensityVersion != FactorVersion`

/** Which entries are stale: two answers are the same when the entries are. Corrections leave an entry as stale as it was. */
export const staleFingerprint = (table: string, range: RestatedRange): string =>
  `SELECT concat(toString(count()), '/', toString(groupBitXor(cityHash64(EntryId)))) AS fingerprint${stale(table, range, '')}`

/** Workloads after a place that have stale entries, in the table's order, with how many. */
export const staleWorkloads = (
  table: string,
  range: RestatedRange,
  { after, limit }: { readonly after: UnitCursor | null; readonly limit: number },
): string =>
  `SELECT Tenant, Account, Host, WorkloadKind, WorkloadId, toUInt32(count()) AS Entries,
  toUInt32(max(length(Pue))) AS PueDigits${stale(table, range, afterCondition(after))}
GROUP BY Tenant, Account, Host, WorkloadKind, WorkloadId
ORDER BY Tenant, Account, Host, WorkloadKind, WorkloadId
LIMIT ${limit}`

const afterCondition = (after: UnitCursor | null): string =>
  after === null
    ? ''
    : ` AND (Tenant, Account, Host, WorkloadKind, WorkloadId) > (${after.map(quoteText).join(', ')})`

/**
 * The corrections of a unit, in the columns of the ledger's records: for each thing and hour, or part of an hour in which one
 * factor holds, what its entries should sum to less what they do.
 */
export function corrections(table: string, range: RestatedRange, unit: RestatedUnit): string {
  const keys = KEYS.join(', ')
  const workloads = unit.workloads.map(([kind, id]) => `(${quoteText(kind)}, ${quoteText(id)})`).join(', ')
  const columns = [
    ...KEYS,
    ...CARRIED,
    ...AMOUNTS,
    ...PRICED,
    'CarbonOperationalUg',
    'WindowStart',
    'Revision',
    'EntryId',
    'EntryKind',
    'Reason',
  ]
  const unpriced = [
    ...AMOUNTS.map(name => `${exactSum(name, 'CarbonOperationalUg IS NULL')} AS Sum${name}`),
    ...PRICED.map(name => `sumIf(${name}, CarbonOperationalUg IS NULL) AS Sum${name}`),
  ]
  return `
SELECT ${ledger.columns.map(({ name }) => `${expressionOf(name)} AS Out${name}`).join(',\n  ')}
FROM (
  SELECT ${keys}, FactorFrom, toStartOfHour(WindowStart) AS Hour, min(WindowStart) AS Begin,
    any(FactorVersion) AS Version, any(FactorKind) AS Kind, any(FactorState) AS State,
    ${CARRIED.map(name => `any(${name}) AS Any${name}`).join(', ')}, ${unpriced.join(', ')},
    any(Reason) AS AnyReason, countIf(CostEnergyNano IS NOT NULL) > 0 AS HasCost,
    countIf(CarbonEmbodiedUg IS NOT NULL) > 0 AS HasEmbodied, countIf(EnergyErrorUj IS NOT NULL) > 0 AS HasError, countIf(CostResourceNano IS NOT NULL) > 0 AS HasResources,
    sum(${target(bitsFor(range, unit))}) - sum(ifNull(CarbonOperationalUg, 0)) AS Difference,
    max(Revision) AS Last, min(EntryId) AS First,
    SumEnergyUj != 0 OR (countIf(CarbonOperationalUg IS NULL AND EntryKind = 'original') > 0
      AND countIf(CarbonOperationalUg IS NULL AND EntryKind = 'correction') = 0) AS IsUnpriced
  FROM (SELECT ${columns.join(', ')}, 1 AS One
    FROM ${table}
    WHERE ${rangeCondition(range)} AND Tenant = ${quoteText(unit.Tenant)} AND Account = ${quoteText(unit.Account)}
      AND Host = ${quoteText(unit.Host)} AND (WorkloadKind, WorkloadId) IN (${workloads})) AS l
  ${factorJoin(range)}
  WHERE FactorVersion != ''
  GROUP BY ${keys}, FactorFrom, Hour
)
ARRAY JOIN if(IsUnpriced, [-1, 1], [toInt8(0)]) AS Sign
WHERE IsUnpriced OR Difference != 0
ORDER BY ${keys}, Begin, Sign`
}

/**
 * µg of an entry's energy at its PUE and the factor, rounded half to even once, as `rate` does; in integers of the given number of bits,
 * which must hold the product of all three. A share of idle energy takes its part of what all of that emits (core/model/shared-part.ts).
 */
function target(bits: 128 | 256): string {
  const wide = (value: string): string => `toInt${bits}(${value})`
  const decimals = "length(extract(Pue, '\\\\.(.*)'))"
  const denominator = `(${wide(`${PER_UJ_CARBON.denominator}`)} * ${wide('FactorDenominator')} * ${wide(`concat('1', repeat('0', ${decimals}))`)})`
  const carbonOf = (energy: string): string =>
    halfEven(
      `(${wide(`abs(${energy})`)} * ${wide('FactorNumerator')} * ${wide("replaceOne(Pue, '.', '')")})`,
      denominator,
      `sign(${energy})`,
    )
  const carbon = carbonOf('IdleSharedUj')
  const upTo = (energy: string): string =>
    halfEven(
      `(${wide(`abs(${carbon})`)} * ${wide(`abs(${energy})`)})`,
      `greatest(${wide('abs(IdleSharedUj)')}, ${wide('1')})`,
      `sign(${carbon}) * sign(${energy}) * sign(IdleSharedUj)`,
    )
  const share = `${upTo('(IdleBeforeUj + EnergyUj)')} - ${upTo('IdleBeforeUj')}`
  return `if(IdleSharedUj = 0, ${carbonOf('EnergyUj')}, ${share})`
}

/** Quotient of two texts of wide integers, neither below 0, as Int64 with the sign. */
function halfEven(numerator: string, denominator: string, sign: string): string {
  const quotient = `intDiv(${numerator}, ${denominator})`
  const twice = `(${numerator} - ${quotient} * ${denominator}) * 2`
  const isUp = `${twice} > ${denominator} OR (${twice} = ${denominator} AND ${quotient} % 2 = 1)`
  return `toInt64((${quotient} + (${isUp})) * ${sign})`
}

/** Division of 128 bits is several times faster than of 256, and nearly always enough. */
function bitsFor({ factors }: RestatedRange, { pueDigits }: RestatedUnit): 128 | 256 {
  const largest = factors.reduce((most, { value: { mantissa } }) => larger(most, mantissa), 0n)
  return 63 + largest.toString(2).length + pueDigits * BITS_A_DIGIT < 126 ? 128 : 256
}
const BITS_A_DIGIT = 3.33

const REVISION = 'toUInt32(Last + if(Sign = 1, 2, 1))'

/** A column of a correction. Sign 0 corrects the carbon of entries, -1 takes back what had none, 1 books it again. */
function expressionOf(name: string): string {
  const special = SPECIAL[name]
  if (special !== undefined) return special
  if ((KEYS as readonly string[]).includes(name)) return name
  if ((AMOUNTS as readonly string[]).includes(name)) return `toInt64(Sum${name} * Sign)`
  if ((CARRIED as readonly string[]).includes(name)) return `Any${name}`
  throw new TypeError(`column ${name} of the ledger has no rule for corrections`)
}

/** 0 where entries have a value, null where they have none; all of what is unpriced where that is booked again. */
const priced = (name: (typeof PRICED)[number], has: string): string =>
  `if(${has}, if(Sign = 0, 0, ifNull(Sum${name}, 0) * Sign), NULL)`

const SPECIAL: Readonly<Record<string, string>> = {
  WindowStart: 'Begin',
  CarbonOperationalUg: 'if(Sign = -1, NULL, toInt64(Difference))',
  EnergyErrorUj: priced('EnergyErrorUj', 'HasError'),
  CarbonEmbodiedUg: priced('CarbonEmbodiedUg', 'HasEmbodied'),
  CostEnergyNano: priced('CostEnergyNano', 'HasCost'),
  CostResourceNano: priced('CostResourceNano', 'HasResources'),
  IntensityVersion: "if(Sign = -1, '', Version)",
  IntensityKind: "if(Sign = -1, '', Kind)",
  IntensityState: "if(Sign = -1, '', State)",
  EntryKind: "'correction'",
  Revision: REVISION,
  EntryId: `lower(hex(substring(SHA256(concat(First, '/', toString(Begin), '/', toString(${REVISION}))), 1, 16)))`,
  Reason:
    "if(Sign = 1, arrayStringConcat(arrayFilter(r -> r != 'no_intensity', splitByChar(',', AnyReason)), ','), AnyReason)",
  CorrectionReason: quoteText(INTENSITY_REVISED),
}
