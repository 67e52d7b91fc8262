/**
 * GET of a document: bounded in time and bytes, redirects refused, within the provider's quota, its wish to be left alone heard.
 * Where a provider names versions (`ETag`, `Last-Modified`) or says how long an answer holds (`Cache-Control: max-age`), the
 * same document is not sent again.
 */
import { AnswerCache } from './answer-cache.ts'
import { FactorProviderError } from './provider-error.ts'
import type { RequestBudget } from './request-budget.ts'

/** What a provider answered. */
export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

interface GetOptions {
  readonly accept: string
  readonly headers?: Readonly<Record<string, string>>
  /** Status codes besides 200 whose body says something. */
  readonly also?: readonly number[]
}

/** Asks a provider; resolves with its answer. @throws FactorProviderError */
export type HttpGet = (path: string, options: GetOptions) => Promise<HttpAnswer>

interface GetterOptions {
  /** Address that every path is put behind. */
  readonly base: string
  readonly budget: RequestBudget
  readonly stopped: AbortSignal
  /** Wall clock, unix ms. */
  readonly now: () => number
}

const TIMEOUT_MS = 20_000
/** A day of five-minute values is 300 points of some 300 bytes; of quarter hours by twenty fuels 2,000 points of 100. */
const MOST_BYTES = 4 * 1024 * 1024

/** Requests of one provider entry. */
export function getterFrom({ base, budget, stopped, now }: GetterOptions): HttpGet {
  const cache = new AnswerCache()
  const root = base.replace(/\/$/, '')
  return async (path, { accept, headers = {}, also = [] }) => {
    const key = `${accept} ${path}`
    const fresh = cache.fresh(key, now())
    if (fresh !== null) return fresh
    await budget.take(now, stopped)
    const url = `${root}${path}`
    // The query may hold a key.
    const where = url.split('?', 1)[0] ?? url
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)])
    try {
      const reply = await fetch(url, {
        headers: { accept, 'user-agent': 'wattline', ...headers, ...cache.conditions(key) },
        redirect: 'error',
        signal,
      })
      const text = await boundedText(reply)
      const known = reply.status === 304 ? cache.confirmed(key, reply.headers, now()) : null
      if (known !== null) return known
      if (reply.status === 200 || also.includes(reply.status)) {
        const answer = { status: reply.status, text }
        if (reply.status === 200) cache.keep(key, answer, reply.headers, now())
        return answer
      }
      throw new FactorProviderError(`${where} answered ${reply.status}: ${text.slice(0, 200)}`, {
        retryAfterSeconds: retryAfter(reply.headers, now()),
      })
    } catch (error) {
      if (error instanceof FactorProviderError) throw error
      throw new FactorProviderError(`${where} cannot be read: ${reasonOf(error)}`, { cause: error })
    }
  }
}

async function boundedText(reply: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of reply.body ?? []) {
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw new FactorProviderError(`its answer is larger than ${MOST_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Seconds; a date counts from the date of the answer, so that clocks need not agree. */
function retryAfter(headers: Headers, nowMs: number): number | null {
  const text = headers.get('retry-after')
  if (text === null) return null
  if (/^\d+$/.test(text.trim())) return Number(text)
  const sentMs = Date.parse(headers.get('date') ?? '')
  const seconds = Math.ceil((Date.parse(text) - (Number.isNaN(sentMs) ? nowMs : sentMs)) / 1000)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
