/** What readings say of hosts and workloads, as SQL. */
import { type ParameterizedSql, tableName } from '../fence/tables.ts'

const READINGS = tableName('readings')
const MOST_NAMES = 20_000
const MOST_WORKLOADS = 50_000
const SINCE = 'Tenant = {tenant:String} AND Timestamp >= fromUnixTimestamp64Milli({since:Int64})'

/** A row of `namesStatement`. */
export interface NameRow {
  readonly host: string
  readonly name: string
  /** 1: nothing but `identity` readings say so. */
  readonly alias: number
  /** Domain and source of meters. */
  readonly meters: readonly (readonly [domain: string, source: string])[]
  readonly last_ms: string
}

/** Hosts with each name that readings say of them, and the meters that are read under it. */
export const namesStatement = (tenant: string, sinceMs: number): ParameterizedSql => ({
  text:
    "SELECT Host AS host, HostName AS name, toFloat64(min(Quantity = 'identity')) AS alias, " +
    "groupUniqArrayIf(64)((Domain, Source), Quantity IN ('energy', 'power')) AS meters, " +
    `toString(toUnixTimestamp64Milli(max(Timestamp))) AS last_ms FROM ${READINGS} ` +
    `WHERE ${SINCE} GROUP BY Host, HostName ORDER BY host, name LIMIT ${MOST_NAMES}`,
  params: { tenant, since: sinceMs },
})

/** A row of `toldWorkloadsStatement`. */
export interface WorkloadRow {
  readonly host: string
  readonly kind: string
  readonly id: string
  readonly source: string
  readonly quality: string
  /** CPU time, µs. */
  readonly us: string
  /** 1: the row only says who it is. */
  readonly fact: number
  readonly labels: Readonly<Record<string, string>>
}

/** Workloads as each source tells them. `hosts`: names of one machine; empty: all hosts. */
export const toldWorkloadsStatement = (
  tenant: string,
  sinceMs: number,
  hosts: readonly string[],
): ParameterizedSql => ({
  text:
    "SELECT host, kind, id, source, any(quality) AS quality, toString(sumIf(rise, quantity = 'cpu_time')) AS us, " +
    "toFloat64(min(quantity = 'identity')) AS fact, argMax(labels, last) AS labels FROM (" +
    'SELECT Host AS host, WorkloadKind AS kind, WorkloadId AS id, Source AS source, Quality AS quality, Quantity AS quantity, ' +
    'max(Value) - min(Value) AS rise, argMax(Attributes, Timestamp) AS labels, max(Timestamp) AS last ' +
    `FROM ${READINGS} WHERE ${SINCE} AND WorkloadKind != ''${hosts.length === 0 ? '' : ' AND Host IN {hosts:Array(String)}'} ` +
    'GROUP BY Host, WorkloadKind, WorkloadId, Source, Quality, Quantity, Domain, Device, BootId) ' +
    `GROUP BY host, kind, id, source ORDER BY host, kind, id, source LIMIT ${MOST_WORKLOADS}`,
  params: { tenant, since: sinceMs, ...(hosts.length === 0 ? {} : { hosts }) },
})
