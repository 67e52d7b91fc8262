import { setFlagsFromString } from 'node:v8'

/**
 * Sets when the runtime collects garbage in its whole heap. The heap is small and long-lived; short-lived data are
 * buffers outside it. By default V8 lets the heap grow by a tenth, so while bodies and records pass it marks the heap
 * several times a second, which took a fifth of the collector's CPU time. Allowing it to double costs about 20 MB, and
 * memory outside counts like memory inside. With the embedded log, on a machine that also runs other programs, memory
 * matters more, so the default stays. This is set here and not on the command line, because an older Node, which only
 * starts the right one, would refuse the flag.
 */
export function relaxHeap(broker: 'embedded' | 'kafka'): void {
  if (broker === 'embedded') return
  setFlagsFromString('--heap-growing-percent=100')
  setFlagsFromString('--external-memory-accounted-in-global-limit')
}
