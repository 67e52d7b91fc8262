/** From cores and bytes to replicas, brokers, shards and money. */
import type { Assumptions, UnitCosts } from './costs.ts'
import {
  type Demand,
  HOST_POINTS,
  MEGA,
  type Rates,
  type Sheet,
  short,
  TERA,
  WORKLOAD_POINTS,
} from './sheet.ts'
import type { Bytes } from './storage.ts'
import type { Cores, Records } from './work.ts'

const HOURS_A_MONTH = 730

interface Whole {
  readonly demand: Demand
  readonly rates: Rates
  readonly streams: Records
  readonly cpu: Cores
  readonly disks: Bytes
  readonly costs: UnitCosts
  readonly assumed: Assumptions
}

/** Adds the lines for replicas, brokers, shards and money. */
export function machines(sheet: Sheet, whole: Whole): void {
  const { demand, streams, cpu, disks, costs, assumed } = whole
  sheet.group('machines')
  const parts = (key: string, what: string, unit: string, value: number, formula: string): number =>
    sheet.line(key, what, unit, Math.max(1, Math.ceil(value)), formula)
  parts(
    'collectors',
    'collectors',
    'replicas',
    streams.collectors,
    `${short(cpu.collector)} cores / ${assumed.collector_cores}`,
  )
  parts(
    'processors',
    'processors',
    'replicas',
    cpu.processors / assumed.processors_cores,
    `${short(cpu.processors)} cores / ${assumed.processors_cores}`,
  )
  const perBroker = assumed.broker_write_megabytes_per_second * assumed.utilisation
  const brokersByRate = (disks.log * demand.replication) / perBroker
  const brokersByDisk = disks.logDisk / (assumed.broker_disk_terabytes * assumed.utilisation)
  const brokers = parts(
    'brokers',
    'brokers',
    'machines',
    Math.max(3, brokersByRate, brokersByDisk),
    `largest of 3, ${short(disks.log)} MB/s x ${demand.replication} / ${short(perBroker)} MB/s, ${short(disks.logDisk)} TB / ${short(assumed.broker_disk_terabytes * assumed.utilisation)} TB`,
  )
  const byDisk = disks.tableDisk / demand.replicas / (assumed.engine_disk_terabytes * assumed.utilisation)
  const byCpu = cpu.engine / assumed.engine_cores
  const shards = parts(
    'shards',
    'shards of the tables',
    '',
    Math.max(byDisk, byCpu),
    `larger of ${short(disks.tableDisk / demand.replicas)} TB / ${short(assumed.engine_disk_terabytes * assumed.utilisation)} TB, ${short(cpu.engine)} cores / ${assumed.engine_cores}`,
  )
  const { memory_bytes_per_series: perSeries, memory_bytes_per_host: perHost } = costs.meter
  const series = HOST_POINTS + WORKLOAD_POINTS * demand.workloads
  const state = (demand.hosts * (perHost + series * perSeries)) / MEGA
  sheet.line(
    'meter_state',
    'memory of the meter, all hosts',
    'MB',
    state,
    `${short(demand.hosts)} hosts x (${short(perHost)} + ${series} series x ${short(perSeries)} B)`,
  )
  money(sheet, whole, { brokers, shards })
}

function money(
  sheet: Sheet,
  { demand, rates, cpu, disks, costs, assumed }: Whole,
  { brokers, shards }: { readonly brokers: number; readonly shards: number },
): void {
  const { prices } = assumed
  sheet.group('money')
  const engineCores = Math.max(cpu.engine * demand.replicas, shards * demand.replicas)
  const brokerCores = Math.max(cpu.broker * demand.replication, brokers)
  const allCores = cpu.collector + cpu.processors + engineCores + brokerCores
  const disk = disks.logDisk + disks.tableDisk
  const month = sheet.line(
    'month',
    'a month',
    prices.currency,
    allCores * prices.core_hour * HOURS_A_MONTH + disk * prices.disk_terabyte_month,
    `${short(allCores)} cores x ${prices.core_hour} x ${HOURS_A_MONTH} h + ${short(disk)} TB x ${prices.disk_terabyte_month}`,
  )
  if (demand.hosts > 0 && rates.spans === 0) {
    sheet.line(
      'host_day_money',
      'a host for a day',
      prices.currency,
      month / demand.hosts / (HOURS_A_MONTH / 24),
      `${short(month)} / ${short(demand.hosts)} hosts / ${short(HOURS_A_MONTH / 24)} days`,
    )
  }
  millionSpans(sheet, demand, costs, assumed)
}

function millionSpans(sheet: Sheet, demand: Demand, costs: UnitCosts, assumed: Assumptions): void {
  const { collector, processors, merge, broker } = costs.spans.cpu_seconds_per_million
  const passes = sheet.lines.get('merge_passes')!.value
  const cpuSeconds = collector + processors + merge * passes * demand.replicas + broker * demand.replication
  const coreSecond = assumed.prices.core_hour / 3600 / assumed.utilisation
  const stored = costs.spans.table_bytes * demand.replicas * MEGA
  const diskPrice = (assumed.prices.disk_terabyte_month / TERA) * (demand.signalsDays / (HOURS_A_MONTH / 24))
  sheet.line(
    'million_spans_money',
    'a million spans, kept as long as configured',
    assumed.prices.currency,
    cpuSeconds * coreSecond + stored * diskPrice,
    `${short(cpuSeconds)} CPU s x ${assumed.prices.core_hour} / 3,600 / ${assumed.utilisation} + ${short(stored / MEGA)} MB for ${demand.signalsDays} days`,
  )
}
