/** A clock that stands still until the scenario lets time pass. */
export class MadeUpClock {
  nowMs: number
  readonly #waiting = new Set<{ readonly untilMs: number; readonly wake: () => void }>()

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (signal.aborted) return resolve()
      const wake = (): void => {
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const waiter = { untilMs: this.nowMs + ms, wake }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', wake)
    })
  }

  /** Whoever waited for that time goes on; resolves when they have had their turn. */
  async passTo(ms: number): Promise<void> {
    this.nowMs = ms
    for (const { untilMs, wake } of [...this.#waiting]) if (untilMs <= ms) wake()
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => setImmediate(resolve))
  }
}
