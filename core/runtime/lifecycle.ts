/**
 * Ordered start and stop. Parts are started one after another and stopped in reverse order. If a part fails to start,
 * the parts before it are stopped. Stopping is bounded: parts that fail or have not ended by the deadline are reported
 * and left running.
 */
interface StartedPart {
  readonly name: string
  stop(): Promise<void>
}

/** Everything that this process has started, in order. */
export class Lifecycle {
  readonly #parts: StartedPart[] = []
  readonly #signal: AbortSignal | undefined
  #stopping: Promise<readonly string[]> | null = null

  /** Aborting the signal ends the start: no further part is started, and the started ones are stopped. */
  constructor(signal?: AbortSignal) {
    this.#signal = signal
  }

  /**
   * Starts a part and registers how to stop it. If it fails, everything started before is stopped, then the error is
   * thrown.
   */
  async start<T>(
    name: string,
    start: () => Promise<T> | T,
    stop: (started: T) => Promise<void> | void,
  ): Promise<T> {
    try {
      this.#signal?.throwIfAborted()
      const started = await start()
      this.#parts.push({ name, stop: async () => stop(started) })
      return started
    } catch (error) {
      await this.stop(5_000)
      throw error
    }
  }

  /**
   * Stops all parts, last started first. Resolves with a line for each that failed or did not end in time.
   * @param onPart called with each part before it is stopped
   */
  stop(deadlineMs: number, onPart: (name: string) => void = () => undefined): Promise<readonly string[]> {
    this.#stopping ??= this.#stopAll(performance.now() + deadlineMs, onPart)
    return this.#stopping
  }

  async #stopAll(deadline: number, onPart: (name: string) => void): Promise<readonly string[]> {
    const left: string[] = []
    for (const part of this.#parts.toReversed()) {
      onPart(part.name)
      const problem = await within(part.stop(), Math.max(100, deadline - performance.now()))
      if (problem !== null) left.push(`${part.name} ${problem}`)
    }
    return left
  }
}

/** The problem with how the work ended; null when there is none. */
async function within(work: Promise<void>, ms: number): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<string>(resolve => {
    timer = setTimeout(() => resolve('did not stop in time'), ms)
  })
  const done = work.then(
    () => null,
    (error: unknown) => `failed: ${String(error)}`,
  )
  const problem = await Promise.race([done, late])
  clearTimeout(timer)
  return problem
}
