/**
 * Keeps answers up to date in memory: from a file at first, then from the log or another instance. Whatever of these is away,
 * answers stay as they were last known, and become stale with time.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Events } from '../catalogue/events/events.ts'
import type { ScalingAnswer, ScalingAnswers } from '../scaling/answer.ts'
import { AnswerBook } from '../scaling/answer-book.ts'
import { readAnswerFile, writeAnswerFile } from './answer-file.ts'
import { type AnswerEntry, answerKey } from './answer-key.ts'

/** Where decisions are read from. */
export interface AnswerSource {
  /** What is new since the last call. Rejects while it is away. */
  read(): Promise<readonly AnswerEntry[]>
}

interface AnsweringOptions {
  /** Null: nothing is kept on disk. */
  readonly file: string | null
  readonly events: Events
  /** Wall clock, unix ms. */
  readonly now: () => number
  readonly pollMs?: number
}

/** What is decided is known so long afterwards, at most. */
const POLL_MS = 500
/** So often a process without a working source tries again. */
const RETRY_MS = 1_000

/** The answers of this process. */
export class Answering {
  readonly #options: AnsweringOptions
  readonly #book: AnswerBook
  readonly #over = new AbortController()
  readonly #clock: NodeJS.Timeout
  #following: Promise<void> = Promise.resolve()
  #problem: string | null = null
  #isWritten = true

  /** Begins with the answers of the file. */
  constructor(options: AnsweringOptions) {
    this.#options = options
    this.#book = new AnswerBook(options.now)
    if (options.file !== null) this.#recover(options.file)
    this.#clock = setInterval(() => this.#book.noteTime(), options.pollMs ?? POLL_MS).unref()
  }

  get answers(): ScalingAnswers {
    return this.#book
  }

  /** Whether there is anything to answer. */
  get isEmpty(): boolean {
    return this.#book.all().length === 0
  }

  /** Every answer of every tenant, for a process that follows this one. */
  all(): readonly ScalingAnswer[] {
    return this.#book.all()
  }

  /** Why answers are not kept up to date; null: they are. */
  get problem(): string | null {
    return this.#problem
  }

  /** Reads the source from now on. Called once. */
  follow(source: AnswerSource): void {
    this.#following = this.#follow(source)
  }

  /** Ends following, once what is known is in the file. */
  async stop(): Promise<void> {
    clearInterval(this.#clock)
    this.#over.abort()
    await this.#following
  }

  #recover(file: string): void {
    try {
      for (const answer of readAnswerFile(file)) this.#book.put(answer)
    } catch (error) {
      this.#options.events.emit('scalingAnswersUnreadable', { file }, error)
    }
  }

  async #follow(source: AnswerSource): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      await this.#read(source)
      if (!this.#isWritten) await this.#write()
      const pause = this.#problem === null ? (this.#options.pollMs ?? POLL_MS) : RETRY_MS
      await delay(pause, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #read(source: AnswerSource): Promise<void> {
    try {
      for (const { key, answer } of await source.read()) {
        this.#isWritten = false
        if (answer === null) this.#remove(key)
        else this.#book.put(answer)
      }
      this.#problem = null
    } catch (error) {
      if (this.#over.signal.aborted) return
      if (this.#problem === null) this.#options.events.emit('scalingSourceAway', {}, error)
      this.#problem = `scaling: decisions cannot be read: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  #remove(key: string): void {
    const gone = this.#book.all().find(answer => answerKey(answer) === key)
    if (gone !== undefined) this.#book.remove(gone.tenant, gone.name)
  }

  async #write(): Promise<void> {
    const { file, events } = this.#options
    this.#isWritten = true
    if (file === null) return
    try {
      await writeAnswerFile(file, this.#book.all())
    } catch (error) {
      events.emit('scalingAnswersNotKept', { file }, error)
    }
  }
}
