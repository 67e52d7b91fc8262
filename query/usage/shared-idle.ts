/**
 * Idle energy shared minute by minute, as SQL: entries of idle energy in the books become shares of the workloads of their host and
 * minute, as `meter` books them where the policy is its own (processors/meter/shares/idle-shares.ts) and as `rate` rates them
 * (core/model/shared-part.ts).
 */
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import type { IdleSharing, UsageRequest } from './request.ts'
import { largestRemainder, sharedParts } from './sql-arithmetic.ts'

/** A policy that shares. */
export type SharingPolicy = Exclude<IdleSharing, 'booked' | 'none'>

/** Whether a sharing is by a policy. */
export const isSharingPolicy = (sharing: IdleSharing): sharing is SharingPolicy =>
  sharing === 'by_usage' || sharing === 'by_request'

/** What distinguishes idle entries of one host, minute and component. */
const KEYS = [
  'Zone',
  'EnergyQuality',
  'IntensityKind',
  'Currency',
  'TariffVersion',
  'Reason',
  'OverBusy',
] as const
/** Amounts of idle entries that are shared. The others are of use, which is not idle. */
const AMOUNTS = ['EnergyUj'] as const
const NULLABLE_AMOUNTS = [
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'CostEnergyNano',
  'CostResourceNano',
  'EnergyErrorUj',
] as const
const NOT_SHARED = ['CpuUs', 'MemoryByteSeconds', 'GpuUs', 'GpuReservedIdleUs'] as const

/** Bound: `tenant`, `idle_policy`, `operator_account`, and the edges, of which `hours_*` are those of whole hours. */
const TENANT = 'Tenant = {tenant:String}'
const within = (from: string, to: string): string =>
  `WindowStart >= toDateTime({${from}:UInt32}, 'UTC') AND WindowStart < toDateTime({${to}:UInt32}, 'UTC')`
/** Idle entries that the books do not hold by the policy that is asked for. */
const OTHERWISE_SHARED = "Share = 'idle' AND IdlePolicy != {idle_policy:String}"
/** Corrections of carbon and cost are by the hour: booked in its first minute, and of all its energy. */
const OF_HOURS = "EntryKind = 'correction' AND EnergyUj = 0"

/** Which idle entries: those of single minutes, or corrections of hours. */
export type SharedPart = 'minutes' | 'hours'

/** A source for `usageStatement` in place of the ledger: its columns, as far as usage asks for them. */
export const sharedIdleSource = (policy: SharingPolicy, part: SharedPart): string =>
  part === 'minutes'
    ? `(${sharedEntries(minuteShares(policy), 'WindowStart', `NOT (${OF_HOURS})`)})`
    : `(${sharedEntries(hourShares(minuteShares(policy)), 'toStartOfHour(WindowStart)', OF_HOURS)})`

/** Whether there are such corrections: nearly always quickly said. */
export const hasCorrectionsOfHours = ({ tenant, from, to, idleSharing }: UsageRequest): ParameterizedSql => ({
  text: `SELECT 1 AS found FROM ${tableName('ledger')} WHERE ${TENANT} AND ${within('from', 'to')} AND ${OTHERWISE_SHARED} AND ${OF_HOURS} LIMIT 1`,
  params: { tenant, from, to, idle_policy: idleSharing },
})

/** Where shares are counted: as many rows as shares of each host, minute and component, those that take nothing left out. */
function minuteShares(policy: SharingPolicy): string {
  return `SELECT Host, Component, At, Whole, share.1 AS WorkloadKind, share.2 AS WorkloadId, share.3 AS Account,
  share.4 AS Namespace, share.5 AS WorkloadName, share.6 AS Own, share.7 AS Before
FROM ${splitStatement(policy)}
ARRAY JOIN arrayFilter(s -> s.6 > 0 OR (s.1 = '' AND Whole <= 0),
  arrayMap((w, own, upTo) -> (w.1, w.2, w.3, w.4, w.5, own, upTo - own),
    arrayConcat(arrayMap(t -> (t.1, t.2, t.3, t.4, t.5), Takers), [('', '', {operator_account:String}, '', '')]),
    Shares, arrayCumSum(Shares))) AS share`
}

const WEIGHTS = {
  by_usage: { cpu: 'CpuUs', gpu: 'GpuUs', memory: 'MemoryByteSeconds', rest: 'toInt64(0)', needs: '1' },
  by_request: {
    cpu: 'CpuRequestUs',
    gpu: 'GpuUs + GpuReservedIdleUs',
    memory: 'MemoryRequestByteSeconds',
    rest: 'greatest(Capacity - arraySum(Cpus), 0)',
    needs: 'Capacity > 0',
  },
} as const satisfies Record<SharingPolicy, object>

/** One row a host, minute and component: takers in their order, and the shares of each, the operator's last. */
function splitStatement(policy: SharingPolicy): string {
  const { rest, needs } = WEIGHTS[policy]
  const none = 'arrayMap(cpu -> toInt64(0), Cpus)'
  const byCpu = largestRemainder('Whole', 'arrayPushBack(Cpus, Rest)')
  // First what falls to workloads whose memory is known, to the others and to the operator, then to each.
  const groups = largestRemainder('Whole', '[arraySum(Cpus) - arraySum(Without), arraySum(Without), Rest]')
  const held = largestRemainder('Groups[1]', 'Bytes')
  const others = largestRemainder('Groups[2]', 'Without')
  return `(SELECT Host, Component, At, Whole, Takers,
  multiIf(NOT IsShared, arrayPushBack(${none}, Whole), IsByCpu, ${byCpu},
    arrayPushBack(arrayMap((a, b) -> a + b, ${held}, ${others}), Groups[3])) AS Shares
FROM (SELECT *, ${groups} AS Groups
FROM (SELECT *, empty(AllBytes) OR arraySum(AllBytes) = 0 AS IsByCpu, if(IsByCpu, ${none}, AllBytes) AS Bytes,
  arrayMap((cpu, bytes) -> if(bytes > 0, 0, cpu), Cpus, Bytes) AS Without, ${rest} AS Rest,
  Whole > 0 AND arraySum(Cpus) > 0 AND ${needs} AS IsShared
FROM (SELECT *, toInt64(Idle) AS Whole, arrayMap(t -> if(Component = 'gpu', t.8, t.6), Takers) AS Cpus,
  if(Component = 'dram', arrayMap(t -> t.7, Takers), []) AS AllBytes
FROM (${idleWithTakers(policy)})))))`
}

const idleWithTakers = (
  policy: SharingPolicy,
): string => `SELECT i.Host AS Host, i.Component AS Component, i.At AS At, Idle, Takers,
  if(i.Component = 'gpu', w.GpuTime, w.CpuTime) AS Capacity
FROM (
  SELECT Host, Component, WindowStart AS At, sum(toInt128(EnergyUj)) AS Idle
  FROM ${tableName('ledger')}
  WHERE ${TENANT} AND ${within('hours_from', 'hours_to')} AND ${OTHERWISE_SHARED}
  GROUP BY Host, Component, At) AS i
LEFT JOIN (${takersStatement(policy)}) AS w ON i.Host = w.Host AND i.At = w.At`

/** Workloads of a host and minute with their weights, in the order that decides ties. */
function takersStatement(policy: SharingPolicy): string {
  const { cpu, gpu, memory } = WEIGHTS[policy]
  const weight = (column: string): string => `toInt64(greatest(sum(toInt128(${column})), 0))`
  return `SELECT Host, At, max(Cores) AS CpuTime, max(Boards) AS GpuTime,
    arraySort(groupArray((WorkloadKind, WorkloadId, Account, Namespace, WorkloadName, Cpu, Memory, Gpu))) AS Takers
  FROM (
    SELECT Host, WindowStart AS At, WorkloadKind, WorkloadId, Account, Namespace, WorkloadName,
      ${weight(cpu)} AS Cpu, ${weight(memory)} AS Memory, ${weight(gpu)} AS Gpu, max(CapacityUs) AS Cores,
      max(GpuCapacityUs) AS Boards
    FROM ${tableName('ledger')}
    WHERE ${TENANT} AND ${within('hours_from', 'hours_to')} AND Share = 'active'
    GROUP BY Host, At, WorkloadKind, WorkloadId, Account, Namespace, WorkloadName
    HAVING Cpu > 0 OR Memory > 0 OR Gpu > 0)
  GROUP BY Host, At`
}

/** The same of whole hours: what each workload took of all idle energy of the hour. */
const hourShares = (
  minutes: string,
): string => `SELECT Host, Component, At, WorkloadKind, WorkloadId, Account, Namespace, WorkloadName, Own,
  toInt64(sum(Own) OVER (PARTITION BY Host, Component, At)) AS Whole,
  toInt64(sum(Own) OVER (PARTITION BY Host, Component, At
    ORDER BY WorkloadKind = '', WorkloadKind, WorkloadId, Account, Namespace, WorkloadName
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) - Own AS Before
FROM (
  SELECT Host, Component, toStartOfHour(m.At) AS At, WorkloadKind, WorkloadId, Account, Namespace, WorkloadName,
    toInt64(sum(m.Own)) AS Own
  FROM (${minutes}) AS m
  GROUP BY Host, Component, toStartOfHour(m.At), WorkloadKind, WorkloadId, Account, Namespace, WorkloadName)`

/** Idle entries in shares: each amount of each kind of entry is divided by the place of the share. */
function sharedEntries(shares: string, at: string, condition: string): string {
  const amounts = [...AMOUNTS, ...NULLABLE_AMOUNTS]
  const columns = [
    '{tenant:String} AS Tenant',
    ...[
      'Host',
      'Component',
      'WindowStart',
      'Account',
      'WorkloadKind',
      'WorkloadId',
      'WorkloadName',
      'Namespace',
    ],
    "'idle' AS Share",
    ...KEYS,
    'Coverage',
    ...amounts.map((name, index) =>
      index < AMOUNTS.length
        ? `Parts[${index + 1}] AS ${name}`
        : `if(IsNull${name}, NULL, Parts[${index + 1}]) AS ${name}`,
    ),
    ...NOT_SHARED.map(name => `toInt64(0) AS ${name}`),
  ]
  const parts = sharedParts(
    amounts.map(name => `Sum${name}`),
    { before: 'Before', own: 'Own', whole: 'Whole' },
  )
  return `SELECT ${columns.join(', ')}
FROM (SELECT *, ${parts} AS Parts FROM (${shares}) AS s
INNER JOIN (
  SELECT Host, Component, WindowStart, ${at} AS At, ${KEYS.join(', ')},
    ${NULLABLE_AMOUNTS.map(name => `${name} IS NULL AS IsNull${name}`).join(', ')},
    ${amounts.map(name => `sum(toInt128(${name})) AS Sum${name}`).join(', ')},
    toFloat32(avg(l.Coverage)) AS Coverage
  FROM ${tableName('ledger')} AS l
  WHERE ${TENANT} AND ${within('from', 'to')} AND ${OTHERWISE_SHARED} AND ${condition}
  GROUP BY Host, Component, WindowStart, At, ${KEYS.join(', ')}, ${NULLABLE_AMOUNTS.map(name => `IsNull${name}`).join(', ')}
) AS e USING (Host, Component, At))`
}
