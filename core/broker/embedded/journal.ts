/**
 * Group commit: changes that arrive while a transaction is being written wait and share the next one. One fsync thus
 * serves many callers, and no caller waits when the disk is idle.
 */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { Draft, type DraftWatcher } from './draft.ts'
import type { Space } from './space.ts'
import type { LogStore } from './store.ts'

/** Bytes of one transaction; the rest waits for the next. LMDB holds its dirty pages in memory. */
const TRANSACTION_BYTES = 32 * 1024 * 1024
/** Bytes that may wait for the disk. The intake limits itself below this; here it stops a runaway caller. */
const WAITING_BYTES = 512 * 1024 * 1024

interface Change {
  readonly bytes: number
  /** Plans into the draft, and returns what to do once it is durable. Throws to refuse only this change. */
  readonly plan: (draft: Draft) => () => void
  readonly reject: (error: unknown) => void
}

/** Writes transactions to LMDB one at a time; changes submitted meanwhile share the next one. */
export class Journal {
  readonly #store: LogStore
  readonly #space: Space
  readonly #onFailure: (error: WattlineError) => void
  readonly #waiting: Change[] = []
  #waitingBytes = 0
  #writing: Promise<void> | null = null
  /** Called with what has become durable, before callers learn of it. */
  watcher?: DraftWatcher
  /** The error of the last transaction, null after a successful one. */
  lastFailure: WattlineError | null = null
  #closed = false

  constructor(store: LogStore, space: Space, onFailure: (error: WattlineError) => void) {
    this.#store = store
    this.#space = space
    this.#onFailure = onFailure
  }

  /** `plan` runs when the transaction is made, and sees everything planned before it. Resolves when durable. */
  submit<T>(bytes: number, plan: (draft: Draft) => T): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new WattlineError('broker_unavailable', 'The log is closed.'))
    }
    if (this.#waitingBytes + bytes > WAITING_BYTES) {
      return Promise.reject(
        new WattlineError(
          'broker_unavailable',
          'Too many bytes are waiting to be written to the disk of the log.',
        ),
      )
    }
    this.#waitingBytes += bytes
    return new Promise<T>((resolve, reject) => {
      const planned = (draft: Draft) => {
        const result = draft.plan(plan)
        return () => resolve(result)
      }
      this.#waiting.push({ bytes, plan: planned, reject })
      this.#writing ??= this.#write()
    })
  }

  /** Refuses new changes and resolves when all earlier ones have ended. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
  }

  async #write(): Promise<void> {
    // Callers within the same event turn share a transaction.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) await this.#writeOne(this.#takeGroup())
    this.#writing = null
  }

  #takeGroup(): readonly Change[] {
    let bytes = 0
    let count = 0
    for (const change of this.#waiting) {
      if (count > 0 && bytes + change.bytes > TRANSACTION_BYTES) break
      bytes += change.bytes
      count += 1
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  async #writeOne(group: readonly Change[]): Promise<void> {
    const draft = new Draft(this.#space, this.watcher)
    const planned: { resolve: () => void; reject: (error: unknown) => void }[] = []
    for (const change of group) {
      try {
        planned.push({ resolve: change.plan(draft), reject: change.reject })
      } catch (error) {
        change.reject(error)
      }
    }
    if (planned.length === 0) return
    try {
      const operations = draft.seal()
      if (operations.length > 0) await this.#store.write(operations)
      this.lastFailure = null
      draft.publish()
      for (const { resolve } of planned) resolve()
    } catch (error) {
      const failure = error instanceof WattlineError ? error : unexpected(error)
      this.lastFailure = failure
      if (failure.code === 'disk_full') this.#space.diskFull()
      this.#onFailure(failure)
      for (const { reject } of planned) reject(failure)
    }
  }
}

const unexpected = (error: unknown): WattlineError =>
  new WattlineError('broker_unavailable', 'The log could not be written.', { cause: error })
