/**
 * CPU time of workloads without their own counter: the sum of what their processes used between two rounds. Pure state:
 * no files, no clock. A group's counter never decreases: when a process ends, its time stays. What it used after its
 * last round is known by exit accounting where that is permitted (unseen-exits.ts). Otherwise it goes to the process that
 * waited for it where that is known (unseen-children.ts), or is lost to `unattributed`, by design.
 */
import {
  type GroupCounter,
  type GroupIdentity,
  groupTable,
  MAX_GROUPS,
  type ProcessGroup,
} from './group-table.ts'
import { type ProcessSighting, unseenChildren } from './unseen-children.ts'
import { type OwnedExit, UnseenExits } from './unseen-exits.ts'

/** One process as seen in one round. */
export interface ProcessSample extends ProcessSighting {
  /** Time runnable but not running, ns; only for the main thread, as the kernel reports it. */
  readonly waitNs: bigint
  readonly residentPages: number
  /** Undefined: counted elsewhere (by its control group) or not at all (kernel threads). */
  readonly group: GroupIdentity | undefined
}

interface SeenProcess extends ProcessSighting {
  readonly waitNs: bigint
}

/** Facts of a round other than its processes. */
interface RoundFacts {
  /** Time of the previous round, ticks after boot; undefined for the first one. */
  readonly sinceTicks: number | undefined
  /** Busy time of the machine since then, ticks; undefined: not known, or not to be used for unseen children. */
  readonly busyTicks?: number | undefined
  /** Processes that ended since then, by exit accounting; undefined: it is not permitted here. */
  readonly exits?: readonly OwnedExit[] | undefined
}

interface ProcessGroups {
  /** Processes one round. */
  update(samples: Iterable<ProcessSample>, facts: RoundFacts): void
  /** All groups, including remembered ones without living processes. */
  counters(): GroupCounter[]
}

/** `maxGroups` limits the remembered groups; see `groupTable`. */
export function processGroups(maxGroups = MAX_GROUPS): ProcessGroups {
  let processes = new Map<number, SeenProcess>()
  let owed: ReadonlyMap<number, number> = new Map()
  const groups = groupTable(maxGroups)
  const unseenExits = new UnseenExits()

  /** Adds the sample's time to its group, and that of the children for which it waited. */
  const take = (sample: ProcessSample, sinceTicks: number | undefined): GroupGrowth => {
    const last = processes.get(sample.pid)
    const isSame = last !== undefined && last.startTicks === sample.startTicks
    // A process that started after the last round used all of its time since then; for an older one, its value is only
    // a starting point.
    const isBorn = !isSame && sinceTicks !== undefined && sample.startTicks >= sinceTicks
    const base = isSame ? last : isBorn ? NOTHING : sample
    const used = Math.max(0, sample.cpuTicks - base.cpuTicks)
    const group = sample.group === undefined ? undefined : groups.live(sample.group)
    if (group !== undefined) {
      group.cpuTicks += used
      if (sample.waitNs > base.waitNs) group.waitNs += sample.waitNs - base.waitNs
      group.residentPages += sample.residentPages
      group.processes += 1
    }
    // The kernel's own counters never decrease; a misread line must not make the next one count twice.
    const seen = {
      pid: sample.pid,
      parentPid: sample.parentPid,
      startTicks: sample.startTicks,
      cpuTicks: isSame ? Math.max(last.cpuTicks, sample.cpuTicks) : sample.cpuTicks,
      childTicks: isSame ? Math.max(last.childTicks, sample.childTicks) : sample.childTicks,
      waitNs: isSame && last.waitNs > sample.waitNs ? last.waitNs : sample.waitNs,
    }
    return { group, used, children: Math.max(0, sample.childTicks - base.childTicks), seen }
  }

  const addUnseen = (
    grown: ReadonlyMap<number, GroupGrowth>,
    current: ReadonlyMap<number, SeenProcess>,
    busyTicks: number,
  ): void => {
    const used = [...grown.values()].reduce((sum, process) => sum + process.used, 0)
    const unseen = unseenChildren({
      previous: processes,
      current,
      childGrowth: new Map([...grown].map(([pid, { children }]) => [pid, children])),
      budgetTicks: Math.max(0, busyTicks - used),
      owed,
    })
    for (const [pid, ticks] of unseen.ticks) {
      const group = grown.get(pid)?.group
      if (group !== undefined) group.cpuTicks += ticks
    }
    owed = unseen.owed
  }

  return {
    update(samples, { sinceTicks, busyTicks, exits }) {
      groups.begin()
      const grown = new Map<number, GroupGrowth>()
      for (const sample of samples) grown.set(sample.pid, take(sample, sinceTicks))
      const current = new Map([...grown].map(([pid, { seen }]) => [pid, seen]))
      if (exits !== undefined) {
        for (const { group, us } of unseenExits.of(exits, processes, current)) {
          const table = groups.live(group)
          if (table !== undefined) table.exitUs += us
        }
      }
      if (exits !== undefined || busyTicks === undefined) owed = new Map()
      else addUnseen(grown, current, busyTicks)
      processes = current
      groups.forgetSilent()
    },
    counters: groups.counters,
  }
}

interface GroupGrowth {
  readonly group: ProcessGroup | undefined
  readonly used: number
  readonly children: number
  readonly seen: SeenProcess
}

const NOTHING = { cpuTicks: 0, childTicks: 0, waitNs: 0n } as const
