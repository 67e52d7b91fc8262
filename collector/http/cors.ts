import type { IncomingHttpHeaders } from 'node:http'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** Which web pages may send telemetry from a browser. No cookies are taken: a page sends a token of its own, if any. */
export interface Cors {
  readonly isAllowed: (origin: string) => boolean
  /** Headers of every reply to a page; none for anybody else. */
  replyHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>>
  /**
   * Headers that answer a browser's question whether it may send; undefined when this is not such a question, or when pages may not send.
   * @throws WattlineError `origin_refused`
   */
  preflight(request: PreflightHead): Readonly<Record<string, string>> | undefined
}

interface PreflightHead {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Browsers keep an answer for two hours at most. */
const MAX_AGE_SECONDS = 7_200

/** `origins` as in `listen.cors_origins`: `https://shop.example`, `https://*.shop.example`, `*`. */
export function createCors(origins: readonly string[]): Cors {
  const patterns = origins.map(originPattern)
  const isAllowed = (origin: string): boolean => patterns.some(pattern => pattern.test(origin))
  const allowed = ({ origin }: IncomingHttpHeaders): string | undefined =>
    origin !== undefined && isAllowed(origin) ? origin : undefined
  return {
    isAllowed,
    replyHeaders(headers) {
      const origin = allowed(headers)
      if (origin === undefined) return {}
      return {
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'Retry-After',
        vary: 'Origin',
      }
    },
    preflight({ method, headers }) {
      const isQuestion = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
      if (!isQuestion || patterns.length === 0) return undefined
      if (allowed(headers) === undefined) {
        throw new WattlineError(
          'origin_refused',
          `Web pages of origin ${headers.origin} are not allowed to send data.`,
        )
      }
      return {
        'access-control-allow-methods': 'POST',
        // Whatever SDKs add to trace themselves does no harm here.
        'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
        'access-control-max-age': String(MAX_AGE_SECONDS),
      }
    },
  }
}

/** `*.` stands for one or more labels, `*` alone for every origin. */
function originPattern(origin: string): RegExp {
  if (origin === '*') return /^/
  const escaped = origin.replaceAll(/[.[\]]/g, '\\$&').replace('*\\.', '([a-z0-9-]+\\.)+')
  return new RegExp(`^${escaped}$`, 'i')
}
