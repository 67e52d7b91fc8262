/**
 * CPU time of processes that ended between two rounds, or started and ended: the kernel adds it to the process that
 * waited for them. A build consists of thousands of such processes; without this, most of its time would be
 * unattributed. Pure.
 *
 * The growth of a process's waited-for time, minus what was already seen of its ended descendants, is time that no
 * round saw. It is attributed to the process that waited, since nothing more is known. When in doubt it attributes
 * less: children that no parent waits for, or that another process inherits, leave their part unattributed.
 */

/** A process as seen in one round. */
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
  /** Maximum total: busy time of the machine minus the time that processes were seen to use. */
  readonly budgetTicks: number
  /**
   * By process: the seen time of children that had ended by the previous round but had not been waited for, which
   * appears in this round. Files are read one after another, so a child can end between its parent's line and its own.
   */
  readonly owed: ReadonlyMap<number, number>
}

interface Unseen {
  /** Ticks to add to each process that waited. Their sum is at most the budget. */
  readonly ticks: ReadonlyMap<number, number>
  readonly owed: ReadonlyMap<number, number>
}

const MAX_GENERATIONS = 64

/** `budgetTicks`: CPU time of the host that no living process accounts for, which limits the total. */
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
  // A child that ended after its parent is waited for by another process, so only the total sum is reliable.
  const limit = Math.max(0, Math.min(budgetTicks, growth - gone.total - owedInAll))
  if (sum > limit) for (const [pid, ticks] of found) found.set(pid, Math.floor((ticks * limit) / sum))
  return { ticks: found, owed: nextOwed }
}

/** Time that rounds saw of processes that are now gone, by their nearest living ancestor, and in total. */
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
