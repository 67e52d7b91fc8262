/**
 * CPU time of workloads that have no counter of their own, kept by adding up what their processes used between two
 * rounds. Pure state: no files, no clock. A group's counter never falls: when a process ends, what it used stays. What
 * it used after the last round it was seen in goes to whoever waited for it where that is known (unseen-children.ts),
 * else it is lost to `unattributed`, by design.
 */
import {
  type GroupCounter,
  type GroupIdentity,
  groupTable,
  MAX_GROUPS,
  type ProcessGroup,
} from './group-table.ts'
import { type ProcessSighting, unseenChildren } from './unseen-children.ts'

/** One process as one round saw it. */
export interface ProcessSample extends ProcessSighting {
  /** Time runnable but not running, ns; of the main thread only, as the kernel shows it. */
  readonly waitNs: bigint
  readonly residentPages: number
  /** Undefined: counted elsewhere (by its control group) or nowhere (kernel threads). */
  readonly group: GroupIdentity | undefined
}

interface SeenProcess extends ProcessSighting {
  readonly waitNs: bigint
}

/** What a round knows beside its processes. */
interface RoundFacts {
  /** When the round before was, ticks after boot; undefined for the first one. */
  readonly sinceTicks: number | undefined
  /** Busy time of the machine since then, ticks; undefined: time of unseen children is not looked for. */
  readonly busyTicks?: number | undefined
}

interface ProcessGroups {
  /** Takes one round. */
  update(samples: Iterable<ProcessSample>, facts: RoundFacts): void
  /** All groups, those without live processes included as long as they are remembered. */
  counters(): GroupCounter[]
}

/** `maxGroups` bounds what is kept; see `groupTable`. */
export function processGroups(maxGroups = MAX_GROUPS): ProcessGroups {
  let processes = new Map<number, SeenProcess>()
  let owed: ReadonlyMap<number, number> = new Map()
  const groups = groupTable(maxGroups)

  /** What the sample adds to its group, and the same of the children it waited for. */
  const take = (sample: ProcessSample, sinceTicks: number | undefined): GroupGrowth => {
    const last = processes.get(sample.pid)
    const isSame = last !== undefined && last.startTicks === sample.startTicks
    // One that started after the last round used all of its time since then; an older one is only a starting point.
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
    // The kernel's own counters never fall; a line that was read wrong must not make the next one count twice.
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

  const addUnseen = (grown: ReadonlyMap<number, GroupGrowth>, busyTicks: number): void => {
    const current = new Map([...grown].map(([pid, { seen }]) => [pid, seen]))
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
    update(samples, { sinceTicks, busyTicks }) {
      groups.begin()
      const grown = new Map<number, GroupGrowth>()
      for (const sample of samples) grown.set(sample.pid, take(sample, sinceTicks))
      if (busyTicks === undefined) owed = new Map()
      else addUnseen(grown, busyTicks)
      processes = new Map([...grown].map(([pid, { seen }]) => [pid, seen]))
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
