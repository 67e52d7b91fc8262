/**
 * CPU time of workloads that have no counter of their own, kept by adding up what their processes used between two
 * rounds. Pure state: no files, no clock. A group's counter never falls: when a process ends, what it used stays. What
 * it used after the last round it was seen in is lost to `unattributed`, by design: nobody can know it.
 */

export interface GroupIdentity {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/** One process as one round saw it. */
export interface ProcessSample {
  readonly pid: number
  readonly startTicks: number
  readonly cpuTicks: number
  /** Time runnable but not running, ns; of the main thread only, as the kernel shows it. */
  readonly waitNs: bigint
  readonly residentPages: number
  /** Undefined: counted elsewhere (by its control group) or nowhere (kernel threads). */
  readonly group: GroupIdentity | undefined
}

export interface GroupCounter {
  readonly identity: GroupIdentity
  readonly cpuTicks: number
  readonly waitNs: bigint
  /** Pages of the live processes. */
  readonly residentPages: number
  readonly processes: number
  /** Raised when a group comes back after it was forgotten: its counters are new ones then. */
  readonly generation: number
  /** It came up in this round: its counters were 0 in the round before. */
  readonly isNew: boolean
}

interface SeenProcess {
  startTicks: number
  cpuTicks: number
  waitNs: bigint
  round: number
}

interface Group {
  identity: GroupIdentity
  cpuTicks: number
  waitNs: bigint
  residentPages: number
  processes: number
  generation: number
  born: number
  lastLive: number
}

export interface ProcessGroups {
  /** Takes one round. `sinceTicks`: when the round before was, ticks after boot; undefined for the first one. */
  update(samples: Iterable<ProcessSample>, sinceTicks: number | undefined): void
  /** All groups, those without live processes included as long as they are remembered. */
  counters(): GroupCounter[]
}

/** Groups at most; the rest is unattributed. */
export const MAX_GROUPS = 512
/** Rounds that a group without processes is remembered: an hour of 5 s rounds. */
const FORGET_AFTER_ROUNDS = 720

export function processGroups(maxGroups = MAX_GROUPS): ProcessGroups {
  const processes = new Map<number, SeenProcess>()
  const groups = new Map<string, Group>()
  let round = 0
  let forgotten = 0

  const groupOf = (identity: GroupIdentity): Group | undefined => {
    const key = `${identity.kind}\0${identity.id}`
    const known = groups.get(key)
    if (known !== undefined) return known
    if (groups.size >= maxGroups && !forgetOldest()) return undefined
    const created: Group = {
      identity,
      cpuTicks: 0,
      waitNs: 0n,
      residentPages: 0,
      processes: 0,
      generation: forgotten,
      born: round,
      lastLive: round,
    }
    groups.set(key, created)
    return created
  }

  const forgetOldest = (): boolean => {
    let oldest: string | undefined
    let oldestLive = round
    for (const [key, group] of groups) {
      if (group.lastLive < oldestLive) [oldest, oldestLive] = [key, group.lastLive]
    }
    if (oldest === undefined) return false
    forgotten += 1
    return groups.delete(oldest)
  }

  const take = (sample: ProcessSample, sinceTicks: number | undefined): void => {
    const last = processes.get(sample.pid)
    const isSame = last !== undefined && last.startTicks === sample.startTicks
    // One that started after the last round used all of its time since then; an older one is only a starting point.
    const isBorn = !isSame && sinceTicks !== undefined && sample.startTicks >= sinceTicks
    const base = isSame ? last : isBorn ? { cpuTicks: 0, waitNs: 0n } : sample
    const group = sample.group === undefined ? undefined : groupOf(sample.group)
    if (group !== undefined) {
      group.cpuTicks += Math.max(0, sample.cpuTicks - base.cpuTicks)
      if (sample.waitNs > base.waitNs) group.waitNs += sample.waitNs - base.waitNs
      group.residentPages += sample.residentPages
      group.processes += 1
      group.lastLive = round
    }
    processes.set(sample.pid, {
      startTicks: sample.startTicks,
      cpuTicks: isSame ? Math.max(last.cpuTicks, sample.cpuTicks) : sample.cpuTicks,
      waitNs: isSame && last.waitNs > sample.waitNs ? last.waitNs : sample.waitNs,
      round,
    })
  }

  return {
    update(samples, sinceTicks) {
      round += 1
      for (const group of groups.values()) {
        group.residentPages = 0
        group.processes = 0
      }
      for (const sample of samples) take(sample, sinceTicks)
      for (const [pid, seen] of processes) if (seen.round !== round) processes.delete(pid)
      for (const [key, group] of groups) {
        if (round - group.lastLive <= FORGET_AFTER_ROUNDS) continue
        groups.delete(key)
        forgotten += 1
      }
    },
    counters: () => [...groups.values()].map(({ born, ...group }) => ({ ...group, isNew: born === round })),
  }
}
