/** A reader of GPUs in a process of its own: started when it is needed, ended when it hangs, started again after a while. */
import { type ChildProcess, fork } from 'node:child_process'
import type { GpuReader, GpuSnapshot } from './snapshot.ts'

interface ChildReaderOptions {
  /** Module that the process runs. */
  readonly entry: URL
  readonly args: readonly string[]
  /** Called once when the process says that there is nothing to read. */
  readonly onMissing: (reason: string) => void
  readonly times?: Partial<ChildTimes>
  readonly now?: () => number
}

/** In milliseconds. */
interface ChildTimes {
  /** A process that does not answer for this long is reported, and ended. */
  readonly hangMs: number
  /** The same for its first answer: it loads the driver's library first. */
  readonly startMs: number
  /** From the start of one process to that of the next. */
  readonly restartMs: number
  /** Longest wait for its end. */
  readonly closeMs: number
}

const TIMES: ChildTimes = { hangMs: 20_000, startMs: 60_000, restartMs: 30_000, closeMs: 1_000 }
/** Snapshots that wait to be taken. */
const MOST_SNAPSHOTS = 16

type ChildAnswer =
  | { readonly snapshot: GpuSnapshot }
  | { readonly failed: string; readonly isMissing: boolean }

/** Reads through a process that answers each message with a snapshot. */
export class ChildReader implements GpuReader {
  readonly #options: ChildReaderOptions
  readonly #times: ChildTimes
  readonly #now: () => number
  #child: ChildProcess | null = null
  #startedMs = Number.NEGATIVE_INFINITY
  /** When the answer that is awaited was asked for; null: none is. */
  #askedMs: number | null = null
  #snapshots: GpuSnapshot[] = []
  #failure: string | null = null
  #isClosed = false
  /** The process that runs now. */
  #hasAnswered = false
  #isMissing = false

  constructor(options: ChildReaderOptions) {
    this.#options = options
    this.#times = { ...TIMES, ...options.times }
    this.#now = options.now ?? (() => performance.now())
  }

  take(): readonly GpuSnapshot[] {
    const [snapshots, failure] = [this.#snapshots, this.#failure]
    this.#snapshots = []
    this.#failure = null
    if (failure === null) return snapshots
    this.#snapshots = snapshots
    throw new Error(failure)
  }

  request(): void {
    if (this.#isClosed || this.#isMissing) return
    const now = this.#now()
    if (this.#askedMs !== null) {
      const waitedMs = now - this.#askedMs
      if (waitedMs > (this.#hasAnswered ? this.#times.hangMs : this.#times.startMs)) {
        this.#failure = `The GPU driver has not answered for ${Math.round(waitedMs / 1000)} s. Look at the kernel's log (\`dmesg\`); a board that hangs needs a reset.`
        this.#child?.kill('SIGKILL')
      }
      return
    }
    if (this.#child === null) {
      if (now - this.#startedMs < this.#times.restartMs) return
      this.#child = this.#start(now)
    }
    this.#askedMs = now
    this.#child.send('read', () => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const child = this.#child
    if (child === null) return
    const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
    if (child.connected) child.disconnect()
    child.kill('SIGKILL')
    // One that hangs in the driver cannot be ended; it must not keep this process.
    child.unref()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, this.#times.closeMs)
    })
    await Promise.race([ended, late])
    clearTimeout(timer)
  }

  #start(now: number): ChildProcess {
    this.#startedMs = now
    this.#hasAnswered = false
    const { entry, args } = this.#options
    const child = fork(entry, args, {
      serialization: 'advanced',
      // What the library prints is not ours to show.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: ['--max-old-space-size=64', '--max-semi-space-size=1'],
    })
    child.on('message', message => this.#take(message as ChildAnswer))
    child.on('error', error => this.#end(child, `The process that reads GPUs failed: ${error.message}.`))
    child.on('exit', (code, signal) => {
      const how = signal === null ? `exit status ${code}` : signal
      this.#end(child, `The process that reads GPUs ended (${how}). It is started again.`)
    })
    return child
  }

  #take(answer: ChildAnswer): void {
    this.#askedMs = null
    this.#hasAnswered = true
    if ('snapshot' in answer) {
      this.#snapshots = [...this.#snapshots, answer.snapshot].slice(-MOST_SNAPSHOTS)
      return
    }
    this.#child = null
    if (!answer.isMissing) {
      this.#failure = answer.failed
      return
    }
    this.#isMissing = true
    this.#options.onMissing(answer.failed)
  }

  #end(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return
    this.#child = null
    this.#askedMs = null
    if (!this.#isClosed) this.#failure ??= reason
  }
}
