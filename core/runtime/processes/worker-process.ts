import { type ChildProcess, fork } from 'node:child_process'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { FromWorker, ToWorker, WorkerAddresses, WorkerOrder, WorkerReport } from './messages.ts'

/** How a worker came to its end. */
interface WorkerEnd {
  /** In words: its signal, its exit code, or why it was killed. */
  readonly how: string
  /** Lines of what it could not finish; null where it was not asked to stop, or did not get to say. */
  readonly left: readonly string[] | null
}

/** One worker, as the process sees it that started it. */
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

  /** `entry`: module that runs a worker; `order` says what to run. */
  constructor(entry: URL, order: WorkerOrder, onReport: (report: WorkerReport) => void) {
    this.#onReport = onReport
    this.#child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', message => this.#hear(message as FromWorker))
    this.#child.once('error', error => this.#end(`cannot be started: ${error.message}`))
    // Not `exit`, which may come before its last words have been read.
    this.#child.once('close', (code, signal) => {
      this.#end(this.#killedFor ?? (signal === null ? `exit code ${code}` : signal))
    })
    // There may be no waiter for one that is started again.
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

  /** Since it last said something, or was started. */
  silentMs(): number {
    return performance.now() - this.#heardMs
  }

  /** It takes in no more, finishes what is in flight, and ends. */
  stop(graceMs: number): void {
    this.#send({ kind: 'stop', graceMs })
  }

  kill(why: string): void {
    this.#killedFor ??= why
    this.#child.kill('SIGKILL')
  }

  #send(message: ToWorker): void {
    // One that is gone gets no message: its end says so.
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
