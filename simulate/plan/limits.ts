/** Finds what breaks first at a size: each known limit, how much of it the plan uses, and what to do about it. */
import { STREAMS } from '../../core/model/streams/index.ts'
import { STATEFUL_GROUPS } from '../../core/model/streams/readers.ts'
import type { Assumptions, UnitCosts } from './costs.ts'
import { type Demand, type PlanSheet, short } from './sheet.ts'

/** A limit, how close the plan comes to it, and what helps. */
export interface PlanLimit {
  readonly what: string
  /** Used share of the limit; above 1 it breaks. */
  readonly share: number
  readonly formula: string
  readonly remedy: string
}

/** Limits of the configuration on which plan limits depend. */
export interface PlanSettings {
  /** Largest allowed value of `broker.partitions`. */
  readonly mostPartitions: number
}

/** Connections of one collector; see collector/otlp. */
const MOST_CONNECTIONS = 10_000
/** Topics by how many partitions they have: those of hosts, those with one, and the rest with the states of groups. */
const OF_HOSTS = STREAMS.filter(({ key }) => key === 'host').length
const OF_ONE = STREAMS.filter(({ compacted }) => compacted === true).length
const OF_MANY = STREAMS.length - OF_HOSTS - OF_ONE + STATEFUL_GROUPS.length
/** Usual maximum of partitions per broker. */
const PARTITIONS_A_BROKER = 4_000
/** Memory that one machine's meter may use. */
const STATE_MEMORY_MB = 4_000
const MEGA = 1e6

/** Worst first. */
export function limitsOf(
  demand: Demand,
  lines: PlanSheet,
  costs: UnitCosts,
  assumed: Assumptions,
  settings: PlanSettings,
): readonly PlanLimit[] {
  const value = (key: string): number => lines.get(key)!.value
  const [collectors, processors, partitions] = [value('collectors'), value('processors'), value('partitions')]
  const hostPartitions = demand.hostPartitions || partitions
  const inserts = value('inserts_per_second')
  const limits: PlanLimit[] = [
    {
      what: 'inserts into a shard',
      share: inserts / value('shards') / assumed.inserts_per_second_a_shard,
      formula: `${short(inserts)}/s / ${value('shards')} shards / ${assumed.inserts_per_second_a_shard}`,
      remedy: 'larger records: raise group_commit.wait_ms, fewer and larger collectors',
    },
    {
      what: 'partitions that may be configured',
      share: partitions / settings.mostPartitions,
      formula: `${partitions} / ${settings.mostPartitions} (broker.partitions)`,
      remedy: 'fewer hosts or spans in one installation',
    },
    {
      what: 'readings of one partition, one meter each',
      share:
        ((value('points_per_second') / MEGA) * costs.meter.cpu_seconds_per_million) /
        hostPartitions /
        assumed.utilisation,
      formula: `${short(value('points_per_second'))}/s x ${costs.meter.cpu_seconds_per_million} CPU s a million / ${hostPartitions} partitions / ${assumed.utilisation}`,
      remedy: 'more broker.host_partitions',
    },
    {
      what: 'processors that find a partition to read',
      share: processors / partitions,
      formula: `${processors} processors / ${partitions} partitions`,
      remedy: 'more partitions, or more cores for each processor',
    },
    {
      what: 'connections of a collector, an agent on each host',
      share: demand.hosts / collectors / MOST_CONNECTIONS,
      formula: `${short(demand.hosts)} hosts / ${collectors} collectors / ${short(MOST_CONNECTIONS)}`,
      remedy: 'more collectors, or gateways between',
    },
    {
      what: 'network of a collector',
      share:
        (value('wire_bytes_per_second') * 8) /
        collectors /
        (assumed.network_gigabits_per_second * 1000 * assumed.utilisation),
      formula: `${short(value('wire_bytes_per_second') * 8)} Mbit/s / ${collectors} / ${short(assumed.network_gigabits_per_second * 1000 * assumed.utilisation)} Mbit/s`,
      remedy: 'more collectors',
    },
    {
      what: 'partitions of a broker, all replicas',
      share:
        ((partitions * OF_MANY + hostPartitions * OF_HOSTS + OF_ONE) * demand.replication) /
        value('brokers') /
        PARTITIONS_A_BROKER,
      formula: `(${partitions} x ${OF_MANY} topics + ${hostPartitions} x ${OF_HOSTS} by host + ${OF_ONE}) x ${demand.replication} / ${value('brokers')} brokers / ${short(PARTITIONS_A_BROKER)}`,
      remedy: 'more brokers',
    },
    {
      what: 'memory of the meter in one processor',
      share: value('meter_state') / processors / STATE_MEMORY_MB,
      formula: `${short(value('meter_state'))} MB / ${processors} / ${short(STATE_MEMORY_MB)} MB`,
      remedy: 'more processors',
    },
  ]
  return limits.toSorted((a, b) => b.share - a.share)
}
