import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Resource usage of a process. */
export interface ProcessFigures {
  /** User and system time since its start. */
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly heapUsedBytes: number
  /** Mean and largest delay of the event loop since the last reading. */
  readonly loopDelaySeconds: number
  readonly loopDelayMaxSeconds: number
}

/** Measures this process until it is stopped. */
export interface FiguresWatch {
  /** The current figures; delays are counted from zero afterwards. */
  take(): ProcessFigures
  stop(): void
}

/** Sampling interval of the event loop: rare enough to cost nothing at rest. */
const TICK_MS = 100

/** Watches this process until it is stopped. */
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

/** Takes nanoseconds between ticks; the histogram has no value before its first one. */
const delaySeconds = (value: number): number =>
  Number.isFinite(value) ? Math.max(0, value / 1e9 - TICK_MS / 1000) : 0
