import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'

/** A complete answer, read into memory (at most 256 KiB). */
export interface HttpReply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Sends to one base address over connections that stay open. */
export interface HttpClient {
  /** The whole answer, whatever its status. @throws WattlineError `uplink_unavailable` when there is none in time */
  post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<HttpReply>
  /** Closes idle connections. */
  close(): void
}

/** Longest answer that is read: a receiver's answers are far shorter. */
const MAX_ANSWER_BYTES = 256 * 1024
/** Connections at a time: one for each partition that has something to send. */
const MAX_CONNECTIONS = 32

/** A client with pooled connections. `url`: base address, whose path is put before every path posted to. */
export function createHttpClient(url: string, config: Config['forward']): HttpClient {
  const base = new URL(url)
  const isTls = base.protocol === 'https:'
  const pooled = { keepAlive: true, maxSockets: MAX_CONNECTIONS }
  const { ca, cert, key } = config.tls
  const given = Object.fromEntries(Object.entries({ ca, cert, key }).filter(([, pem]) => pem !== undefined))
  const agent = isTls ? new TlsAgent({ ...pooled, ...given }) : new Agent(pooled)
  const fixed = {
    ...config.headers,
    ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }),
    'user-agent': 'wattline',
  }
  const prefix = base.pathname.replace(/\/$/, '')
  const timeoutMs = config.timeout * 1000

  return {
    async post(path, headers, body, signal) {
      const where = `${base.origin}${prefix}${path}`
      const { promise, resolve, reject } = Promise.withResolvers<HttpReply>()
      // One controller a request: listeners on the partition's signal would pile up for as long as it lives.
      const ending = new AbortController()
      const end = (): void => ending.abort()
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        end()
      }, timeoutMs)
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      const send = isTls ? httpsRequest : httpRequest
      const request = send(
        {
          protocol: base.protocol,
          hostname: base.hostname.replace(/^\[|\]$/g, ''),
          port: base.port,
          path: `${prefix}${path}${base.search}`,
          method: 'POST',
          agent,
          headers: { ...fixed, ...headers, 'content-length': String(body.length) },
          signal: ending.signal,
        },
        response => {
          const chunks: Buffer[] = []
          let bytes = 0
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length
            if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error('its answer is too long'))
            chunks.push(chunk)
          })
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(chunks),
            }),
          )
          response.on('error', reject)
          response.on('aborted', () => reject(new Error('its answer was cut off')))
        },
      )
      request.on('error', reject)
      request.end(body)
      try {
        return await promise
      } catch (error) {
        throw unavailable(where, isLate ? new Error(`no answer within ${timeoutMs} ms`) : error)
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', end)
      }
    },
    close: () => agent.destroy(),
  }
}

function unavailable(where: string, error: unknown): WattlineError {
  const message = error instanceof Error ? error.message : String(error)
  return new WattlineError('uplink_unavailable', `${where}: ${message.replace(/\.$/, '')}.`, { cause: error })
}
