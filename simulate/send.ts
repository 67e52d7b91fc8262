/** One OTLP/HTTP client for all senders: keeps connections open, waits when asked to, and gives up after `giveUpMs`. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type ErrorCode, WattlineError } from '../core/catalogue/errors/errors.ts'

interface SenderOptions {
  /** Base URL of the OTLP receiver. */
  readonly url: string
  readonly token?: string
  readonly gzip: boolean
  readonly concurrency: number
  /** How long one request may be refused or unanswered before the run ends. */
  readonly giveUpMs: number
  readonly signal: AbortSignal
}

interface Delivery {
  /** Items of the request that the receiver permanently rejected, and why. */
  readonly rejected: number
  readonly message: string
  /** Number of retries. */
  readonly retries: number
  /** Bytes on the wire, body only. */
  readonly bytes: number
}

/** Sends requests, and retries them as long as the receiver asks for it. */
export interface RequestSender {
  /**
   * @throws WattlineError when the request can never be accepted, or was not for `giveUpMs`; AbortError when aborted.
   */
  send(signal: 'metrics' | 'traces', body: Buffer): Promise<Delivery>
  close(): void
}

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 5_000
const TIMEOUT_MS = 60_000
const RETRIED: ReadonlySet<number> = new Set([408, 429, 502, 503, 504])
const REFUSALS: Readonly<Record<number, ErrorCode>> = {
  400: 'body_undecodable',
  401: 'unauthenticated',
  403: 'forbidden',
  413: 'body_too_large',
}
const compress = promisify(gzip)

/** A sender with at most `concurrency` connections. */
export function createSender(options: SenderOptions): RequestSender {
  const base = options.url.replace(/\/$/, '')
  const isSecure = base.startsWith('https:')
  const settings = { keepAlive: true, maxSockets: options.concurrency }
  const agent = isSecure ? new HttpsAgent(settings) : new HttpAgent(settings)
  const headers: Record<string, string> = { 'content-type': 'application/x-protobuf' }
  if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`
  if (options.gzip) headers['content-encoding'] = 'gzip'
  const post = (path: string, body: Uint8Array): Promise<ReceiverAnswer> =>
    exchange(isSecure ? httpsRequest : httpRequest, `${base}${path}`, body, {
      agent,
      headers: { ...headers, 'content-length': String(body.length) },
      signal: options.signal,
    })
  return {
    async send(signal, plain) {
      const body = options.gzip ? await compress(plain, { level: 1 }) : plain
      const started = performance.now()
      for (let retries = 0; ; retries++) {
        const outcome = await post(`/v1/${signal}`, body).catch((error: Error) => error)
        options.signal.throwIfAborted()
        if (!(outcome instanceof Error) && outcome.status === 200) {
          return { ...partialSuccess(outcome.body), retries, bytes: body.length }
        }
        if (performance.now() - started > options.giveUpMs || !isTransient(outcome)) {
          throw failure(outcome, base, retries)
        }
        await pause(waitMs(outcome, retries), undefined, { signal: options.signal })
      }
    },
    close: () => agent.destroy(),
  }
}

interface ReceiverAnswer {
  readonly status: number
  readonly retryAfterSeconds: number | null
  readonly body: Buffer
}

type RequestOptions = Parameters<typeof httpRequest>[1] & { readonly signal: AbortSignal }

function exchange(
  open: typeof httpRequest,
  url: string,
  body: Uint8Array,
  options: RequestOptions,
): Promise<ReceiverAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = open(
      url,
      { ...options, method: 'POST', timeout: TIMEOUT_MS },
      (incoming: IncomingMessage) => {
        const parts: Buffer[] = []
        incoming.on('data', (part: Buffer) => parts.push(part))
        incoming.once('error', reject)
        incoming.once('end', () => {
          const after = Number(incoming.headers['retry-after'] ?? Number.NaN)
          resolve({
            status: incoming.statusCode ?? 0,
            retryAfterSeconds: Number.isFinite(after) ? after : null,
            body: Buffer.concat(parts),
          })
        })
      },
    )
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

const isTransient = (outcome: ReceiverAnswer | Error): boolean =>
  outcome instanceof Error || RETRIED.has(outcome.status)

/** The requested delay; otherwise longer every time, with jitter. */
function waitMs(outcome: ReceiverAnswer | Error, retries: number): number {
  if (!(outcome instanceof Error) && outcome.retryAfterSeconds !== null)
    return outcome.retryAfterSeconds * 1000
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** retries) * (0.5 + Math.random() / 2)
}

function failure(outcome: ReceiverAnswer | Error, base: string, retries: number): WattlineError {
  if (outcome instanceof Error) {
    return new WattlineError(
      'not_running',
      `There is no OTLP receiver at ${base} (--otlp-url): ${outcome.message}.`,
      {
        cause: outcome,
      },
    )
  }
  const said = outcome.body
    .toString('utf8')
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, 200)
  const text = `${base} answered ${outcome.status} ${retries + 1} times${said === '' ? '' : `: ${said}`}.`
  if (RETRIED.has(outcome.status)) return new WattlineError('overloaded', text)
  return new WattlineError(REFUSALS[outcome.status] ?? 'not_found', text)
}

/**
 * Export*ServiceResponse{partial_success=1 {rejected=1 varint, error_message=2}}; empty when everything was accepted.
 */
export function partialSuccess(body: Uint8Array): Pick<Delivery, 'rejected' | 'message'> {
  let rejected = 0
  let message = ''
  const bytes = Buffer.from(body)
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) break
    }
    return value
  }
  if (bytes[at] === 0x0a) {
    at += 1
    const end = Math.min(bytes.length, varint() + at)
    while (at < end) {
      const tag = varint()
      const value = varint()
      if (tag === 0x08) rejected = value
      else if (tag === 0x12) {
        message = bytes.toString('utf8', at, at + value)
        at += value
      } else break
    }
  }
  return { rejected, message }
}
