/** Threads that evaluate: started when needed, kept while they are used. */
import { EvaluatorThread } from './evaluator.ts'

/** A thread without work is kept this long: starting one takes a tenth of a second and forgets what it knew. */
const IDLE_MS = 600_000

/** Threads of this process. */
export class EvaluatorPool {
  /** Free ones; the one used last is last. */
  readonly #free: { readonly evaluator: EvaluatorThread; readonly timer: NodeJS.Timeout }[] = []
  readonly #all = new Set<EvaluatorThread>()
  #isClosed = false

  /** A thread for one task; give it back. Whoever calls has a turn for it, which limits how many are out. */
  take(): EvaluatorThread {
    const last = this.#free.pop()
    if (last !== undefined) {
      clearTimeout(last.timer)
      if (!last.evaluator.hasGone) return last.evaluator
      this.#all.delete(last.evaluator)
    }
    const evaluator = new EvaluatorThread()
    this.#all.add(evaluator)
    return evaluator
  }

  give(evaluator: EvaluatorThread): void {
    if (evaluator.hasGone || this.#isClosed) {
      this.#drop(evaluator)
      return
    }
    const timer = setTimeout(() => {
      const place = this.#free.findIndex(one => one.evaluator === evaluator)
      if (place >= 0) this.#free.splice(place, 1)
      this.#drop(evaluator)
    }, IDLE_MS)
    this.#free.push({ evaluator, timer: timer.unref() })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const { timer } of this.#free) clearTimeout(timer)
    this.#free.length = 0
    await Promise.all([...this.#all].map(evaluator => evaluator.close()))
    this.#all.clear()
  }

  #drop(evaluator: EvaluatorThread): void {
    this.#all.delete(evaluator)
    void evaluator.close()
  }
}
