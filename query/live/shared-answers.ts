/** Answers that several pages get from one reading: pages of one tenant that ask the same within moments share it. */

interface SharedAnswer<Answer> {
  readonly atMs: number
  readonly answer: Promise<Answer>
}

/** Beyond it the oldest are forgotten. */
const MOST_SHARED = 1_000

/** One per process and kind of answer. */
export class SharedAnswers<Answer> {
  readonly #freshMs: number
  /** By question, the oldest first. */
  readonly #shared = new Map<string, SharedAnswer<Answer>>()

  /** @param freshMs how old an answer may be that another page gets, too */
  constructor(freshMs: number) {
    this.#freshMs = freshMs
  }

  /**
   * The newest answer to the question, or a new one.
   * @param question names everything that the answer depends on, the tenant included
   */
  async get(question: string, nowMs: number, read: () => Promise<Answer>): Promise<Answer> {
    this.#forget(nowMs)
    const known = this.#shared.get(question)
    if (known !== undefined) {
      try {
        return await known.answer
      } catch {
        // It ends with the page that asked for it: then this one reads by itself.
      }
    }
    const shared = { atMs: nowMs, answer: read() }
    this.#shared.delete(question)
    this.#shared.set(question, shared)
    const [oldest] = this.#shared.keys()
    if (this.#shared.size > MOST_SHARED && oldest !== undefined) this.#shared.delete(oldest)
    try {
      return await shared.answer
    } catch (error) {
      if (this.#shared.get(question) === shared) this.#shared.delete(question)
      throw error
    }
  }

  /** What nobody may get any more; also after a step of the clock. */
  #forget(nowMs: number): void {
    for (const [question, { atMs }] of this.#shared) {
      const ageMs = nowMs - atMs
      if (ageMs < 0 || ageMs >= this.#freshMs) this.#shared.delete(question)
    }
  }
}
