import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'

/** Bytes that a container's limit leaves, or that the machine has. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

/** Bytes that objects of JavaScript may take before the process dies of it (`--max-old-space-size`), or that there are. */
export const heapLimitBytes = (): number => Math.min(availableBytes(), getHeapStatistics().heap_size_limit)
