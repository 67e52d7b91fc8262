/** Groups of processes that are counted together: bounded, each with its own life. Pure state. */

/** The workload that a group of processes forms. */
export interface GroupIdentity {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/** Counters of one group after a round. */
export interface GroupCounter {
  readonly identity: GroupIdentity
  readonly cpuTicks: number
  /** Beside the ticks, what exit accounting added: time of processes after they were last seen, µs. */
  readonly exitUs: number
  readonly waitNs: bigint
  /** Pages of the living processes. */
  readonly residentPages: number
  readonly processes: number
  /** Increased when a group returns after it was forgotten: its counters are new then. */
  readonly generation: number
  /** It appeared in this round: its counters were 0 in the previous round. */
  readonly isNew: boolean
}

/** A group while it is remembered, with counters that only increase. */
export interface ProcessGroup {
  readonly identity: GroupIdentity
  readonly generation: number
  /** Number of the round. */
  readonly born: number
  lastLive: number
  cpuTicks: number
  exitUs: number
  waitNs: bigint
  residentPages: number
  processes: number
}

interface GroupTable {
  /** Starts a round, in which no process has been seen yet. */
  begin(): void
  /** The group of a living process; undefined when there is no space for another group. */
  live(identity: GroupIdentity): ProcessGroup | undefined
  /** Ends a round: forgets groups that have had no process for long. */
  forgetSilent(): void
  counters(): GroupCounter[]
}

/** Maximum number of groups; the rest is unattributed. */
export const MAX_GROUPS = 512
/** Rounds for which a group without processes is remembered: five minutes with rounds of 5 s. */
export const FORGET_AFTER_ROUNDS = 60

/** Keeps up to `maxGroups` groups. Beyond that, it forgets the group that has been without processes for longest. */
export function groupTable(maxGroups: number): GroupTable {
  const groups = new Map<string, ProcessGroup>()
  let round = 0
  let forgotten = 0

  const forget = (key: string): void => {
    groups.delete(key)
    forgotten += 1
  }

  const hasRoom = (): boolean => {
    if (groups.size < maxGroups) return true
    let oldest: string | undefined
    let oldestLive = round
    for (const [key, group] of groups) {
      if (group.lastLive < oldestLive) [oldest, oldestLive] = [key, group.lastLive]
    }
    if (oldest === undefined) return false
    forget(oldest)
    return true
  }

  const create = (key: string, identity: GroupIdentity): ProcessGroup => {
    const counters = { cpuTicks: 0, exitUs: 0, waitNs: 0n, residentPages: 0, processes: 0 }
    const group = { identity, generation: forgotten, born: round, lastLive: round, ...counters }
    groups.set(key, group)
    return group
  }

  return {
    begin() {
      round += 1
      for (const group of groups.values()) {
        group.residentPages = 0
        group.processes = 0
      }
    },
    live(identity) {
      const key = `${identity.kind}\0${identity.id}`
      const group = groups.get(key) ?? (hasRoom() ? create(key, identity) : undefined)
      if (group !== undefined) group.lastLive = round
      return group
    },
    forgetSilent() {
      for (const [key, group] of groups) if (round - group.lastLive > FORGET_AFTER_ROUNDS) forget(key)
    },
    counters: () => [...groups.values()].map(({ born, ...group }) => ({ ...group, isNew: born === round })),
  }
}
