/** Threads that evaluate: started when needed, kept while they are used; one is kept ready. */
import type { Task } from '../wire/messages.ts'
import { EvaluatorThread } from './evaluator.ts'

/** A thread without work is kept this long: starting one takes a tenth of a second and forgets what it knew. */
const IDLE_MS = 600_000

/** How long a query that reads nothing may take, on a machine without time. */
const WARM_MS = 60_000

/** A query that needs no samples: what a thread loads and compiles for it, it has for others. */
const warmingTask = (): Task => ({
  question: {
    kind: 'query_range',
    text: 'sum by (a) (vector(time()))',
    startMs: 0,
    endMs: 60_000,
    stepMs: 1_000,
    lookbackMs: 60_000,
    limit: 0,
    stats: 'none',
  },
  caller: '',
  tellsVersions: false,
  deadlineMs: Date.now() + WARM_MS,
  limits: { samples: 10_000, samplesRead: 0, resultPoints: 10_000 },
  cancel: new SharedArrayBuffer(4),
})

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
      // A new one remembers nothing, and occupies little.
      void this.warm()
    }, IDLE_MS)
    this.#free.push({ evaluator, timer: timer.unref() })
  }

  /** Starts a thread if there is none, so that the first query need not wait for it. */
  async warm(): Promise<void> {
    if (this.#isClosed || this.#all.size > 0) return
    const evaluator = this.take()
    const read = (): never => {
      throw new Error('nothing is read')
    }
    await evaluator.run(warmingTask(), { read, signal: new AbortController().signal }).finished
    this.give(evaluator)
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
