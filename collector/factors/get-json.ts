/** GET of a JSON document: bounded in time and bytes, redirects refused, the provider's wish to be left alone heard. */
import { FactorProviderError, type GetJson } from './provider.ts'

const TIMEOUT_MS = 20_000
/** A day of five-minute values is 300 points of some 300 bytes. */
const MOST_BYTES = 4 * 1024 * 1024

/** @param base address that every path is put behind */
export const getJsonFrom =
  (base: string, stopped: AbortSignal): GetJson =>
  async (path, headers = {}) => {
    const url = `${base.replace(/\/$/, '')}${path}`
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)])
    const where = url.split('?', 1)[0] ?? url
    try {
      const reply = await fetch(url, {
        headers: { accept: 'application/json', 'user-agent': 'wattline', ...headers },
        redirect: 'error',
        signal,
      })
      const text = await boundedText(reply)
      if (reply.status === 200) return JSON.parse(text)
      throw new FactorProviderError(`${where} answered ${reply.status}: ${text.slice(0, 200)}`, {
        retryAfterSeconds: retryAfter(reply.headers.get('retry-after')),
      })
    } catch (error) {
      if (error instanceof FactorProviderError) throw error
      throw new FactorProviderError(`${where} cannot be read: ${reasonOf(error)}`, { cause: error })
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

/** Seconds; as a date it would depend on both clocks, and providers send numbers. */
function retryAfter(header: string | null): number | null {
  const seconds = Number(header ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
