import type { CounterSamples } from '../../catalogue/events/event-bus.ts'
import type { FiguresWatch, ProcessFigures } from '../process-figures.ts'
import type { WorkerReport } from './messages.ts'

/**
 * The combined counters and resource usage of several processes. A combined counter never falls: the last report of a
 * process that ended stays in the sum, and its successor counts from zero.
 */
export class WorkerTotals {
  readonly #last = new Map<number, WorkerReport>()
  readonly #gone: WorkerReport[] = []
  #loops: ProcessFigures[] = []

  /** The latest report of worker `index`. */
  report(index: number, report: WorkerReport): void {
    this.#last.set(index, report)
    this.#loops.push(report.figures)
  }

  /** Worker `index` has ended. */
  ended(index: number): void {
    const last = this.#last.get(index)
    if (last === undefined) return
    this.#last.delete(index)
    const { cpuSeconds } = last.figures
    const before = this.#gone.pop()
    this.#gone.push({
      counters: before === undefined ? last.counters : sumCounters([before.counters, last.counters]),
      figures: { ...NOTHING, cpuSeconds: cpuSeconds + (before?.figures.cpuSeconds ?? 0) },
      reasons: [],
    })
  }

  latest(index: number): WorkerReport | undefined {
    return this.#last.get(index)
  }

  counters(own: CounterSamples): CounterSamples {
    return sumCounters([own, ...this.#all().map(({ counters }) => counters)])
  }

  /** Combined with those of the process itself. Delays are those of the workers since the last reading. */
  watch(own: FiguresWatch): FiguresWatch {
    return {
      take: () => {
        const loops = this.#loops
        this.#loops = []
        const all = [own.take(), ...this.#all().map(({ figures }) => figures)]
        const sum = (of: (figures: ProcessFigures) => number): number =>
          all.reduce((total, figures) => total + of(figures), 0)
        return {
          cpuSeconds: sum(figures => figures.cpuSeconds),
          residentBytes: sum(figures => figures.residentBytes),
          heapUsedBytes: sum(figures => figures.heapUsedBytes),
          loopDelaySeconds:
            loops.reduce((total, { loopDelaySeconds }) => total + loopDelaySeconds, 0) /
            Math.max(1, loops.length),
          loopDelayMaxSeconds: Math.max(0, ...loops.map(figures => figures.loopDelayMaxSeconds)),
        }
      },
      stop: () => own.stop(),
    }
  }

  #all(): readonly WorkerReport[] {
    return [...this.#gone, ...this.#last.values()]
  }
}

const NOTHING: ProcessFigures = {
  cpuSeconds: 0,
  residentBytes: 0,
  heapUsedBytes: 0,
  loopDelaySeconds: 0,
  loopDelayMaxSeconds: 0,
}

function sumCounters(all: readonly CounterSamples[]): CounterSamples {
  const sums = new Map<string, Map<string, number>>()
  for (const [name, samples] of all.flatMap(counters => [...counters])) {
    const sum = sums.get(name) ?? new Map<string, number>()
    sums.set(name, sum)
    for (const [labels, value] of samples) sum.set(labels, (sum.get(labels) ?? 0) + value)
  }
  return sums
}
