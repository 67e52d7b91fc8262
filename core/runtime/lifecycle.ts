/**
 * Ordered start and stop. Parts are started one after the other and stopped in the opposite order; a part that fails to
 * start has those before it stopped. Stopping is bounded: what has not ended by the deadline is named and left.
 */
export interface Part {
  readonly name: string
  stop(): Promise<void>
}

export class Lifecycle {
  readonly #parts: Part[] = []
  #stopping: Promise<readonly string[]> | null = null

  /** Starts a part and remembers how to stop it. On failure everything started before is stopped, then the error is thrown. */
  async start<T>(
    name: string,
    start: () => Promise<T> | T,
    stop: (started: T) => Promise<void> | void,
  ): Promise<T> {
    try {
      const started = await start()
      this.#parts.push({ name, stop: async () => stop(started) })
      return started
    } catch (error) {
      await this.stop(5_000)
      throw error
    }
  }

  /** Stops all parts, last started first. Resolves with the names of those that failed or did not end in time. */
  stop(deadlineMs: number): Promise<readonly string[]> {
    this.#stopping ??= this.#stopAll(Date.now() + deadlineMs)
    return this.#stopping
  }

  async #stopAll(deadline: number): Promise<readonly string[]> {
    const left: string[] = []
    for (const part of this.#parts.toReversed()) {
      const ended = await within(part.stop(), Math.max(100, deadline - Date.now()))
      if (!ended) left.push(part.name)
    }
    return left
  }
}

async function within(work: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => {
    timer = setTimeout(() => resolve(false), ms)
  })
  const done = work.then(
    () => true,
    () => false,
  )
  const ended = await Promise.race([done, late])
  clearTimeout(timer)
  return ended
}
