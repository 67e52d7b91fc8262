/**
 * POST to a URL that a user configured. The name is resolved once per attempt, every address that it has must be allowed, and
 * the connection goes to one of those: a name that changes its address in between gains nothing (DNS rebinding). Redirects are
 * not followed. Time and size of the answer are bounded.
 */
import { type LookupAddress, lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import type { AddressFilter } from './addresses.ts'
import { retryAfterMs } from './retry-after.ts'

/** One attempt. */
export interface OutgoingPost {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
  readonly isAllowed: AddressFilter
  readonly signal: AbortSignal
}

/** What came back. */
export interface OutgoingReply {
  readonly status: number
  /** What header `Retry-After` asks for, ms; null without one. */
  readonly retryAfterMs: number | null
  /** Its beginning. */
  readonly text: string
}

/** Why there is no answer. `refused`: nothing was sent, because the address is not allowed. */
export class OutgoingError extends Error {
  readonly isRefused: boolean

  constructor(message: string, isRefused = false) {
    super(message)
    this.name = 'OutgoingError'
    this.isRefused = isRefused
  }
}

/** How much of the answer is read. */
const MOST_BYTES = 2_048

/** @throws OutgoingError when there is no answer */
export async function post(attempt: OutgoingPost): Promise<OutgoingReply> {
  const { url, body, isAllowed, timeoutMs } = attempt
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new OutgoingError(`${url.protocol} is not http`, true)
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(literal) !== 0 && !isAllowed(literal)) throw notAllowed(literal, literal)
  const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(timeoutMs)])
  try {
    return await new Promise<OutgoingReply>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(
        url,
        {
          method: 'POST',
          headers: { ...attempt.headers, 'content-length': String(Buffer.byteLength(body)) },
          agent: false,
          signal,
          lookup: guardedLookup(isAllowed),
        },
        reply => readReply(reply).then(resolve, reject),
      )
      request.on('error', reject)
      request.end(body)
    })
  } catch (error) {
    if (error instanceof OutgoingError) throw error
    if (signal.aborted && !attempt.signal.aborted) {
      throw new OutgoingError(`no answer within ${timeoutMs / 1000} s`)
    }
    throw new OutgoingError(error instanceof Error ? error.message || error.name : String(error))
  }
}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Resolves a name to its addresses, if all of them are allowed. */
const guardedLookup =
  (isAllowed: AddressFilter) =>
  (name: string, options: { readonly all?: boolean | undefined }, callback: LookupCallback): void => {
    lookup(name, { all: true }, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const refused = addresses.find(({ address }) => !isAllowed(address))
      if (refused !== undefined) return callback(notAllowed(name, refused.address), [])
      const [first] = addresses
      if (options.all === true || first === undefined) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }

const notAllowed = (name: string, address: string): OutgoingError =>
  new OutgoingError(
    `${name === address ? address : `${name} is ${address}, which`} is not a public address. Add it to alerts.allow_addresses`,
    true,
  )

async function readReply(reply: IncomingMessage): Promise<OutgoingReply> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= MOST_BYTES) break
  }
  reply.destroy()
  return {
    status: reply.statusCode ?? 0,
    retryAfterMs: retryAfterMs(reply.headers['retry-after'], Date.now()),
    text: Buffer.concat(chunks).toString('utf8').slice(0, MOST_BYTES),
  }
}
