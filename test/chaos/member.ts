import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { type StartOptions, startProcess, type WattlineProcess } from '../support/wattline-process.ts'

/** A stop that takes longer than this has failed. */
const STOP_MS = 60_000

/**
 * One Wattline process of a topology: it is killed and restarted on the same data folder. Anything it does unexpectedly
 * (ends by itself, fails to start, ends a stop with an error) is a problem that the run reports.
 */
export class Member {
  readonly name: string
  readonly #options: StartOptions
  readonly #problems: string[] = []
  #child: ChildProcess | null = null
  #process: WattlineProcess | null = null
  /** Whether its end was requested. */
  #ending = false
  #isReady = false
  /** Largest anonymous memory seen, for each start: see `memory`. */
  #peakBytes = 0

  constructor(name: string, options: StartOptions) {
    this.name = name
    this.#options = options
    mkdirSync(options.data, { recursive: true })
  }

  /** Null while it is down or starting. */
  get process(): WattlineProcess | null {
    return this.#process
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  /** Resolves when it has reported that it is ready. */
  async start(): Promise<WattlineProcess> {
    this.#ending = false
    const { name } = this
    let lines: readonly string[] = []
    const onSpawn = (child: ChildProcess): void => {
      this.#child = child
      child.once('exit', (code, signal) => {
        if (this.#ending) return
        this.#process = null
        if (!this.#isReady) return
        this.#problems.push(`${name} ended by itself with ${signal ?? code}\n${lines.slice(-10).join('\n')}`)
      })
    }
    this.#isReady = false
    const started = await startProcess({ ...this.#options, onSpawn })
    this.#isReady = true
    lines = started.stderr
    this.#process = started
    return started
  }

  /** Starts it and kills it with SIGKILL after this time, ready or not. */
  async startAndKill(afterMs: number): Promise<void> {
    this.#ending = true
    const onSpawn = (child: ChildProcess): void => {
      this.#child = child
    }
    const starting = startProcess({ ...this.#options, onSpawn })
    starting.catch(() => {})
    await new Promise(resolve => setTimeout(resolve, afterMs))
    await this.#end()
  }

  async kill(): Promise<void> {
    this.#sampleMemory()
    await this.#end()
  }

  /** Another process kills it, within `work`. */
  async killedBy<T>(work: (pid: number) => Promise<T>): Promise<T> {
    this.#ending = true
    return work(this.pid)
  }

  /** SIGTERM under load: it must end by itself, with 0. With `killAfterMs` it is killed meanwhile. */
  async stop(killAfterMs?: number): Promise<void> {
    this.#sampleMemory()
    const child = this.#child
    const stderr = this.#process?.stderr ?? []
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    this.#ending = true
    this.#process = null
    const ended = once(child, 'exit') as Promise<[number | null, string | null]>
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs ?? STOP_MS)
    const [code, signal] = await ended
    clearTimeout(timer)
    const isExpected = code === 0 || (killAfterMs !== undefined && signal === 'SIGKILL')
    if (isExpected) return
    this.#problems.push(`${this.name}: SIGTERM ended with ${signal ?? code}\n${stderr.slice(-10).join('\n')}`)
  }

  /** Pauses for this long, like a machine that swaps or a virtual machine that is migrated. */
  async freeze(ms: number): Promise<void> {
    this.#child?.kill('SIGSTOP')
    await new Promise(resolve => setTimeout(resolve, ms))
    this.#child?.kill('SIGCONT')
  }

  /** Its unexpected actions since the last call. */
  takeProblems(): string[] {
    return this.#problems.splice(0)
  }

  /** Largest memory of its own (RssAnon: without mapped files) at the checks, bytes. */
  peakBytes(): number {
    this.#sampleMemory()
    return this.#peakBytes
  }

  async #end(): Promise<void> {
    const child = this.#child
    this.#ending = true
    this.#process = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  #sampleMemory(): void {
    if (this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
      const kilobytes = Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? 0)
      this.#peakBytes = Math.max(this.#peakBytes, kilobytes * 1024)
    } catch {
      // It has just ended.
    }
  }
}
