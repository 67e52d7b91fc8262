/** From threads that ended to processes that ended. Pure state. */
import type { ThreadExit } from './taskstats.ts'

/** A process that has ended. */
export interface ProcessExit {
  readonly pid: number
  readonly parentPid: number
  /** The kernel's name of it, at most 15 bytes. */
  readonly comm: string
  /** CPU time of all its threads that were seen to end, µs. */
  readonly cpuUs: number
}

interface EndingProcess {
  cpuUs: number
  comm: string
}

/** Living processes some of whose threads have ended. Beyond that, all are forgotten, and what they used is unattributed. */
const MAX_ENDING = 65_536

/** Adds up the threads of each process until its last one has ended. */
export class ProcessExits {
  readonly #ending = new Map<number, EndingProcess>()

  /** The process that has ended with this thread, if it has. */
  take(thread: ThreadExit): ProcessExit | undefined {
    const { pid, processPid, parentPid, name, cpuUs, isLast } = thread
    if (processPid === null) {
      // Before Linux 5.19 a thread cannot be distinguished from a forked process, so neither is counted.
      return thread.hasForked ? undefined : { pid, parentPid, comm: name, cpuUs }
    }
    const ending = this.#ending.get(processPid)
    const total = (ending?.cpuUs ?? 0) + cpuUs
    const comm = pid === processPid || ending === undefined ? name : ending.comm
    if (isLast) {
      this.#ending.delete(processPid)
      return { pid: processPid, parentPid, comm, cpuUs: total }
    }
    if (ending === undefined) {
      if (this.#ending.size >= MAX_ENDING) this.#ending.clear()
      this.#ending.set(processPid, { cpuUs: total, comm })
    } else Object.assign(ending, { cpuUs: total, comm })
    return undefined
  }
}
