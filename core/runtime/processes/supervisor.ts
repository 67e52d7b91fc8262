import type { CounterSamples } from '../../catalogue/events/event-bus.ts'
import type { Events } from '../../catalogue/events/events.ts'
import { backoffMs, sleep } from '../backoff.ts'
import type { FiguresWatch } from '../process-figures.ts'
import type { WorkerAddresses, WorkerOrder } from './messages.ts'
import { WorkerTotals } from './tally.ts'
import { WorkerProcess } from './worker-process.ts'

interface WorkerSupervisorOptions {
  readonly processes: number
  /** Module that a worker runs. */
  readonly entry: URL
  /** The configuration of worker `index`; `first`: the addresses of the first worker, null for that worker itself. */
  readonly order: (index: number, first: WorkerAddresses | null) => WorkerOrder
  readonly events: Events
  readonly times?: Partial<SupervisorTimes>
}

/** In milliseconds. */
export interface SupervisorTimes {
  /** A worker that reports nothing for this long hangs and is killed, because it would still get connections. */
  readonly silentMs: number
  /** The same limit while it starts and waits for its neighbours. */
  readonly startMs: number
  /** Delays before a worker that ended is restarted: the first one, doubled each time, up to the longest. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** A worker that ran this long before it ended gets the first delay again. */
  readonly settledMs: number
}

const TIMES: SupervisorTimes = {
  silentMs: 30_000,
  startMs: 90_000,
  firstWaitMs: 100,
  longestWaitMs: 30_000,
  settledMs: 60_000,
}
/** A worker that reports nothing for this long is listed as a reason. */
const LATE_MS = 5_000
/** Extra time after the grace period for a worker's last messages. */
const LAST_WORDS_MS = 300
/** Time for the others to stop when one cannot start. */
const GIVE_UP_MS = 2_000

/** Starts worker processes, keeps them running, combines their reports, and stops them. */
export class Supervisor {
  readonly #options: WorkerSupervisorOptions
  readonly #times: SupervisorTimes
  readonly #tally = new WorkerTotals()
  readonly #workers = new Map<number, WorkerProcess>()
  /** For each worker that is being restarted, how it ended, as text. */
  readonly #fallen = new Map<number, string>()
  readonly #stopping = new AbortController()
  #first: WorkerAddresses | null = null

  constructor(options: WorkerSupervisorOptions) {
    this.#options = options
    this.#times = { ...TIMES, ...options.times }
    // Workers never outlive this process, however it ends.
    process.once('exit', this.#killAll)
  }

  /**
   * Resolves with the shared addresses when all workers run. The first worker starts alone, so that a port chosen by
   * the system is known before the others start. If one cannot start, ends the others and rejects with its error.
   */
  async start(): Promise<WorkerAddresses> {
    try {
      const watch = setInterval(() => this.#killSilent(), Math.min(1_000, this.#times.silentMs / 2))
      this.#stopping.signal.addEventListener('abort', () => clearInterval(watch))
      this.#first = await this.#launch(0).started
      const others = Array.from({ length: this.#options.processes - 1 }, (_, at) => this.#launch(at + 1))
      await Promise.all(others.map(worker => worker.started))
      for (let index = 0; index < this.#options.processes; index++) void this.#keep(index)
      return this.#first
    } catch (error) {
      await this.stop(GIVE_UP_MS)
      throw error
    }
  }

  /** Counters of all workers, plus `own`. */
  counters(own: CounterSamples): CounterSamples {
    return this.#tally.counters(own)
  }

  /** Resource usage of all workers, plus `own`. */
  figures(own: FiguresWatch): FiguresWatch {
    return this.#tally.watch(own)
  }

  /** Process ids of running workers, by index. */
  pids(): ReadonlyMap<number, number> {
    return new Map([...this.#workers].map(([index, { pid = 0 }]) => [index, pid]))
  }

  /** Why the listening workers, or all of them, cannot ingest. Connections go to the workers that listen. */
  reasons(): readonly string[] {
    const running = [...this.#workers].filter(([, worker]) => worker.isStarted)
    if (running.length === 0) {
      const told = [...this.#workers.keys()].flatMap(index => this.#tally.latest(index)?.reasons ?? [])
      return ['no process is running', ...new Set(told), ...this.waiting()]
    }
    return running.flatMap(([index, worker]) => {
      const late = worker.silentMs() > LATE_MS ? [`silent for ${Math.round(worker.silentMs() / 1000)} s`] : []
      const told = this.#tally.latest(index)?.reasons ?? []
      return [...late, ...told].map(reason => `process ${index}: ${reason}`)
    })
  }

  /** Workers that are being restarted while the others work. */
  waiting(): readonly string[] {
    const { processes } = this.#options
    return [...this.#fallen].map(
      ([index, how]) => `process ${index} of ${processes} ended (${how}) and is being restarted`,
    )
  }

  /** Stops all at once. Resolves with a line for each part that failed or was late. */
  async stop(graceMs: number): Promise<readonly string[]> {
    this.#stopping.abort()
    const workers = [...this.#workers]
    for (const [, worker] of workers) worker.stop(graceMs)
    const cut = setTimeout(() => {
      for (const [, worker] of workers) worker.kill('it did not stop in time')
    }, graceMs + LAST_WORDS_MS)
    const left = await Promise.all(
      workers.map(async ([index, worker]) => {
        const end = await worker.ended
        return (end.left ?? [end.how]).map(line => `process ${index}: ${line}`)
      }),
    )
    clearTimeout(cut)
    process.removeListener('exit', this.#killAll)
    return left.flat()
  }

  #launch(index: number): WorkerProcess {
    const { entry, order } = this.#options
    const worker = new WorkerProcess(entry, order(index, this.#first), report => {
      this.#tally.report(index, report)
    })
    this.#workers.set(index, worker)
    void worker.started.then(
      () => {
        this.#fallen.delete(index)
        this.#options.events.emit('workerStarted', { process: index, pid: worker.pid })
      },
      () => undefined,
    )
    return worker
  }

  /** Until all are stopped: a worker that ends is restarted, after a delay. */
  async #keep(index: number): Promise<void> {
    const { firstWaitMs, longestWaitMs, settledMs } = this.#times
    let launchedMs = performance.now()
    for (let attempt = 0; ; attempt++) {
      const end = await this.#workers.get(index)?.ended
      this.#tally.ended(index)
      if (this.#stopping.signal.aborted) return
      this.#workers.delete(index)
      const how = end?.how ?? ''
      this.#fallen.set(index, how)
      this.#options.events.emit('workerEnded', { process: index, how })
      if (performance.now() - launchedMs > settledMs) attempt = 0
      await sleep(backoffMs(attempt, firstWaitMs, longestWaitMs), this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      launchedMs = performance.now()
      this.#launch(index)
    }
  }

  #killSilent(): void {
    for (const [, worker] of this.#workers) {
      const limitMs = worker.isStarted ? this.#times.silentMs : this.#times.startMs
      if (worker.silentMs() > limitMs) worker.kill(`silent for ${limitMs / 1000} s, killed`)
    }
  }

  readonly #killAll = (): void => {
    for (const [, worker] of this.#workers) worker.kill('its supervisor ended')
  }
}
