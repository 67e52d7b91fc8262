import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { ScrapeJob } from '../../../core/catalogue/config/keys/scrape.ts'
import { scrapeTimeout } from '../../../core/catalogue/config/scrape.ts'
import { ScrapeFailure } from './failure.ts'
import { acceptOf, type TextFormat, textFormat } from './media.ts'

interface Exposition {
  readonly format: TextFormat
  /** Chunks of the body, decompressed; each is valid until the next one is requested. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Requests a target; every error that it throws is a ScrapeFailure. */
export type FetchTarget = (url: string, signal: AbortSignal) => Promise<Exposition>

const MAX_HEADER_BYTES = 16_384

/**
 * Requests the targets of one job. Each scrape uses a new connection: it cannot have gone stale since the last one, so
 * no retry is ever needed. A redirect is not followed and fails the scrape.
 */
export function createFetch(job: ScrapeJob, userAgent: string): FetchTarget {
  const options = requestOptions(job, userAgent)
  const timeoutMs = scrapeTimeout(job) * 1000
  return async (url, stop) => {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([timeout, stop])
    const failure = (error: unknown): ScrapeFailure => asFailure(error, timeout, timeoutMs)
    try {
      const response = await respond(url, { ...options, signal })
      try {
        checkStatus(response)
        const format = textFormat(response.headers['content-type'], job.fallback_scrape_protocol)
        return { format, body: pieces(response, job.body_size_limit, failure) }
      } catch (error) {
        response.destroy()
        throw error
      }
    } catch (error) {
      throw failure(error)
    }
  }
}

function requestOptions(job: ScrapeJob, userAgent: string): RequestOptions {
  const { basic_auth: basic, authorization, tls_config: tls } = job
  const headers: Record<string, string> = {
    accept: acceptOf(job.scrape_protocols),
    'accept-encoding': 'gzip',
    'user-agent': userAgent,
    'x-prometheus-scrape-timeout-seconds': String(scrapeTimeout(job)),
  }
  if (basic !== undefined) {
    headers['authorization'] =
      `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}`
  }
  if (authorization !== undefined) {
    headers['authorization'] = `${authorization.type} ${authorization.credentials}`
  }
  return {
    headers,
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
    ...{ rejectUnauthorized: !tls.insecure_skip_verify },
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert, key: tls.key }),
    ...(tls.server_name === undefined ? {} : { servername: tls.server_name }),
  }
}

function respond(url: string, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest
    send(url, options, resolve).on('error', reject).end()
  })
}

function checkStatus({ statusCode = 0 }: IncomingMessage): void {
  if (statusCode !== 200) throw new ScrapeFailure('status', `The target answered with status ${statusCode}.`)
}

/**
 * The body, decompressed as it arrives, up to the limit: a small body that expands without end costs no more than that.
 */
async function* pieces(
  response: IncomingMessage,
  limit: number,
  failure: (error: unknown) => ScrapeFailure,
): AsyncGenerator<Uint8Array> {
  let received = 0
  const stream = inflated(response)
  try {
    for await (const chunk of stream) {
      received += (chunk as Uint8Array).length
      if (received > limit) {
        throw new ScrapeFailure(
          'too_large',
          `The exposition is larger than ${limit} bytes (body_size_limit).`,
        )
      }
      yield chunk as Uint8Array
    }
  } catch (error) {
    throw failure(error)
  } finally {
    stream.destroy()
    response.destroy()
  }
}

function inflated(response: IncomingMessage): Readable {
  const coding = response.headers['content-encoding'] ?? 'identity'
  if (coding === 'identity' || coding === '') return response
  if (coding !== 'gzip') {
    throw new ScrapeFailure('format', `Content-Encoding ${JSON.stringify(coding.slice(0, 50))} is not gzip.`)
  }
  const gunzip = createGunzip()
  response.on('error', error => gunzip.destroy(error))
  return response.pipe(gunzip)
}

function asFailure(error: unknown, timeout: AbortSignal, timeoutMs: number): ScrapeFailure {
  if (error instanceof ScrapeFailure) return error
  if (timeout.aborted) {
    return new ScrapeFailure('timeout', `The target did not answer within ${timeoutMs / 1000} s.`)
  }
  const { message, code } = error as NodeJS.ErrnoException
  const reason = code?.startsWith('Z_') ? 'format' : 'connection'
  return new ScrapeFailure(reason, message || code || 'the connection failed', { cause: error })
}
