/**
 * SQL of restating carbon: the engine computes the corrections, in 256-bit integers, half to even, as `rate` would have rated
 * the entries by the intensities that are in force now.
 */
import { rational } from '../../core/model/decimal.ts'
import type { Factor } from '../../core/model/factor.ts'
import { exactSum, ledger } from '../../core/model/streams/ledger.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { bitsFor, carbonOf, sharedCarbonOf } from './carbon-sql.ts'
import type { UnitCursor } from './dirty.ts'

/** Entries of one zone, `[from, to)` in seconds since the epoch, and the factors that hold in it: they cover it whole. */
export interface RestatedRange {
  readonly zone: string
  readonly from: number
  readonly to: number
  readonly factors: readonly Factor[]
}

/** A stretch of a tenant's rows in the table's order, whatever accounts and hosts they belong to. */
export interface RestatedUnit {
  readonly Tenant: string
  /** Its first and last workload. */
  readonly from: UnitCursor
  readonly to: UnitCursor
  /** Length of the longest PUE of their entries, in characters. */
  readonly pueDigits: number
  /** Most energy of one of them, µJ. */
  readonly mostUj: bigint
  /** Whether some share idle energy, and whether some have no carbon. */
  readonly hasShared: boolean
  readonly hasUnpriced: boolean
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
/** Of them, those that a unit has in common, and those that are grouped by. */
const FIXED = ['Tenant', 'Zone'] as const
const GROUPED = KEYS.filter(name => !FIXED.some(fixed => fixed === name))
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
  'GpuCapacityUs',
  'GpuIdlePower',
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
  'GpuReservedIdleUs',
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

/** What this has taken back, since it had no carbon, has no version. */
const IS_OURS = `CorrectionReason = ${quoteText(INTENSITY_REVISED)}`

/** Entries, and corrections of before, by another version than holds now; not what was taken back. */
const IS_STALE = `IntensityVersion != FactorVersion AND (IntensityVersion != '' OR NOT ${IS_OURS})`

/** Entries of a range with the factor that holds. */
const rated = (table: string, range: RestatedRange, columns: readonly string[], condition = ''): string => `
FROM (SELECT ${columns.join(', ')}, WindowStart, IntensityVersion, CorrectionReason, 1 AS One
  FROM ${table} WHERE ${rangeCondition(range)}${condition}) AS l
${factorJoin(range)}`

/** Which entries are stale: two answers are the same when the entries are. Corrections leave an entry as stale as it was. */
export const staleFingerprint = (table: string, range: RestatedRange): string =>
  `SELECT concat(toString(count()), '/', toString(sum(cityHash64(${OF_AN_ENTRY.join(', ')}, WindowStart)))) AS fingerprint${rated(table, range, OF_AN_ENTRY)}
WHERE ${IS_STALE}`

/** What tells entries apart. Their ids would do, but for their size: they do not compress. */
const OF_AN_ENTRY = [
  ...['Tenant', 'Account', 'Host', 'WorkloadKind', 'WorkloadId', 'Component', 'Share'],
  ...['EnergyQuality', 'EnergyUj', 'Revision'],
]

/** Workloads after a place in the table's order: how many entries they have, how many are stale, and what all of them are like. */
export const plannedWorkloads = (
  table: string,
  range: RestatedRange,
  { after, limit }: { readonly after: UnitCursor | null; readonly limit: number },
): string =>
  `SELECT ${PLACE.join(', ')}, toUInt32(count()) AS Entries, toUInt32(countIf(${IS_STALE})) AS Stale,
  toUInt32(intDiv(max(WindowStart) - min(WindowStart), 3600) + 1) AS Hours,
  toUInt32(max(length(Pue))) AS PueDigits, toString(max(greatest(abs(EnergyUj), abs(IdleSharedUj)))) AS MostUj,
  max(IdleSharedUj != 0) AS HasShared, max(CarbonOperationalUg IS NULL) AS HasUnpriced${rated(table, range, PLANNED_BY, after === null ? '' : ` AND ${isBeyond(after, '>')}`)}
GROUP BY ${PLACE.join(', ')}
ORDER BY ${PLACE.join(', ')}
LIMIT ${limit}`

/** What a place in the table's order is made of. */
const PLACE = ['Tenant', 'Account', 'Host', 'WorkloadKind', 'WorkloadId']
const PLANNED_BY = [...PLACE, 'Pue', 'EnergyUj', 'IdleSharedUj', 'CarbonOperationalUg']

/**
 * That rows lie before or after a place. Column by column, since the engine compares a column with a constant by its dictionary,
 * and finds its place in the index by it; it does neither with tuples.
 */
function isBeyond(place: UnitCursor, side: '>' | '<', isIncluded = false): string {
  return PLACE.reduceRight((inner, name, index) => {
    const value = quoteText(place[index] ?? '')
    return inner === ''
      ? `${name} ${side}${isIncluded ? '=' : ''} ${value}`
      : `(${name} ${side} ${value} OR ${name} = ${value} AND ${inner})`
  }, '')
}

/**
 * The corrections of a unit, in the columns of the ledger's records: for each thing and hour, or part of an hour in which one
 * factor holds, what its entries should sum to less what they do.
 *
 * @param hosts of the unit whose rows are corrected
 */
export function corrections(
  table: string,
  range: RestatedRange,
  { unit, hosts }: { readonly unit: RestatedUnit; readonly hosts: readonly string[] },
): string {
  const keys = GROUPED.join(', ')
  const amounts = unit.hasUnpriced
    ? [...AMOUNTS, ...PRICED]
    : [...PRICED, 'EnergyUj', 'IdleSharedUj', 'IdleBeforeUj']
  const columns = [
    ...GROUPED,
    ...CARRIED,
    ...amounts,
    'CarbonOperationalUg',
    'WindowStart',
    'Revision',
    'CorrectionReason',
    'Reason',
  ]
  const has = (name: string): string => `countIf(${name} IS NOT NULL) > 0`
  const bits = bitsFor(range.factors, unit)
  return `
SELECT ${ledger.columns.map(({ name }) => `${expressionOf(name)} AS Out${name}`).join(',\n  ')}
FROM (
  SELECT ${FIXED.map(name => `${quoteText(name === 'Zone' ? range.zone : unit[name])} AS ${name}`).join(', ')},
    ${keys}, FactorFrom, toStartOfHour(WindowStart) AS Hour, min(WindowStart) AS Begin,
    any(FactorVersion) AS Version, any(FactorKind) AS Kind, any(FactorState) AS State,
    ${CARRIED.map(name => `any(${name}) AS Any${name}`).join(', ')}, ${unpricedSums(unit).join(', ')},
    any(Reason) AS AnyReason, ${has('CostEnergyNano')} AS HasCost, ${has('CarbonEmbodiedUg')} AS HasEmbodied,
    ${has('EnergyErrorUj')} AS HasError, ${has('CostResourceNano')} AS HasResources,
    sum(${unit.hasShared ? sharedCarbonOf(bits) : carbonOf('EnergyUj', bits)}) - sum(ifNull(CarbonOperationalUg, 0)) AS Difference,
    max(Revision) AS Last
  FROM (SELECT ${[...new Set(columns)].join(', ')}, 1 AS One
    FROM ${table}
    WHERE ${rangeCondition(range)} AND ${isBeyond(unit.from, '>', true)} AND ${isBeyond(unit.to, '<', true)}
      AND Host IN (${hosts.map(quoteText).join(', ')})) AS l
  ${factorJoin(range)}
  WHERE FactorVersion != ''
  GROUP BY ${keys}, FactorFrom, Hour
)
ARRAY JOIN if(IsUnpriced, [-1, 1], [toInt8(0)]) AS Sign
WHERE IsUnpriced OR Difference != 0
ORDER BY ${keys}, Begin, Sign`
}

/** What entries without carbon sum to, and whether there are such. Where there are none their columns need not be read. */
function unpricedSums({ hasUnpriced }: RestatedUnit): readonly string[] {
  if (!hasUnpriced) {
    return [...[...AMOUNTS, ...PRICED].map(name => `toInt64(0) AS Sum${name}`), 'toUInt8(0) AS IsUnpriced']
  }
  const isNull = 'CarbonOperationalUg IS NULL'
  return [
    ...AMOUNTS.map(name => `${exactSum(name, isNull)} AS Sum${name}`),
    ...PRICED.map(name => `sumIf(${name}, ${isNull}) AS Sum${name}`),
    `SumEnergyUj != 0 OR (countIf(${isNull} AND NOT ${IS_OURS}) > 0 AND countIf(${isNull} AND ${IS_OURS}) = 0) AS IsUnpriced`,
  ]
}

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
  EntryId: `lower(hex(substring(SHA256(concat(${KEYS.join(", '\\0', ")}, '/', toString(toUnixTimestamp(Begin)), '/', toString(${REVISION}))), 1, 16)))`,
  Reason:
    "if(Sign = 1, arrayStringConcat(arrayFilter(r -> r != 'no_intensity', splitByChar(',', AnyReason)), ','), AnyReason)",
  CorrectionReason: quoteText(INTENSITY_REVISED),
}
