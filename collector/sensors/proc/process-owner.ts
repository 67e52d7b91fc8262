/** Which workload a process belongs to: that of its control group, else its program. */
import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { type CgroupWorkload, classifyCgroup } from '../../readings/mappings/cgroup-patterns.ts'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import { type CgroupPaths, cgroupPaths } from './cgroup-namespace.ts'
import { type CgroupTree, findCgroupTree, processCgroup } from './cgroups.ts'
import type { GroupIdentity } from './group-table.ts'
import { type ProcessStat, parseProcessStat } from './process-stat.ts'

/** Owner of a process. */
interface ProcessOwner {
  /** The workload of its control group; undefined if that is not a workload's. */
  readonly workload: CgroupWorkload | undefined
  readonly group: GroupIdentity
}

/** Reads the owner of a process; the files are read at every call. */
export function processOwners(
  files: KernelFiles,
  roots: Roots,
  tree: CgroupTree | undefined,
): (pid: number, stat: ProcessStat) => ProcessOwner {
  const { proc } = roots
  const inTree: CgroupPaths = tree === undefined ? path => path : cgroupPaths(files, roots, tree)
  return (pid, stat) => {
    const shown =
      tree === undefined ? '/' : processCgroup(files.text(`${proc}/${pid}/cgroup`) ?? '', tree.version)
    const workload = classifyCgroup(inTree(shown))
    return { workload, group: workload ?? byExecutable(proc, pid, stat.comm) }
  }
}

/** Node gives its main thread this name, and with it the process. */
const NODE_MAIN_THREAD = 'MainThread'

/** The kernel's name of a process, except for programs that set another one: a title has spaces (`npm exec x`). */
function byExecutable(proc: string, pid: number, comm: string): GroupIdentity {
  const isTitle = comm === NODE_MAIN_THREAD || comm.includes(' ')
  return byName((isTitle ? executableOf(proc, pid) : undefined) ?? comm)
}

/** The workload of a program by the kernel's name of it alone. */
export function byName(comm: string): GroupIdentity {
  const name = comm === NODE_MAIN_THREAD ? 'node' : comm.trim() || '?'
  return { kind: 'process', id: name, name, attributes: { 'process.executable.name': name } }
}

function executableOf(proc: string, pid: number): string | undefined {
  try {
    return basename(readlinkSync(`${proc}/${pid}/exe`).replace(/ \(deleted\)$/, '')) || undefined
  } catch {
    return undefined
  }
}

/** A process found by its id, with its start in ticks after boot. */
export interface KnownOwner {
  readonly group: GroupIdentity
  readonly startTicks: number
}

/** Rounds after which a control group is read again, and for which a process that ended is remembered. */
const RECHECK_ROUNDS = 12

/**
 * Owners of processes by id, remembered while they run and a little longer: drivers report what a process did after it ended.
 * Call `next` once a round.
 */
export function ownersByPid(files: KernelFiles, roots: Roots) {
  const known = new Map<number, KnownOwner & { comm: string; round: number; read: number }>()
  const tree = findCgroupTree(files, roots.sys)
  const ownerOf = processOwners(files, roots, tree)
  let round = 0
  return {
    next(): void {
      round += 1
      for (const [pid, { round: last }] of known) if (round - last > RECHECK_ROUNDS) known.delete(pid)
    },
    of(pid: number): KnownOwner | undefined {
      const last = known.get(pid)
      const bytes = files.bytes(`${roots.proc}/${pid}/stat`)
      const stat = bytes === undefined ? undefined : parseProcessStat(bytes)
      if (stat === undefined) return last
      const isSame = last?.startTicks === stat.startTicks && last.comm === stat.comm
      const isFresh = isSame && round - last.read < RECHECK_ROUNDS
      if (isFresh) last.round = round
      const { startTicks, comm } = stat
      const owner = isFresh ? last : { group: ownerOf(pid, stat).group, startTicks, comm, round, read: round }
      known.set(pid, owner)
      return owner
    },
  }
}
