/** A reader of GPUs that runs commands: they may take long, so one runs at a time, and rounds in between get nothing. */
import { execFile } from 'node:child_process'
import type { GpuReader, GpuSnapshot } from './snapshot.ts'

/** Runs a command; resolves with what it wrote. */
export type RunCommand = (args: readonly string[]) => Promise<string>

/** A command that hangs in its driver is ended. */
const TIMEOUT_MS = 20_000
const MOST_BYTES = 16 * 1024 * 1024

/** Runs one program. @throws Error with the program's own words */
export const commandOf =
  (program: string): RunCommand =>
  args =>
    new Promise((resolve, reject) => {
      const options = {
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MOST_BYTES,
        encoding: 'utf8',
      } as const
      execFile(
        program,
        [...args],
        { ...options, env: { ...process.env, LC_ALL: 'C' } },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout)
          else
            reject(
              new Error(`${program} failed: ${(stderr || stdout || error.message).trim().split('\n')[0]}`),
            )
        },
      )
    })

/** Snapshots of `read`, one at a time. */
export class CommandReader implements GpuReader {
  readonly #read: () => Promise<GpuSnapshot>
  #running: Promise<void> | null = null
  #snapshot: GpuSnapshot | null = null
  #failure: unknown = null

  constructor(read: () => Promise<GpuSnapshot>) {
    this.#read = read
  }

  take(): readonly GpuSnapshot[] {
    const [snapshot, failure] = [this.#snapshot, this.#failure]
    this.#snapshot = null
    this.#failure = null
    if (failure !== null) throw failure
    return snapshot === null ? [] : [snapshot]
  }

  request(): void {
    this.#running ??= this.#read()
      .then(snapshot => {
        this.#snapshot = snapshot
      })
      .catch((error: unknown) => {
        this.#failure = error
      })
      .finally(() => {
        this.#running = null
      })
  }

  async close(): Promise<void> {
    // The command ends by itself, at the latest by its timeout; nothing waits for it.
  }
}
