import { type ChildProcess, fork } from 'node:child_process'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { FromWorker, ToWorker, WorkerAddresses, WorkerOrder, WorkerReport } from './messages.ts'

/** How a worker ended. */
interface WorkerEnd {
  /** As text: its signal, its exit code, or why it was killed. */
  readonly how: string
  /** Lines about unfinished work; null if it was not asked to stop, or could not report. */
  readonly left: readonly string[] | null
}

/** One worker, as seen by the process that started it. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #started = Promise.withResolvers<WorkerAddresses>()
  readonly #ended = Promise.withResolvers<WorkerEnd>()
  #failure: WattlineError | null = null
  #killedFor: string | null = null
  #left: readonly string[] | null = null
  #heardMs = performance.now()
  #isStarted = false
  readonly #onReport: (report: WorkerReport) => void

  /** `entry`: module that runs a worker; `order`: what to run. */
  constructor(entry: URL, order: WorkerOrder, onReport: (report: WorkerReport) => void) {
    this.#onReport = onReport
    this.#child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', message => this.#hear(message as FromWorker))
    this.#child.once('error', error => this.#end(`cannot be started: ${error.message}`))
    // Not `exit`, which may be emitted before its last messages have been read.
    this.#child.once('close', (code, signal) => {
      this.#end(this.#killedFor ?? (signal === null ? `exit code ${code}` : signal))
    })
    // A restarted worker may have no waiter.
    this.#started.promise.catch(() => undefined)
    this.#send({ kind: 'start', order })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Rejects with the worker's own error when it cannot start. */
  get started(): Promise<WorkerAddresses> {
    return this.#started.promise
  }

  get isStarted(): boolean {
    return this.#isStarted
  }

  get ended(): Promise<WorkerEnd> {
    return this.#ended.promise
  }

  /** Time since its last message, or since its start. */
  silentMs(): number {
    return performance.now() - this.#heardMs
  }

  /** Stops accepting work, finishes what is in flight, and exits. */
  stop(graceMs: number): void {
    this.#send({ kind: 'stop', graceMs })
  }

  kill(why: string): void {
    this.#killedFor ??= why
    this.#child.kill('SIGKILL')
  }

  #send(message: ToWorker): void {
    // A worker that is gone gets no message; its end is reported instead.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #hear(message: FromWorker): void {
    this.#heardMs = performance.now()
    if (message.kind === 'started') {
      this.#isStarted = true
      this.#started.resolve(message.addresses)
    } else if (message.kind === 'failed') this.#failure = new WattlineError(message.code, message.message)
    else if (message.kind === 'report') this.#onReport(message.report)
    else this.#left = message.left
  }

  #end(how: string): void {
    this.#isStarted = false
    const failure = this.#failure
    this.#started.reject(failure ?? new WattlineError('worker_failed', `A process of the collector: ${how}.`))
    this.#ended.resolve({
      how: failure === null ? how : `${failure.code}: ${failure.message}`,
      left: this.#left,
    })
  }
}
