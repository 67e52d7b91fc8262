/** CPU time, memory and CPU wait of the host and of everything that runs on it. */

import type { CgroupWorkload } from '../../readings/mappings/cgroup-patterns.ts'
import type { Reading } from '../../readings/reading.ts'
import type { ExitSource } from '../exits/exits.ts'
import { type KernelFiles, keyedInteger } from '../host/files.ts'
import { type HostIdentity, type Roots, type Round, readingOf, type Sensor } from '../host/sensor.ts'
import { type Births, births } from './births.ts'
import {
  type CgroupCounters,
  type CgroupTree,
  cgroupLife,
  findCgroupTree,
  findWorkloads,
  readCgroup,
} from './cgroups.ts'
import type { GroupCounter } from './group-table.ts'
import { HOST_MODES, type ProcStat, parseProcStat, TICK_US } from './proc-stat.ts'
import { processGroups } from './process-groups.ts'
import { processReader } from './processes.ts'

interface CpuTimeOptions {
  readonly files: KernelFiles
  readonly roots: Roots
  readonly identity: HostIdentity
  /** Distinguishes this run of the process from the previous one: counters that are summed here start at 0 with it. */
  readonly runId: string
  /** Processes that end, where the kernel reports them. */
  readonly exits?: Pick<ExitSource, 'take'> | undefined
}

interface LastRound {
  readonly round: Round
  readonly ticks: number
  readonly busyTicks: number
}

/** Reads control groups where workloads have them, and processes for everything else. */
export function cpuTimeSensor(options: CpuTimeOptions): Sensor {
  const { files, roots } = options
  const tree = findCgroupTree(files, roots.sys)
  const processes = processReader(files, roots, tree)
  const groups = processGroups()
  const born = births()
  const pageBytes = BigInt(pageSize(files, roots.proc))
  let last: LastRound | undefined
  return {
    name: 'cpu_time',
    read(round) {
      const stat = parseProcStat(files.text(`${roots.proc}/stat`) ?? '')
      const ticks = uptimeTicks(files, roots.proc)
      // One more tick: uptime is truncated to whole ticks at both ends.
      born.begin(last && BigInt((ticks - last.ticks + 1) * stat.cpus) * TICK_US)
      const workloads = readWorkloads(options, tree, round, born, last?.round)
      const busyTicks = busyTicksOf(stat.cpuTime)
      // Before processes are read: what ends meanwhile is reported in the next round.
      const ended = options.exits?.take()
      const samples = processes.read(workloads.covered)
      groups.update(samples, {
        sinceTicks: last?.ticks,
        // What ended before the first round is of before.
        exits: ended && (last === undefined ? [] : processes.owned(ended, workloads.covered)),
        // A control group's counter includes its children, whichever process waits for them.
        busyTicks: last === undefined || workloads.covered.size > 0 ? undefined : busyTicks - last.busyTicks,
      })
      const counted = groups.counters().flatMap(group => {
        const readings = groupReadings(options, round, group, pageBytes)
        return last === undefined || !group.isNew ? readings : opened(readings, last.round)
      })
      last = { round, ticks, busyTicks }
      return [...readHost(options, round, stat), ...workloads.readings, ...counted]
    },
  }
}

/** Time that processes can have used: interrupts belong to no process. */
const busyTicksOf = ({ user, nice, system }: ProcStat['cpuTime']): number =>
  Number((user + nice + system) / TICK_US)

interface ReadWorkloads {
  readonly readings: Reading[]
  /** Paths of the workloads whose control groups were read. */
  readonly covered: ReadonlySet<string>
}

function readWorkloads(
  options: CpuTimeOptions,
  tree: CgroupTree | undefined,
  round: Round,
  born: Births,
  lastRound: Round | undefined,
): ReadWorkloads {
  const readings: Reading[] = []
  const covered = new Set<string>()
  if (tree === undefined) return { readings, covered }
  const { counted, holders } = findWorkloads(options.files, tree)
  for (const path of holders) born.see(lifeOf(path, cgroupLife(tree, path)))
  for (const workload of counted) {
    const counters = readCgroup(options.files, tree, workload.path)
    if (counters === undefined) continue
    covered.add(workload.path)
    const life = cgroupLife(tree, workload.path)
    const found = workloadReadings(options, tree, round, workload, counters, life)
    const isNew = born.isNew(lifeOf(workload.path, life), counters.cpuUs) && lastRound !== undefined
    readings.push(...(isNew ? opened(found, lastRound) : found))
  }
  return { readings, covered }
}

/** With its name: where numbers of folders are given again, a container may get that of one that has gone. */
const lifeOf = (path: string, life: string): string =>
  life === '' ? '' : `${life}${path.slice(path.lastIndexOf('/'))}`

/**
 * A counter that appeared since the last round was 0 then. A counter's first sample is only a starting point, so
 * without this zero the use of a new container until it was first seen would be unattributed.
 */
function opened(readings: readonly Reading[], lastRound: Round): Reading[] {
  const counters = readings.filter(reading => reading.Quantity !== 'memory')
  const zeros = counters.map(reading => ({ ...reading, Timestamp: lastRound.timestampUnixNano, Value: 0n }))
  return [...zeros, ...readings]
}

function readHost(
  { files, roots, identity }: CpuTimeOptions,
  round: Round,
  { cpuTime }: ProcStat,
): Reading[] {
  const readings = HOST_MODES.map(mode =>
    readingOf(identity, round, { quantity: 'cpu_time', domain: mode, value: cpuTime[mode], source: 'proc' }),
  )
  const memory = files.text(`${roots.proc}/meminfo`) ?? ''
  const total = keyedInteger(memory, 'MemTotal')
  const available = keyedInteger(memory, 'MemAvailable')
  if (total !== undefined && available !== undefined && available <= total) {
    const value = (total - available) * 1024n
    readings.push(
      readingOf(identity, round, { quantity: 'memory', domain: 'used', value, source: 'proc', bootId: '' }),
    )
  }
  const waited = /^some .*total=(\d+)/m.exec(files.text(`${roots.proc}/pressure/cpu`) ?? '')?.[1]
  if (waited !== undefined) {
    readings.push(readingOf(identity, round, { quantity: 'cpu_wait', value: BigInt(waited), source: 'proc' }))
  }
  return readings
}

function workloadReadings(
  { identity }: CpuTimeOptions,
  tree: CgroupTree,
  round: Round,
  workload: CgroupWorkload,
  counters: CgroupCounters,
  life: string,
): Reading[] {
  const source = tree.version === 2 ? 'cgroup2' : 'cgroup1'
  const bootId = `${identity.bootId}/${life}`
  const common = { workload, source, bootId, attributes: attributesOf(workload) } as const
  const readings = [readingOf(identity, round, { ...common, quantity: 'cpu_time', value: counters.cpuUs })]
  if (counters.workingSetBytes !== undefined) {
    const memory = { ...common, domain: 'working_set', value: counters.workingSetBytes, bootId: '' }
    readings.push(readingOf(identity, round, { ...memory, quantity: 'memory' }))
  }
  if (counters.cpuWaitUs !== undefined) {
    readings.push(readingOf(identity, round, { ...common, quantity: 'cpu_wait', value: counters.cpuWaitUs }))
  }
  return readings
}

function groupReadings(
  options: CpuTimeOptions,
  round: Round,
  group: GroupCounter,
  pageBytes: bigint,
): Reading[] {
  const { identity, runId } = options
  const workload = group.identity
  const bootId = `${identity.bootId}/${runId}${group.generation === 0 ? '' : `/${group.generation}`}`
  const common = { workload, source: 'proc', bootId, attributes: attributesOf(workload) } as const
  const readings = [
    readingOf(identity, round, {
      ...common,
      quantity: 'cpu_time',
      value: BigInt(group.cpuTicks) * TICK_US + BigInt(group.exitUs),
    }),
    readingOf(identity, round, { ...common, quantity: 'cpu_wait', value: group.waitNs / 1000n }),
  ]
  if (group.processes > 0) {
    const value = BigInt(group.residentPages) * pageBytes
    readings.push(
      readingOf(identity, round, { ...common, quantity: 'memory', domain: 'rss', value, bootId: '' }),
    )
  }
  return readings
}

const attributesOf = (
  workload: Pick<CgroupWorkload, 'name' | 'attributes'>,
): Readonly<Record<string, string>> => ({ ...workload.attributes, 'workload.name': workload.name })

/** Time since boot in ticks: the first number of /proc/uptime has exactly two decimals. */
export function uptimeTicks(files: KernelFiles, proc: string): number {
  const match = /^(\d+)\.(\d\d) /.exec(files.text(`${proc}/uptime`) ?? '')
  if (match === null) throw new Error('/proc/uptime cannot be read')
  return Number(match[1]) * 100 + Number(match[2])
}

/** AT_PAGESZ (6) of the auxiliary vector: pairs of 64-bit words. 4096 if it cannot be read. */
export function pageSize(files: KernelFiles, proc: string): number {
  const vector = files.bytes(`${proc}/self/auxv`)
  if (vector === undefined) return 4096
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8))
  }
  return 4096
}
