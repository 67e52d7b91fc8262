import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a process costs. */
export interface ProcessFigures {
  /** User and system, since its start. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  /** Mean and largest delay of the event loop since the last look. */
  readonly loopDelaySeconds: number
  readonly loopDelayMaxSeconds: number
}

/** Measures this process until it is stopped. */
export interface FiguresWatch {
  /** The figures now; delays are counted from zero from here on. */
  take(): ProcessFigures
  stop(): void
}

/** How often the event loop is looked at: rare enough to cost nothing at rest. */
const TICK_MS = 100

/** Of this process, until it is stopped. */
export function watchProcess(): FiguresWatch {
  const delay = monitorEventLoopDelay({ resolution: TICK_MS })
  delay.enable()
  return {
    take() {
      const { user, system } = process.cpuUsage()
      const { rss, heapUsed } = process.memoryUsage()
      const figures = {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: rss,
        heapUsedBytes: heapUsed,
        loopDelaySeconds: delaySeconds(delay.mean),
        loopDelayMaxSeconds: delaySeconds(delay.max),
      }
      delay.reset()
      return figures
    },
    stop: () => void delay.disable(),
  }
}

/** Nanoseconds between ticks in; the histogram has no value before its first one. */
const delaySeconds = (value: number): number =>
  Number.isFinite(value) ? Math.max(0, value / 1e9 - TICK_MS / 1000) : 0
