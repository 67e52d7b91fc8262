import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { availableBytes } from '../../core/runtime/available-memory.ts'
import type { Clock } from './clock.ts'

/**
 * Keeps the process within `limits.memory_bytes`: requests are refused with 429 while its resident memory is above four
 * fifths of that. The last fifth is for requests in flight. Free memory is not returned to the system while nothing is
 * allocated, so garbage collection is triggered, and while nothing is in flight a request is admitted anyway: a process
 * whose memory does not shrink slows down, but never locks itself up.
 */
export interface MemoryGuard {
  /** Throws `overloaded` (429, Retry-After); `inFlightBytes`: of all requests. */
  check(inFlightBytes: number): void
}

interface MemoryGuardOptions {
  /** Default: the memory of the container or the machine. */
  readonly limitBytes?: number | undefined
  readonly clock: Clock
  readonly residentBytes?: () => number
  readonly collect?: () => void
}

const SHED_ABOVE = 0.8
/** Reading the size costs microseconds, and it hardly changes within this time. */
const READ_MS = 20
/** Garbage collection stops everything for tens of milliseconds. */
const COLLECT_MS = 5_000

/** Reads the resident size of the process at most every `READ_MS` and sheds load near the limit. */
export function createMemoryGuard(options: MemoryGuardOptions): MemoryGuard {
  const { clock, residentBytes = process.memoryUsage.rss, collect = collectGarbage } = options
  const limitBytes = options.limitBytes ?? availableBytes()
  const shedAbove = Math.floor(limitBytes * SHED_ABOVE)
  let resident = 0
  let readMs = Number.NEGATIVE_INFINITY
  let collectedMs = Number.NEGATIVE_INFINITY

  return {
    check(inFlightBytes) {
      const nowMs = clock.monotonicMs()
      if (nowMs - readMs >= READ_MS) {
        resident = residentBytes()
        readMs = nowMs
      }
      if (resident <= shedAbove) return
      if (nowMs - collectedMs >= COLLECT_MS) {
        collect()
        resident = residentBytes()
        readMs = collectedMs = clock.monotonicMs()
      }
      if (resident <= shedAbove || inFlightBytes === 0) return
      throw new WattlineError(
        'overloaded',
        `The process uses ${resident} bytes of memory; above ${shedAbove} (80 % of limits.memory_bytes, ${limitBytes}) requests are refused.`,
        { retryAfterSeconds: 1 },
      )
    },
  }
}

let gc: (() => void) | undefined

function collectGarbage(): void {
  if (gc === undefined) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as () => void
  }
  gc()
}
