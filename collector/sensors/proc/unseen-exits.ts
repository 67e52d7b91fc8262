/**
 * CPU time that processes used after they were last seen, by exit accounting: all of it for a process that began and ended
 * between two rounds. Pure state.
 */
import type { GroupIdentity } from './group-table.ts'
import { TICK_US } from './proc-stat.ts'
import type { ProcessSighting } from './unseen-children.ts'

/** A process that has ended, with its workload. */
export interface OwnedExit {
  readonly pid: number
  /** CPU time in all, µs. */
  readonly cpuUs: number
  /** Undefined: counted by its control group, or not known. */
  readonly group: GroupIdentity | undefined
}

const US_PER_TICK = Number(TICK_US)

/** Subtracts what rounds have seen. */
export class UnseenExits {
  /** Processes that the last round no longer saw, and whose end was not reported yet. */
  #left: ReadonlyMap<number, ProcessSighting> = new Map()

  /**
   * Call it once a round. A process that ended while its round was read is reported one round later, and one that nobody
   * waited for is still seen after it was reported.
   */
  of(
    exits: readonly OwnedExit[],
    previous: ReadonlyMap<number, ProcessSighting>,
    current: ReadonlyMap<number, ProcessSighting>,
  ): { readonly group: GroupIdentity; readonly us: number }[] {
    const ended = new Set(exits.map(({ pid }) => pid))
    const found = exits.flatMap(({ pid, cpuUs, group }) => {
      const seen = this.#seenOf(pid, previous, current)
      const us = cpuUs - (seen?.cpuTicks ?? 0) * US_PER_TICK
      return group === undefined || us <= 0 ? [] : [{ group, us }]
    })
    const isGone = ({ pid, startTicks }: ProcessSighting): boolean =>
      current.get(pid)?.startTicks !== startTicks && !ended.has(pid)
    this.#left = new Map([...previous].filter(([, seen]) => isGone(seen)))
    return found
  }

  /** Its last sighting: in this round if nobody has waited for it yet, unless its id is another process by now. */
  #seenOf(
    pid: number,
    previous: ReadonlyMap<number, ProcessSighting>,
    current: ReadonlyMap<number, ProcessSighting>,
  ): ProcessSighting | undefined {
    const now = current.get(pid)
    const before = this.#left.get(pid) ?? previous.get(pid)
    return now !== undefined && (before === undefined || before.startTicks === now.startTicks) ? now : before
  }
}
