/** A gRPC server: methods with one message and one answer, and methods whose answer goes on. */
import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { Events } from '../catalogue/events/events.ts'
import { FIXED_LIMITS } from '../catalogue/limits/limits.ts'
import { type BufferPool, createBufferPool } from '../http/buffer-pool.ts'
import { createHttp2Listener, type Http2Limits, type Http2Listener } from '../http/http2-server.ts'
import { quoteHeader } from '../http/quote-header.ts'
import type { ListenerTls } from '../http/tls.ts'
import { serveCall } from './call.ts'
import { requireMessageCoding } from './call-head.ts'
import { checkHealth, HEALTH_METHOD, MAX_HEALTH_BYTES, servicesOf } from './health.ts'
import { readMessage } from './message.ts'
import { NewestMessages } from './newest-messages.ts'
import { sendMessages } from './send-messages.ts'

/** Who calls: headers of the call, and the connection with its certificate. */
export interface GrpcCaller {
  readonly headers: IncomingHttpHeaders
  readonly session: Http2Session | undefined
}

/** Begins to send messages; the result is called when the call is over. */
export type BeginMessages = (messages: NewestMessages) => () => void

/** Makes the messages of an answer one after another; the signal aborts when nothing more can be sent. */
export type MessageSource = (signal: AbortSignal) => AsyncIterable<Uint8Array>

/** What answers a method. Whatever it throws is the status of the call. */
export type GrpcMethod =
  | { readonly kind: 'unary'; readonly answer: (request: Uint8Array, caller: GrpcCaller) => Uint8Array }
  | { readonly kind: 'stream'; readonly open: (request: Uint8Array, caller: GrpcCaller) => BeginMessages }
  | { readonly kind: 'messages'; readonly begin: (request: Uint8Array, caller: GrpcCaller) => MessageSource }

/** Options of a server. */
export interface GrpcServerOptions {
  /** Name of the listener, for errors. */
  readonly what: string
  /** By HTTP/2 path. */
  readonly methods: ReadonlyMap<string, GrpcMethod>
  readonly maxMessageBytes: number
  /** Calls whose answers go on, over all connections. */
  readonly maxOpenCalls: number
  /** Called before anything is read. @throws WattlineError */
  readonly admit: (headers: IncomingHttpHeaders) => void
  /** Counts a failure, and says what the client gets. */
  readonly refusal: (error: unknown) => WattlineError
  readonly events: Events
  readonly tls?: ListenerTls | undefined
  readonly limits?: Partial<Http2Limits>
}

/** A running server. */
export interface GrpcServer {
  /** Port 0: any free port. @throws WattlineError `address_in_use`, `config_invalid` */
  listen(host: string, port: number): Promise<void>
  address(): { readonly host: string; readonly port: number }
  /** Calls whose answers go on. */
  readonly openCalls: number
  /** Ends calls whose answers go on with `draining`, answers the others, resolves when all connections have ended. */
  stop(): Promise<void>
}

const DRAIN_MS = 5_000
/** Messages of all calls that are being read. */
const IN_FLIGHT_BYTES = 16 * 1024 * 1024
/** On top of calls that go on: other calls of the same connection must not wait for those. */
const MORE_CALLS = 2_000

/** Not listening yet: call `listen`. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  return new Server(options)
}

class Server implements GrpcServer {
  readonly #options: GrpcServerOptions
  readonly #listener: Http2Listener
  readonly #services: ReadonlySet<string>
  readonly #pool: BufferPool = createBufferPool(1024 * 1024)
  readonly #open = new Set<NewestMessages>()
  #inFlightBytes = 0
  #calls = 0
  #stopping = false

  constructor(options: GrpcServerOptions) {
    this.#options = options
    this.#services = servicesOf(options.methods.keys())
    const concurrent = options.maxOpenCalls + MORE_CALLS
    this.#listener = createHttp2Listener({
      what: options.what,
      tls: options.tls,
      events: options.events,
      limits: options.limits ?? {},
      // Clients make all calls to an address on one connection.
      streams: { concurrent, cancelled: concurrent, cancelledASecond: 200, memoryMb: 32 },
      isLasting: headers => options.methods.get(headers[':path'] ?? '')?.kind === 'stream',
      onStream: (stream, headers) => void this.#serve(stream, headers),
    })
  }

  get openCalls(): number {
    return this.#open.size
  }

  listen(host: string, port: number): Promise<void> {
    return this.#listener.listen(host, port)
  }

  address(): { readonly host: string; readonly port: number } {
    return this.#listener.address()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    for (const messages of this.#open) messages.fail(draining())
    await this.#listener.stop(DRAIN_MS)
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    this.#calls += 1
    try {
      await serveCall(stream, headers, {
        messageMs: FIXED_LIMITS.headersMs,
        answer: signal => this.#answer(stream, headers, signal),
        refusal: this.#options.refusal,
      })
    } finally {
      this.#calls -= 1
    }
  }

  async #answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    signal: AbortSignal,
  ): Promise<Uint8Array | null> {
    this.#options.admit(headers)
    const path = headers[':path'] ?? ''
    if (path === HEALTH_METHOD) {
      return await this.#read(stream, headers, MAX_HEALTH_BYTES, signal, body =>
        checkHealth(body, this.#services, !this.#stopping),
      )
    }
    const method = this.#options.methods.get(path)
    if (method === undefined) throw new WattlineError('not_found', `Unknown method ${quoteHeader(path)}.`)
    if (this.#stopping) throw draining()
    if (this.#calls > FIXED_LIMITS.calls) throw overloaded(`The limit of ${FIXED_LIMITS.calls} calls`)
    const caller = { headers, session: stream.session }
    const answer = await this.#read(stream, headers, this.#options.maxMessageBytes, signal, body => {
      if (method.kind === 'unary') return method.answer(body, caller)
      if (method.kind === 'messages') return method.begin(body, caller)
      this.#begin(stream, method.open(body, caller))
      return null
    })
    if (typeof answer !== 'function') return answer
    await sendMessages(stream, headers, answer, this.#options.refusal)
    return null
  }

  #begin(stream: ServerHttp2Stream, begin: BeginMessages): void {
    const { maxOpenCalls } = this.#options
    if (this.#stopping) throw draining()
    if (this.#open.size >= maxOpenCalls) throw overloaded(`The limit of ${maxOpenCalls} open streams`)
    if (stream.destroyed || stream.closed) return
    const messages = new NewestMessages(stream)
    this.#open.add(messages)
    const end = begin(messages)
    stream.once('close', () => {
      this.#open.delete(messages)
      end()
    })
  }

  /** Reads the message, passes it on, and releases its memory. */
  async #read<Result>(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    maxBytes: number,
    signal: AbortSignal,
    use: (body: Uint8Array) => Result,
  ): Promise<Result> {
    const coding = requireMessageCoding(headers)
    let reserved = 0
    const reserve = (bytes: number): void => {
      if (this.#inFlightBytes + bytes > IN_FLIGHT_BYTES) throw overloaded('The memory for messages')
      this.#inFlightBytes += bytes
      reserved += bytes
    }
    try {
      const body = await readMessage(stream, { coding, maxBytes, pool: this.#pool, reserve, signal })
      try {
        return use(body.bytes)
      } finally {
        body.release()
      }
    } finally {
      this.#inFlightBytes -= reserved
    }
  }
}

const draining = (): WattlineError =>
  new WattlineError('draining', 'The server is shutting down.', { retryAfterSeconds: 1 })
const overloaded = (what: string): WattlineError =>
  new WattlineError('overloaded', `${what} is reached.`, { retryAfterSeconds: 1 })
