/** Reads every process once per round: one file each, and two more if it is new or its group counts by processes. */
import type { ProcessExit } from '../exits/process-exits.ts'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import type { CgroupTree } from './cgroups.ts'
import type { GroupIdentity } from './group-table.ts'
import type { ProcessSample } from './process-groups.ts'
import { byName, processOwners } from './process-owner.ts'
import { type ProcessStat, parseProcessStat } from './process-stat.ts'
import type { OwnedExit } from './unseen-exits.ts'

/** Facts about a process, read when it was new. */
interface KnownProcess {
  readonly startTicks: number
  readonly comm: string
  /** Key of the workload to which its control group belongs; undefined if there is none. */
  readonly workloadPath: string | undefined
  readonly group: GroupIdentity
  lastRound: number
  /** CPU time when the wait was read last. */
  waitAtTicks: number
  waitNs: bigint
}

interface ProcessReader {
  /** `covered`: paths of the workloads whose control groups count their CPU time themselves. */
  read(covered: ReadonlySet<string>): ProcessSample[]
  /** Workloads of processes that have ended, after `read`: their own if they were seen, otherwise by their parents'. */
  owned(exits: readonly ProcessExit[], covered: ReadonlySet<string>): OwnedExit[]
}

/** Maximum number of processes per round. */
const MAX_PROCESSES = 32_768
/** A process may be moved to another control group while it runs, so its group is read again from time to time. */
const RECHECK_ROUNDS = 12

/** Remembers each process by pid and start time, so that names and groups are read once. */
export function processReader(files: KernelFiles, roots: Roots, tree: CgroupTree | undefined): ProcessReader {
  const { proc } = roots
  const known = new Map<number, KnownProcess>()
  const ownerOf = processOwners(files, roots, tree)
  let round = 0

  const identify = (pid: number, stat: ProcessStat): KnownProcess => {
    const { workload, group } = ownerOf(pid, stat)
    const { startTicks, comm } = stat
    const unread = { waitAtTicks: -1, waitNs: 0n }
    return { startTicks, comm, workloadPath: workload?.path, group, lastRound: round, ...unread }
  }

  const placeOf = (pid: number, stat: ProcessStat): KnownProcess => {
    const last = known.get(pid)
    const isSame =
      last !== undefined &&
      last.startTicks === stat.startTicks &&
      // A new name means exec: a shell that became another program, or a runtime that became the container.
      last.comm === stat.comm &&
      round % RECHECK_ROUNDS !== pid % RECHECK_ROUNDS
    const place = isSame ? last : identify(pid, stat)
    place.lastRound = round
    known.set(pid, place)
    return place
  }

  const sampleOf = (pid: number, covered: ReadonlySet<string>): ProcessSample | undefined => {
    const bytes = files.line(`${proc}/${pid}/stat`)
    const stat = bytes === undefined ? undefined : parseProcessStat(bytes)
    if (stat === undefined) return undefined
    const { startTicks, cpuTicks, parentPid, childTicks } = stat
    const base = { pid, startTicks, cpuTicks, parentPid, childTicks }
    const uncounted = { ...base, waitNs: 0n, residentPages: 0, group: undefined }
    // The kernel's own threads are busy time of no workload.
    if (stat.isKernelThread) return uncounted
    const place = placeOf(pid, stat)
    if (place.workloadPath !== undefined && covered.has(place.workloadPath)) return uncounted
    // A process that has not run since has hardly waited to: its wait is read again when it has, and from time to time.
    if (place.waitAtTicks !== cpuTicks || round % RECHECK_ROUNDS === pid % RECHECK_ROUNDS) {
      place.waitNs = runDelay(files, proc, pid)
      place.waitAtTicks = cpuTicks
    }
    return {
      ...base,
      waitNs: place.waitNs,
      residentPages: stat.residentPages,
      group: place.group,
    }
  }

  return {
    read(covered) {
      round += 1
      const samples: ProcessSample[] = []
      for (const name of files.names(proc)) {
        if (samples.length >= MAX_PROCESSES) break
        const pid = Number(name)
        if (!Number.isInteger(pid)) continue
        const sample = sampleOf(pid, covered)
        if (sample !== undefined) samples.push(sample)
      }
      // Longer than it lives: one that ends while a round is read is reported in the next one.
      for (const [pid, place] of known) if (place.lastRound < round - 2) known.delete(pid)
      return samples
    },
    owned(exits, covered) {
      const byPid = new Map(exits.map(exit => [exit.pid, exit]))
      return exits.map(exit => {
        const place = placeOfExit(exit, pid => known.get(pid), byPid)
        const isCounted = place?.workloadPath !== undefined && covered.has(place.workloadPath)
        return { pid: exit.pid, cpuUs: exit.cpuUs, group: isCounted ? undefined : place?.group }
      })
    },
  }
}

/** Longest chain of parents that ended in the same round. */
const MAX_GENERATIONS = 64

type ProcessPlace = Pick<KnownProcess, 'workloadPath' | 'group'>

/** A process begins in the control group of its parent. Undefined: neither it nor an ancestor was seen. */
function placeOfExit(
  exit: ProcessExit,
  known: (pid: number) => ProcessPlace | undefined,
  ended: ReadonlyMap<number, ProcessExit>,
): ProcessPlace | undefined {
  const own = known(exit.pid)
  if (own !== undefined) return own
  let { parentPid } = exit
  for (let steps = 0; steps < MAX_GENERATIONS; steps++) {
    const above = known(parentPid)
    if (above !== undefined) {
      return above.workloadPath === undefined ? { workloadPath: undefined, group: byName(exit.comm) } : above
    }
    const parent = ended.get(parentPid)
    if (parent === undefined) return undefined
    parentPid = parent.parentPid
  }
  return undefined
}

/** Second field of schedstat: ns during which the main thread was runnable but not running. */
function runDelay(files: KernelFiles, proc: string, pid: number): bigint {
  const digits = /^\d+ (\d+)/.exec(files.line(`${proc}/${pid}/schedstat`)?.toString('latin1') ?? '')?.[1]
  return digits === undefined ? 0n : BigInt(digits)
}
