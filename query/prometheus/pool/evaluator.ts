/**
 * A thread that evaluates, seen from the main thread: it gets tasks and asks for statements, which run here, behind the
 * fence and as the caller. A thread that does not stop when it has to is terminated: no expression runs for longer than
 * its limit, whatever it does.
 */
import { Worker } from 'node:worker_threads'
import type { FromThread, Read, Task, ToThread } from '../wire/messages.ts'
import { EvaluationError } from './evaluation-error.ts'
import { pump, type ReadInHand } from './pump.ts'

/** What an evaluation needs of its surroundings. */
export interface Surroundings {
  /** Runs a statement as the caller; aborting the signal stops it in the engine. */
  read(statement: Read, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

/** A running evaluation. */
export interface Evaluation {
  /** The body in pieces. @throws EvaluationError, or the error of a statement, or the signal's reason */
  readonly body: AsyncIterable<Uint8Array>
  /** Resolves, never rejects, when the thread is free, or has gone. */
  readonly finished: Promise<void>
}

/** Time that a thread has to stop by itself once it should. */
const GRACE_MS = 500
/** Heap of a thread; samples lie outside of it, and have limits of their own. */
const HEAP_MB = 1_024

/** One thread; it evaluates one task at a time. */
export class EvaluatorThread {
  readonly #worker: Worker
  #running: RunningTask | null = null
  #hasGone = false

  constructor() {
    this.#worker = new Worker(new URL('../thread/thread.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    this.#worker.unref()
    this.#worker.on('message', (message: FromThread) => this.#running?.receive(message))
    this.#worker.on('error', error => this.#lost(error))
    this.#worker.on('exit', () => this.#lost(new Error('the thread has ended')))
  }

  /** Whether the thread has ended: it takes no more tasks. */
  get hasGone(): boolean {
    return this.#hasGone
  }

  run(task: Task, surroundings: Surroundings): Evaluation {
    const running = new RunningTask(task, surroundings, {
      post: (message, transfer) => this.#worker.postMessage(message, transfer),
      terminate: () => void this.close(),
    })
    this.#running = running
    void running.finished.then(() => {
      this.#running = null
    })
    return running
  }

  async close(): Promise<void> {
    this.#hasGone = true
    await this.#worker.terminate()
  }

  #lost(cause: unknown): void {
    this.#hasGone = true
    this.#running?.lost(cause)
  }
}

interface Thread {
  post(message: ToThread, transfer?: readonly ArrayBuffer[]): void
  terminate(): void
}

class RunningTask implements Evaluation {
  readonly #thread: Thread
  readonly #surroundings: Surroundings
  readonly #task: Task
  readonly #reads = new Map<number, ReadInHand>()
  /** Aborts when the task has ended, so that no statement outlives it. */
  readonly #ended = new AbortController()
  readonly #pieces: Uint8Array[] = []
  readonly #finished = Promise.withResolvers<void>()
  readonly #timer: NodeJS.Timeout
  #grace: NodeJS.Timeout | undefined
  #outcome: { readonly error?: unknown } | null = null
  #readError: unknown
  #wake: () => void = () => undefined

  constructor(task: Task, surroundings: Surroundings, thread: Thread) {
    this.#task = task
    this.#surroundings = surroundings
    this.#thread = thread
    const leftMs = Math.max(0, task.deadlineMs - Date.now()) + GRACE_MS
    this.#timer = setTimeout(() => this.#kill(timedOut()), leftMs)
    surroundings.signal.addEventListener('abort', this.#onAbort, { once: true })
    thread.post({ type: 'task', task })
    if (surroundings.signal.aborted) this.#onAbort()
  }

  get finished(): Promise<void> {
    return this.#finished.promise
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.#body()
  }

  receive(message: FromThread): void {
    switch (message.type) {
      case 'read':
        void this.#read(message.read, message.statement)
        return
      case 'used':
        this.#reads.get(message.read)?.used(message.bytes, message.buffer)
        return
      case 'body':
        this.#pieces.push(message.bytes)
        this.#wake()
        return
      case 'done':
        this.#end({})
        return
      case 'failed':
        this.#end({
          error:
            message.kind === 'read' && this.#readError !== undefined
              ? this.#readError
              : new EvaluationError(message.kind, message.message),
        })
    }
  }

  /** The thread has ended in the middle. */
  lost(cause: unknown): void {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    this.#end({
      error:
        code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? new EvaluationError(
              'limit',
              'the query needs more memory than one query may use. Select fewer series',
            )
          : new EvaluationError('internal', 'the evaluation was interrupted', { cause }),
    })
  }

  async #read(id: number, statement: Read): Promise<void> {
    const signal = AbortSignal.any([this.#surroundings.signal, this.#ended.signal])
    try {
      await pump(id, this.#surroundings.read(statement, signal), {
        post: (message, transfer) => this.#thread.post(message, transfer),
        register: inHand => this.#reads.set(id, inHand),
        isOver: () => this.#outcome !== null,
      })
    } catch (error) {
      this.#readError ??= error
      if (this.#outcome === null) this.#thread.post({ type: 'broken', read: id })
    } finally {
      this.#reads.delete(id)
    }
  }

  readonly #onAbort = (): void => {
    Atomics.store(new Int32Array(this.#task.cancel), 0, 1)
    this.#grace = setTimeout(() => this.#kill(this.#surroundings.signal.reason), GRACE_MS)
  }

  #kill(error: unknown): void {
    if (this.#outcome !== null) return
    this.#thread.terminate()
    this.#end({ error })
  }

  #end(outcome: { readonly error?: unknown }): void {
    if (this.#outcome !== null) return
    this.#outcome = outcome
    clearTimeout(this.#timer)
    clearTimeout(this.#grace)
    this.#surroundings.signal.removeEventListener('abort', this.#onAbort)
    this.#ended.abort(new Error('the evaluation has ended'))
    for (const read of this.#reads.values()) read.used(-1)
    this.#finished.resolve()
    this.#wake()
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) {
        yield piece
        if (this.#outcome === null) this.#thread.post({ type: 'taken', bytes: piece.length })
      } else if (this.#outcome === null) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      } else {
        const { signal } = this.#surroundings
        if (this.#outcome.error === undefined) return
        throw signal.aborted ? signal.reason : this.#outcome.error
      }
    }
  }
}

const timedOut = (): EvaluationError =>
  new EvaluationError('timeout', 'query timed out in expression evaluation')
