/** The groups that processes are counted in: bounded, and each with its own life. Pure state. */

/** The workload that a group of processes makes up. */
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
  readonly waitNs: bigint
  /** Pages of the live processes. */
  readonly residentPages: number
  readonly processes: number
  /** Raised when a group comes back after it was forgotten: its counters are new ones then. */
  readonly generation: number
  /** It came up in this round: its counters were 0 in the round before. */
  readonly isNew: boolean
}

/** A group while it is kept: with counters that only grow. */
export interface ProcessGroup {
  readonly identity: GroupIdentity
  readonly generation: number
  /** Rounds. */
  readonly born: number
  lastLive: number
  cpuTicks: number
  waitNs: bigint
  residentPages: number
  processes: number
}

interface GroupTable {
  /** Starts a round: no process has been seen yet. */
  begin(): void
  /** The group of a live process; undefined when there is no room for another one. */
  live(identity: GroupIdentity): ProcessGroup | undefined
  /** Ends a round: groups that had no process for long go. */
  forgetSilent(): void
  counters(): GroupCounter[]
}

/** Groups at most; the rest is unattributed. */
export const MAX_GROUPS = 512
/** Rounds that a group without processes is remembered: five minutes of 5 s rounds. */
export const FORGET_AFTER_ROUNDS = 60

/** Keeps up to `maxGroups` groups. Beyond them it forgets the group that has been without processes longest. */
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
    const counters = { cpuTicks: 0, waitNs: 0n, residentPages: 0, processes: 0 }
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
