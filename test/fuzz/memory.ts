/** Whether a run leaks memory: sizes after a collection, at equal distances. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

export class MemoryWatch {
  readonly #samples: number[] = []

  sample(): void {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    this.#samples.push(heapUsed + external)
  }

  /** From the second quarter of the run, when everything is warm, to the last, in bytes; 0 while there are too few. */
  grownBytes(): number {
    const samples = this.#samples
    if (samples.length < 8) return 0
    const quarter = Math.floor(samples.length / 4)
    return median(samples.slice(-quarter)) - median(samples.slice(quarter, quarter * 2))
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!
