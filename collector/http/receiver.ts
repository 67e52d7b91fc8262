import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Access } from '../../core/auth/access.ts'
import { openAccess } from '../../core/auth/open-access.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { type BufferPool, createBufferPool } from '../../core/http/buffer-pool.ts'
import { listenError } from '../../core/http/listen-error.ts'
import type { ListenerTls } from '../../core/http/tls.ts'
import { createWebServer } from '../../core/http/web-server.ts'
import type { Intake } from '../intake/intake.ts'
import { FamilyMemory } from '../prometheus/remote-write/families.ts'
import { SeriesMemory } from '../prometheus/remote-write/series-memory.ts'
import type { Receiver } from '../receiver.ts'
import { type Cors, createCors } from './cors.ts'
import { failureReply, handleExchange, type Reply, send } from './exchange.ts'

/** Options of the collector's HTTP listener. */
export interface OtlpHttpOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly limits: Pick<Config['limits'], 'body_bytes'>
  readonly intake: Intake
  readonly events: Events
  /** Default: every client on this machine. */
  readonly access?: Access
  readonly tls?: ListenerTls | undefined
  /** Origins of pages that may send from a browser: `listen.cors_origins`. */
  readonly corsOrigins?: readonly string[]
  readonly pool?: BufferPool
  readonly timeouts?: Partial<Timeouts>
  readonly maxConnections?: number
  /** Whether other processes may listen on the same port: the system distributes connections among them. */
  readonly reusePort?: boolean
}

/** In milliseconds. */
interface Timeouts {
  /** Time for all headers of a request. */
  readonly headersMs: number
  /** Time for a whole request, body included. */
  readonly requestMs: number
  /** How long a connection may stay open without a request. */
  readonly keepAliveMs: number
  /** How long `stop` waits for requests in flight before it cuts connections. */
  readonly drainMs: number
}

const { headersMs, requestMs, keepAliveMs } = FIXED_LIMITS
const TIMEOUTS: Timeouts = { headersMs, requestMs, keepAliveMs, drainMs: 5_000 }
/**
 * A refused body is read and discarded for up to this time before its connection is closed, so that the client receives
 * the answer.
 */
const DISCARD_MS = 1_000

/** OTLP over HTTP: `POST /v1/{traces,metrics,logs}`, protobuf and JSON, gzip, zstd or plain; and remote write. */
export function createOtlpHttpReceiver(options: OtlpHttpOptions): Receiver {
  return new HttpReceiver(options)
}

class HttpReceiver implements Receiver {
  readonly #options: OtlpHttpOptions
  readonly #timeouts: Timeouts
  readonly #pool: BufferPool
  readonly #cors: Cors
  readonly #families = new FamilyMemory()
  readonly #series = new SeriesMemory()
  readonly #server: Server
  /** Open connections; node:http counts those that have sent nothing yet neither as busy nor as idle. */
  readonly #connections = new Set<Socket>()
  #stopping = false

  constructor(options: OtlpHttpOptions) {
    this.#options = options
    this.#timeouts = { ...TIMEOUTS, ...options.timeouts }
    this.#pool = options.pool ?? createBufferPool()
    const { headersMs, requestMs, keepAliveMs } = this.#timeouts
    this.#cors = createCors(options.corsOrigins ?? [])
    const settings = {
      maxHeaderSize: FIXED_LIMITS.headerBytes,
      headersTimeout: Math.min(headersMs, requestMs),
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.max(10, Math.min(requestMs, headersMs) / 4),
    }
    this.#server = createWebServer(settings, { tls: options.tls, events: options.events })
    this.#server.maxConnections = options.maxConnections ?? FIXED_LIMITS.connections
    this.#server.on('connection', socket => {
      this.#connections.add(socket)
      socket.once('close', () => this.#connections.delete(socket))
    })
    this.#server.on('request', (request, response) => void this.#exchange(request, response, () => {}))
    this.#server.on('checkContinue', (request, response) => {
      void this.#exchange(request, response, () => response.writeContinue())
    })
    this.#server.on('clientError', (error, socket) => refuseConnection(error, socket as Socket))
  }

  start(): Promise<void> {
    const { host, port, reusePort = false, events } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onError = (error: NodeJS.ErrnoException): void =>
      reject(listenError(error, 'OTLP over HTTP', host, port))
    this.#server.once('error', onError)
    this.#server.listen({ host, port, reusePort }, () => {
      this.#server.off('error', onError)
      events.emit('listenerStarted', { listener: 'otlp_http', ...this.address() })
      resolve()
    })
    return promise
  }

  address(): { readonly host: string; readonly port: number } {
    const address = this.#server.address() as AddressInfo | null
    return { host: address?.address ?? this.#options.host, port: address?.port ?? this.#options.port }
  }

  async stop(): Promise<void> {
    if (this.#stopping || !this.#server.listening) return
    this.#stopping = true
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    for (const socket of this.#connections) if (socket.bytesRead === 0) socket.destroy()
    const cut = setTimeout(() => this.#server.closeAllConnections(), this.#timeouts.drainMs)
    await promise
    clearTimeout(cut)
  }

  async #exchange(request: IncomingMessage, response: ServerResponse, beforeBody: () => void): Promise<void> {
    const { intake, events, limits } = this.#options
    if (this.#stopping) {
      const draining = new WattlineError('draining', 'The receiver is shutting down.', {
        retryAfterSeconds: 1,
      })
      await discard(request)
      this.#send(request, response, failureReply(events, draining, request), true)
      return
    }
    let bodyWanted = false
    const parts = {
      intake,
      events,
      pool: this.#pool,
      access: this.#options.access ?? openAccess,
      cors: this.#cors,
      maxBodyBytes: limits.body_bytes,
      families: this.#families,
      series: this.#series,
    }
    const reply = await handleExchange(parts, request, () => {
      bodyWanted = true
      beforeBody()
    })
    if (reply === undefined) return
    // A client that waits for `100 Continue` and gets an error may or may not send the body, so the connection must be
    // closed.
    const bodyUnclear = request.headers.expect !== undefined && !bodyWanted
    this.#send(request, response, reply, this.#stopping || bodyUnclear)
  }

  /** A page that may send may also read the answer, including errors. */
  #send(request: IncomingMessage, response: ServerResponse, reply: Reply, close: boolean): void {
    send(
      response,
      { ...reply, headers: { ...reply.headers, ...this.#cors.replyHeaders(request.headers) } },
      close,
    )
  }
}

/** Closing with unread bytes resets the connection, and the client might never see the answer. */
function discard(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, DISCARD_MS)
  request.once('end', resolve).once('close', resolve).once('error', resolve).resume()
  return promise.finally(() => clearTimeout(timer))
}

/** An error below HTTP: there is no request to answer properly, so only a status line is sent. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const line = CONNECTION_ERRORS.get(error.code ?? '') ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  // The client gets this much time to read it; we do not wait for it to close its side.
  setTimeout(() => socket.destroy(), DISCARD_MS).unref()
}

const CONNECTION_ERRORS: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
])
