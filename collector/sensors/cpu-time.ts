/** CPU time, memory and CPU wait of the host and of everything that runs on it. */
import type { Reading } from '../readings/metric.ts'
import type { CgroupWorkload } from './cgroup-patterns.ts'
import { type CgroupTree, cgroupLife, findCgroupTree, findWorkloads, readCgroup } from './cgroups.ts'
import { type KernelFiles, keyedInteger } from './files.ts'
import { HOST_MODES, parseProcStat, TICK_US } from './proc-stat.ts'
import { type GroupCounter, type ProcessGroups, processGroups } from './process-groups.ts'
import { type ProcessReader, processReader } from './processes.ts'
import { type HostIdentity, type Roots, type Round, readingOf, type Sensor } from './sensor.ts'

export interface CpuTimeOptions {
  readonly files: KernelFiles
  readonly roots: Roots
  readonly identity: HostIdentity
  /** Tells this run of the process apart from the one before: counters added up here start at 0 with it. */
  readonly runId: string
}

export function cpuTimeSensor(options: CpuTimeOptions): Sensor {
  const { files, roots } = options
  const tree = findCgroupTree(files, roots.sys)
  const processes = processReader(files, roots.proc, tree)
  const groups = processGroups()
  const pageBytes = BigInt(pageSize(files, roots.proc))
  let lastTicks: number | undefined
  return {
    name: 'cpu_time',
    read(round) {
      const covered = new Set<string>()
      const workloads = tree === undefined ? [] : readWorkloads(options, tree, round, covered)
      const nowTicks = uptimeTicks(files, roots.proc)
      const counted = readGroups(processes, groups, covered, lastTicks)
      lastTicks = nowTicks
      return [
        ...readHost(options, round),
        ...workloads,
        ...counted.flatMap(group => groupReadings(options, round, group, pageBytes)),
      ]
    },
  }
}

function readHost({ files, roots, identity }: CpuTimeOptions, round: Round): Reading[] {
  const { cpuTime } = parseProcStat(files.text(`${roots.proc}/stat`) ?? '')
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

/** Adds the path of every workload that was read to `covered`. */
function readWorkloads(
  options: CpuTimeOptions,
  tree: CgroupTree,
  round: Round,
  covered: Set<string>,
): Reading[] {
  const { files, identity } = options
  const source = tree.version === 2 ? 'cgroup2' : 'cgroup1'
  return findWorkloads(files, tree).flatMap(workload => {
    const counters = readCgroup(files, tree, workload.path)
    if (counters === undefined) return []
    covered.add(workload.path)
    const bootId = `${identity.bootId}/${cgroupLife(tree, workload.path)}`
    const common = { workload, source, bootId, attributes: attributesOf(workload) } as const
    const readings = [readingOf(identity, round, { ...common, quantity: 'cpu_time', value: counters.cpuUs })]
    if (counters.workingSetBytes !== undefined) {
      const memory = { ...common, domain: 'working_set', value: counters.workingSetBytes, bootId: '' }
      readings.push(readingOf(identity, round, { ...memory, quantity: 'memory' }))
    }
    if (counters.cpuWaitUs !== undefined) {
      readings.push(
        readingOf(identity, round, { ...common, quantity: 'cpu_wait', value: counters.cpuWaitUs }),
      )
    }
    return readings
  })
}

function readGroups(
  processes: ProcessReader,
  groups: ProcessGroups,
  covered: ReadonlySet<string>,
  sinceTicks: number | undefined,
): GroupCounter[] {
  groups.update(processes.read(covered), sinceTicks)
  return groups.counters()
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
      value: BigInt(group.cpuTicks) * TICK_US,
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

/** AT_PAGESZ (6) of the auxiliary vector: pairs of 64-bit words. 4096 where it cannot be read. */
export function pageSize(files: KernelFiles, proc: string): number {
  const vector = files.bytes(`${proc}/self/auxv`)
  if (vector === undefined) return 4096
  for (let at = 0; at + 16 <= vector.length; at += 16) {
    if (vector.readBigUInt64LE(at) === 6n) return Number(vector.readBigUInt64LE(at + 8))
  }
  return 4096
}
