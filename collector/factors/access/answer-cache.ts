import type { HttpAnswer } from './http-get.ts'

interface KeptAnswer {
  readonly answer: HttpAnswer
  readonly etag: string | null
  readonly modified: string | null
  freshUntilMs: number
}

/** A provider entry asks for few documents; those whose address names a time are of no use later. */
const MOST_ANSWERS = 4
/** However long an answer is said to hold. */
const MOST_FRESH_MS = 3_600_000

/** The last answers of a provider that may be used again: those with a version, or with a time for which they hold. */
export class AnswerCache {
  readonly #kept = new Map<string, KeptAnswer>()

  /** An answer that still holds without asking; null: none. */
  fresh(key: string, nowMs: number): HttpAnswer | null {
    const known = this.#kept.get(key)
    return known !== undefined && nowMs < known.freshUntilMs ? known.answer : null
  }

  /** Headers that ask for the document only if it is another. */
  conditions(key: string): Record<string, string> {
    const known = this.#kept.get(key)
    if (known?.etag != null) return { 'if-none-match': known.etag }
    return known?.modified != null ? { 'if-modified-since': known.modified } : {}
  }

  /** The answer that the provider says (304) is still the same; null where none is known. */
  confirmed(key: string, headers: Headers, nowMs: number): HttpAnswer | null {
    const known = this.#kept.get(key)
    if (known === undefined) return null
    known.freshUntilMs = nowMs + freshMs(headers)
    return known.answer
  }

  keep(key: string, answer: HttpAnswer, headers: Headers, nowMs: number): void {
    this.#kept.delete(key)
    const [etag, modified] = [headers.get('etag'), headers.get('last-modified')]
    const fresh = freshMs(headers)
    if (isForbidden(headers) || (etag === null && modified === null && fresh === 0)) return
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MOST_ANSWERS && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, { answer, etag, modified, freshUntilMs: nowMs + fresh })
  }
}

const isForbidden = (headers: Headers): boolean => /\bno-store\b/i.test(headers.get('cache-control') ?? '')

function freshMs(headers: Headers): number {
  const control = headers.get('cache-control') ?? ''
  if (/\bno-cache\b/i.test(control)) return 0
  const seconds =
    Number(/(?:^|[\s,])max-age=(\d+)/i.exec(control)?.[1] ?? 0) - Number(headers.get('age') ?? 0)
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds * 1000, 0), MOST_FRESH_MS) : 0
}
