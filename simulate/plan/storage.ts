/** Bytes: on the wire, in the log, in the tables; and per host and day. */
import type { UnitCosts } from './costs.ts'
import {
  COMPONENTS_PER_HOST,
  DAY_SECONDS,
  type Demand,
  HOST_POINTS,
  MEGA,
  type Rates,
  type Sheet,
  short,
  TERA,
  WORKLOAD_POINTS,
} from './sheet.ts'

/** MB/s on the wire and into the log; TB on the disks of brokers and tables, replicas included. */
export interface Bytes {
  readonly wire: number
  readonly log: number
  readonly logDisk: number
  readonly tableDisk: number
}

/** Adds the lines for bytes, and those for a host and a day. */
export function addBytes(sheet: Sheet, demand: Demand, rates: Rates, costs: UnitCosts): Bytes {
  sheet.group('bytes')
  const { spans, points, entries } = rates
  const wire = sheet.line(
    'wire_bytes_per_second',
    'into the collectors, spans compressed with gzip',
    'MB/s',
    (spans * costs.spans.wire_gzip_bytes + points * costs.points.wire_bytes) / MEGA,
    `${short(spans)}/s x ${short(costs.spans.wire_gzip_bytes)} B + ${short(points)}/s x ${short(costs.points.wire_bytes)} B`,
  )
  const log = sheet.line(
    'log_bytes_per_second',
    'into the log, before replication',
    'MB/s',
    (spans * costs.spans.log_bytes + points * costs.points.log_bytes + entries * costs.ledger.log_bytes) /
      MEGA,
    `${short(spans)}/s x ${short(costs.spans.log_bytes)} B + ${short(points)}/s x ${short(costs.points.log_bytes)} B + ${short(entries)}/s x ${short(costs.ledger.log_bytes)} B`,
  )
  const logDisk = sheet.line(
    'log_disk',
    'disks of the brokers',
    'TB',
    (log * MEGA * demand.logHours * 3600 * demand.replication) / TERA,
    `${short(log)} MB/s x ${demand.logHours} h x ${demand.replication} replicas`,
  )
  const tableDisk = tables(sheet, demand, rates, costs)
  perHost(sheet, demand, costs)
  return { wire, log, logDisk, tableDisk }
}

function tables(sheet: Sheet, demand: Demand, { spans, points, entries }: Rates, costs: UnitCosts): number {
  const { signalsDays, ledgerDays, replicas } = demand
  const kept = (key: string, what: string, perSecond: number, rowBytes: number, days: number): number =>
    sheet.line(
      key,
      what,
      'TB',
      (perSecond * DAY_SECONDS * rowBytes * days) / TERA,
      `${short(perSecond)}/s x 86,400 s x ${short(rowBytes)} B x ${days} days`,
    )
  const spanDisk = kept('span_disk', 'spans', spans, costs.spans.table_bytes, signalsDays)
  const metricDisk = kept('metric_disk', 'metrics', points, costs.points.metric_table_bytes, signalsDays)
  const readingDisk = kept('reading_disk', 'readings', points, costs.points.reading_table_bytes, signalsDays)
  const ledgerDisk = kept('ledger_disk', 'ledger', entries, costs.ledger.table_bytes, ledgerDays)
  return sheet.line(
    'table_disk',
    'disks of the tables, all replicas',
    'TB',
    (spanDisk + metricDisk + readingDisk + ledgerDisk) * replicas,
    `(${[spanDisk, metricDisk, readingDisk, ledgerDisk].map(short).join(' + ')}) TB x ${replicas} replicas`,
  )
}

function perHost(sheet: Sheet, { workloads, intervalSeconds }: Demand, costs: UnitCosts): void {
  const points = ((HOST_POINTS + WORKLOAD_POINTS * workloads) * DAY_SECONDS) / intervalSeconds
  const entries = COMPONENTS_PER_HOST * (workloads + 2) * 1440
  sheet.group('a host for a day')
  sheet.line(
    'host_day_points',
    'data points',
    '',
    points,
    `(${HOST_POINTS} + ${WORKLOAD_POINTS} x ${workloads}) x 86,400 s / ${intervalSeconds} s`,
  )
  sheet.line(
    'host_day_entries',
    'ledger entries',
    '',
    entries,
    `${COMPONENTS_PER_HOST} x (${workloads} + 2) x 1,440 minutes`,
  )
  const { collector, processors, merge, broker } = costs.points.cpu_seconds_per_million
  sheet.line(
    'host_day_cpu',
    'CPU, all stages, one merge, one replica',
    's',
    (points / MEGA) * (collector + processors + merge + broker),
    `${short(points / MEGA)} M x (${[collector, processors, merge, broker].map(short).join(' + ')}) CPU s`,
  )
  sheet.line(
    'host_day_ledger',
    'ledger in its table',
    'MB',
    (entries * costs.ledger.table_bytes) / MEGA,
    `${short(entries)} x ${short(costs.ledger.table_bytes)} B`,
  )
  sheet.line(
    'host_day_signals',
    'metrics and readings in their tables',
    'MB',
    (points * (costs.points.metric_table_bytes + costs.points.reading_table_bytes)) / MEGA,
    `${short(points)} x (${short(costs.points.metric_table_bytes)} + ${short(costs.points.reading_table_bytes)}) B`,
  )
}
