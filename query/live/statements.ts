/** The live view as SQL. */
import { type ParameterizedSql, tableName } from '../fence/tables.ts'

const READINGS = tableName('readings')
const CLOCKS = tableName('host_clocks')
const LEDGER = tableName('ledger')
/** Counters of one host in one hour: far more than a machine has. */
export const SERIES_MAX = 5_000

/** Quantities that the live view uses. */
const QUANTITIES =
  "'energy', 'power', 'cpu_time', 'energy_active', 'energy_idle', 'gpu_time', 'gpu_utilization', 'gpu_held'"

/** Further hosts of one tenant are not read. */
export const MOST_HOSTS_READ = 20_000

/** Names that readings say of one host; further ones are not joined here. */
const MOST_ALIASES = 8

/**
 * Hosts with readings since a time, the time of their last reading, and further names that they are said to have. A host of
 * which nothing but that is known has no name.
 */
export function liveHostsStatement(tenant: string, sinceMs: number): ParameterizedSql {
  return {
    text:
      "SELECT Host AS host, argMaxIf(HostName, Timestamp, Quantity != 'identity') AS host_name, " +
      `groupUniqArrayIf(${MOST_ALIASES})(HostName, Quantity = 'identity') AS aliases, ` +
      `toString(toUnixTimestamp64Milli(max(Timestamp))) AS last_ms FROM ${READINGS} ` +
      "WHERE Tenant = {tenant:String} AND Quantity IN ('energy', 'power', 'cpu_time', 'identity') AND WorkloadId = '' " +
      'AND Timestamp >= fromUnixTimestamp64Milli({since:Int64}) GROUP BY Host ORDER BY max(Timestamp) DESC, host ' +
      `LIMIT ${MOST_HOSTS_READ}`,
    params: { tenant, since: sinceMs },
  }
}

/** Reported again every hour while it lasts. */
const CLOCK_SINCE_MS = 2 * 3_600_000

/** Hosts whose clocks are off now, or were corrected recently. */
export function clocksStatement(tenant: string, nowMs: number): ParameterizedSql {
  return {
    text:
      'SELECT Host AS host, argMax(State, Time) AS state, toString(argMax(OffsetMs, Time)) AS offset_ms ' +
      `FROM ${CLOCKS} WHERE Tenant = {tenant:String} AND Time >= toDateTime({since:UInt32}) ` +
      `GROUP BY Host ORDER BY max(Time) DESC, host LIMIT ${MOST_HOSTS_READ}`,
    params: { tenant, since: Math.floor((nowMs - CLOCK_SINCE_MS) / 1000) },
  }
}

/** Idle power of the GPUs of a host by which its newest minutes were booked. */
export function idlePowerStatement(
  tenant: string,
  hosts: readonly string[],
  nowMs: number,
): ParameterizedSql {
  return {
    text:
      `SELECT argMax(GpuIdlePower, WindowStart) AS idle_power FROM ${LEDGER} WHERE Tenant = {tenant:String} ` +
      "AND Host IN {hosts:Array(String)} AND WindowStart >= toDateTime({since:UInt32}) AND Component = 'gpu' " +
      "AND EntryKind = 'original'",
    params: { tenant, hosts, since: Math.floor((nowMs - IDLE_POWER_SINCE_MS) / 1000) },
  }
}

/** A board that is measured is booked every minute. */
const IDLE_POWER_SINCE_MS = 3_600_000

/** A row of `clocksStatement`. */
export interface ClockRow {
  readonly host: string
  readonly state: 'ahead' | 'behind' | 'right'
  readonly offset_ms: string
}

/**
 * The counters and power gauges of a host under all its names, with one sample per bucket: the last one. Leaving out
 * samples of a counter loses only detail, so an hour costs no more points than five minutes.
 */
export function countersStatement(question: {
  readonly tenant: string
  readonly hosts: readonly string[]
  readonly sinceMs: number
  readonly bucketMs: number
}): ParameterizedSql {
  const series = 'Quantity, Domain, Device, WorkloadKind, WorkloadId, BootId, Source, Quality'
  return {
    text:
      `SELECT ${series}, argMax(attributes, t) AS Attributes, toString(max(range)) AS RangeMax, ` +
      'arrayMap(s -> (toString(s.1), toString(s.2)), arraySort(groupArray((t, v)))) AS samples ' +
      `FROM (SELECT ${series}, intDiv(toUnixTimestamp64Milli(Timestamp), {bucket:Int64}) AS bucket, ` +
      'toUnixTimestamp64Milli(max(Timestamp)) AS t, argMax(Value, Timestamp) AS v, max(readings.RangeMax) AS range, ' +
      'argMax(readings.Attributes, Timestamp) AS attributes ' +
      `FROM ${READINGS} AS readings WHERE Tenant = {tenant:String} AND Host IN {hosts:Array(String)} ` +
      `AND Quantity IN (${QUANTITIES}) AND Timestamp >= fromUnixTimestamp64Milli({since:Int64}) ` +
      `GROUP BY ${series}, bucket) GROUP BY ${series} ORDER BY ${series} LIMIT ${SERIES_MAX}`,
    params: {
      tenant: question.tenant,
      hosts: question.hosts,
      since: question.sinceMs,
      bucket: question.bucketMs,
    },
  }
}

/** A row of `countersStatement`. */
export interface CounterRow {
  readonly Quantity:
    | 'energy'
    | 'power'
    | 'cpu_time'
    | 'energy_active'
    | 'energy_idle'
    | 'gpu_time'
    | 'gpu_utilization'
    | 'gpu_held'
  readonly Domain: string
  readonly Device: string
  readonly WorkloadKind: string
  readonly WorkloadId: string
  readonly BootId: string
  readonly Attributes: Readonly<Record<string, string>>
  readonly Source: string
  readonly Quality: string
  readonly RangeMax: string
  /** Unix milliseconds and value, ascending by time. */
  readonly samples: readonly (readonly [string, string])[]
}

/**
 * The grid zone that the newest entries of a host were rated by: its site's, or the one that its readings say. Asked as the ledger's
 * sums of hours are kept.
 */
export const zoneStatement = (tenant: string, hosts: readonly string[], nowMs: number): ParameterizedSql => ({
  text:
    `SELECT toStartOfHour(WindowStart) AS hour, Zone AS zone FROM ${tableName('ledger')} WHERE Tenant = {tenant:String} ` +
    "AND toStartOfHour(WindowStart) >= toDateTime({since:UInt32}, 'UTC') AND Host IN {hosts:Array(String)} " +
    'GROUP BY hour, zone ORDER BY hour DESC, sum(EnergyUj) DESC LIMIT 1',
  params: { tenant, hosts, since: (Math.floor(nowMs / 3_600_000) - 24) * 3_600 },
})
