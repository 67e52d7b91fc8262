/**
 * CPU time of processes that ended between two rounds, or came and went: the kernel adds it to whoever waited for them.
 * A build is thousands of such processes; without this most of its time would be unattributed. Pure.
 *
 * What a process's waited-for time grew by, less what was already seen of those that are gone under it, is time that no
 * round saw. It is given to the one that waited, which is all that can be known. When in doubt it gives less: children
 * that no parent waits for, or that another process inherits, leave their part unattributed.
 */

/** A process as one round saw it. */
export interface ProcessSighting {
  readonly pid: number
  readonly parentPid: number
  readonly startTicks: number
  readonly cpuTicks: number
  readonly childTicks: number
}

interface Rounds {
  readonly previous: ReadonlyMap<number, ProcessSighting>
  readonly current: ReadonlyMap<number, ProcessSighting>
  /** Growth of waited-for time of each process of this round, ticks. */
  readonly childGrowth: ReadonlyMap<number, number>
  /** What may be given in all: busy time of the machine less what processes were seen to use. */
  readonly budgetTicks: number
  /**
   * By process, what was seen of children that were gone in the round before and not yet waited for: it comes in this
   * round. Files are read one after the other, so a child can end between its parent's line and its own.
   */
  readonly owed: ReadonlyMap<number, number>
}

interface Unseen {
  /** Ticks to add for each process that waited. Their sum is at most the budget. */
  readonly ticks: ReadonlyMap<number, number>
  readonly owed: ReadonlyMap<number, number>
}

const MAX_GENERATIONS = 64

/** `budgetTicks`: the CPU time of the host that no live process accounts for, which bounds what is given out. */
export function unseenChildren({ previous, current, childGrowth, budgetTicks, owed }: Rounds): Unseen {
  const gone = seenOfGone(previous, current)
  const nextOwed = new Map<number, number>()
  for (const [pid, seen] of gone.byReaper) {
    const missing = seen - (childGrowth.get(pid) ?? 0)
    if (missing > 0) nextOwed.set(pid, missing)
  }
  const found = new Map<number, number>()
  let sum = 0
  let growth = 0
  for (const [pid, grown] of childGrowth) {
    growth += grown
    const unseen = grown - (gone.byReaper.get(pid) ?? 0) - (owed.get(pid) ?? 0)
    if (unseen <= 0) continue
    found.set(pid, unseen)
    sum += unseen
  }
  const owedInAll = [...owed.values()].reduce((total, ticks) => total + ticks, 0)
  // One that ended after its parent is waited for by another process: only the sum over all tells.
  const limit = Math.max(0, Math.min(budgetTicks, growth - gone.total - owedInAll))
  if (sum > limit) for (const [pid, ticks] of found) found.set(pid, Math.floor((ticks * limit) / sum))
  return { ticks: found, owed: nextOwed }
}

/** What rounds saw of the processes that are gone now, by the nearest one above that is still there, and in all. */
function seenOfGone(
  previous: ReadonlyMap<number, ProcessSighting>,
  current: ReadonlyMap<number, ProcessSighting>,
) {
  const isThere = (seen: ProcessSighting): boolean => current.get(seen.pid)?.startTicks === seen.startTicks
  const byReaper = new Map<number, number>()
  let total = 0
  for (const process of previous.values()) {
    if (isThere(process)) continue
    const seen = process.cpuTicks + process.childTicks
    total += seen
    let above = previous.get(process.parentPid)
    for (let steps = 0; above !== undefined && !isThere(above) && steps < MAX_GENERATIONS; steps++) {
      above = previous.get(above.parentPid)
    }
    if (above !== undefined && isThere(above)) {
      byReaper.set(above.pid, (byReaper.get(above.pid) ?? 0) + seen)
    }
  }
  return { byReaper, total }
}
