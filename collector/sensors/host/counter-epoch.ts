/**
 * When a hardware counter starts again although the machine did not boot: its driver was loaded again, or the machine was
 * suspended, after which processors may restart their counters. A decrease could otherwise be mistaken for a wrap.
 */
import { statSync } from 'node:fs'
import type { HostIdentity, Round } from './sensor.ts'

/** Lives of counters, by folder. */
export interface CounterLives {
  /** How often the folder was created again since it was first seen. */
  of(folder: string): number
}

/** The kernel creates the folder again, with another inode, when a driver is loaded again. */
export function counterLives(): CounterLives {
  const seen = new Map<string, { inode: string; life: number }>()
  return {
    of(folder) {
      const inode = inodeOf(folder)
      const known = seen.get(folder)
      if (known === undefined) {
        seen.set(folder, { inode, life: 0 })
        return 0
      }
      if (inode !== '' && inode !== known.inode) {
        known.inode = inode
        known.life += 1
      }
      return known.life
    },
  }
}

function inodeOf(folder: string): string {
  try {
    return String(statSync(folder).ino)
  } catch {
    return ''
  }
}

/** The boot id of a counter: that of the machine, until something restarted the counter. */
export function counterEpoch({ bootId }: HostIdentity, { suspends = 0 }: Round, life: number): string {
  const parts = [bootId, ...(suspends > 0 ? [`s${suspends}`] : []), ...(life > 0 ? [`d${life}`] : [])]
  return parts.join('/')
}

/** Longer than uptime's resolution and a slow read between both clocks. */
const LEAST_SUSPEND_NS = 1_000_000_000n
const NS_PER_TICK = 10_000_000n

/**
 * Counts suspends: the kernel's uptime goes on while a machine sleeps, the monotonic clock does not.
 * @returns call it once a round
 */
export function suspendCounter(): (uptimeTicks: number, monotonicNs: bigint) => number {
  let apart: bigint | undefined
  let suspends = 0
  return (uptimeTicks, monotonicNs) => {
    const now = BigInt(uptimeTicks) * NS_PER_TICK - monotonicNs
    if (apart !== undefined && now - apart > LEAST_SUSPEND_NS) suspends += 1
    // Both clocks may be adjusted a little, so only sudden differences count.
    apart = now
    return suspends
  }
}
