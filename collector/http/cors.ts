import type { IncomingHttpHeaders } from 'node:http'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** Which web pages may send telemetry from a browser. Cookies are not used: a page sends its own token, if any. */
export interface Cors {
  readonly isAllowed: (origin: string) => boolean
  /** Headers of every answer to a page; none for other clients. */
  replyHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>>
  /**
   * Headers that answer a browser's preflight request; undefined when the request is not a preflight, or when pages may
   * not send.
   * @throws WattlineError `origin_refused`
   */
  preflight(request: PreflightHead): Readonly<Record<string, string>> | undefined
}

interface PreflightHead {
  readonly method?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** Browsers cache an answer for at most two hours. */
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
        // SDKs may add any headers for their own tracing; they do no harm here.
        'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
        'access-control-max-age': String(MAX_AGE_SECONDS),
      }
    },
  }
}

/** `*.` matches one or more labels, `*` alone matches every origin. */
function originPattern(origin: string): RegExp {
  if (origin === '*') return /^/
  const escaped = origin.replaceAll(/[.[\]]/g, '\\$&').replace('*\\.', '([a-z0-9-]+\\.)+')
  return new RegExp(`^${escaped}$`, 'i')
}
