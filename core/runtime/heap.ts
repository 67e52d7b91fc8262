import { setFlagsFromString } from 'node:v8'

/**
 * When the runtime searches its whole heap for garbage. Ours is small and lasting, what comes and goes are buffers outside of
 * it; by itself V8 lets the heap grow by a tenth, and marks it again several times a second while bodies and records pass: a
 * fifth of the collector's CPU time. It may double instead, which costs some 20 MB, and memory outside counts like memory
 * inside. With the embedded log, on a machine that also has other things to do, memory matters more than that: there it stays as it is.
 * Set here and not on the command line, where an older Node, which only starts the right one, would refuse to run.
 */
export function relaxHeap(broker: 'embedded' | 'kafka'): void {
  if (broker === 'embedded') return
  setFlagsFromString('--heap-growing-percent=100')
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}
