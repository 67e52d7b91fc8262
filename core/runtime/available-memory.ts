import { totalmem } from 'node:os'

/** Bytes that a container's limit leaves, or that the machine has. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}
