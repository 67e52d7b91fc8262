import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** Bytes that the container's limit allows, or that the machine has. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** Bytes that JavaScript objects may take before the process dies (`--max-old-space-size`), or that are available. */
export const heapLimitBytes = (): number => Math.min(availableBytes(), getHeapStatistics().heap_size_limit)
