/**
 * A listener for HTTP/2 only: prior knowledge (h2c), or TLS with ALPN `h2`. It limits what any connection can make us
 * store or do, and shuts down in order: clients get GOAWAY first, and open streams are answered.
 */
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net'
import type { Events } from '../catalogue/events/events.ts'
import { FIXED_LIMITS } from '../catalogue/limits/limits.ts'
import { Http2Connection } from './http2-connection.ts'
import { listenError } from './listen-error.ts'
import type { ListenerTls } from './tls.ts'
import { HANDSHAKE_MS } from './web-server.ts'

/** A bounded HTTP/2 server that can be drained. */
export interface Http2Listener {
  /** Resolves when listening; port 0: any free port. @throws WattlineError `address_in_use`, `config_invalid` */
  listen(host: string, port: number): Promise<void>
  address(): { readonly host: string; readonly port: number }
  /**
   * Accepts no more connections, tells clients to open no more streams, and resolves when all open streams and
   * connections have ended; after `drainMs` the rest is cut off.
   */
  stop(drainMs: number): Promise<void>
}

interface Http2Options {
  /** Name of the listener, for errors. */
  readonly what: string
  readonly tls?: ListenerTls | undefined
  readonly events: Events
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  readonly limits?: Partial<Http2Limits>
  readonly maxConnections?: number | undefined
  readonly streams?: Partial<StreamBounds>
  /** Streams that stay open as long as their client wants, whatever `streamMs` says; by default none. */
  readonly isLasting?: (headers: IncomingHttpHeaders) => boolean
  /** Whether other processes may listen on the same port: the system distributes connections among them. */
  readonly reusePort?: boolean | undefined
}

/** In milliseconds. */
export interface Http2Limits {
  /** From a connection to the client's first frame; and from our last message to the connection's end. */
  readonly greetingMs: number
  /** How long a connection may stay open without a stream. Clients reconnect when they have something to send. */
  readonly idleMs: number
  /** Longest lifetime of a stream; beyond it the client does not read its answers, and the connection is cut off. */
  readonly streamMs: number
  /** A connection with lasting streams gets a PING after each of these times, and is cut off if it has not answered the last one. */
  readonly heartbeatMs: number
}

/** Limits of one connection. */
export interface StreamBounds {
  /** Concurrent streams. */
  readonly concurrent: number
  /** Streams that may be opened and cancelled: burst, and rate per second. */
  readonly cancelled: number
  readonly cancelledASecond: number
  /** Memory of its streams, header tables, queued answers and unanswered PING and SETTINGS frames, MB. */
  readonly memoryMb: number
}

const F = FIXED_LIMITS
const LIMITS: Http2Limits = {
  greetingMs: F.headersMs,
  idleMs: F.grpcIdleMs,
  streamMs: F.callMs,
  heartbeatMs: F.heartbeatMs,
}
const STREAMS: StreamBounds = {
  concurrent: F.callsOfConnection,
  cancelled: F.cancelledCalls,
  cancelledASecond: F.cancelledCallsASecond,
  memoryMb: 4,
}
/** After this much silence the system checks whether the other end still exists. */
const KEEP_ALIVE_MS = 30_000

const SETTINGS = {
  maxHeaderListSize: F.headerBytes,
  // How much a client may send without permission. This does not limit memory, since arriving data is read at once,
  // into a reserved buffer or discarded; it limits how often a sender must wait for a window update.
  initialWindowSize: 1024 * 1024,
} as const

const optionsOf = ({ concurrent, cancelled, cancelledASecond, memoryMb }: StreamBounds) => ({
  settings: { ...SETTINGS, maxConcurrentStreams: concurrent },
  maxSessionMemory: memoryMb,
  maxHeaderListPairs: F.headerFields,
  /** Empty frames and similar ones that only consume CPU. */
  maxSessionInvalidFrames: 100,
  streamResetBurst: cancelled,
  streamResetRate: cancelledASecond,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
})

/** Not listening yet: call `listen`. */
export function createHttp2Listener(options: Http2Options): Http2Listener {
  return new Listener(options)
}

class Listener implements Http2Listener {
  readonly #options: Http2Options
  readonly #server: Http2Server | Http2SecureServer
  readonly #connections = new Set<Http2Connection>()
  /** With TLS, also sockets that have not finished their handshake. */
  readonly #sockets = new Set<Socket>()

  constructor(options: Http2Options) {
    this.#options = options
    const limits = { ...LIMITS, ...options.limits }
    this.#server = createBareServer(options)
    this.#server.maxConnections = options.maxConnections ?? F.connections
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('session', session => {
      const connection = new Http2Connection(session, limits, options)
      this.#connections.add(connection)
      session.once('close', () => this.#connections.delete(connection))
    })
  }

  listen(host: string, port: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const onError = (error: NodeJS.ErrnoException): void =>
      reject(listenError(error, this.#options.what, host, port))
    this.#server.once('error', onError)
    const { reusePort = false } = this.#options
    this.#server.listen({ host, port, reusePort }, () => {
      this.#server.off('error', onError)
      resolve()
    })
    return promise
  }

  address(): { readonly host: string; readonly port: number } {
    const { address, port } = this.#server.address() as AddressInfo
    return { host: address, port }
  }

  async stop(drainMs: number): Promise<void> {
    if (!this.#server.listening) return
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    // Not the server's own close, which ends sessions before clients know: data that they send meanwhile would be lost.
    NetServer.prototype.close.call(this.#server, () => resolve())
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy()
    for (const connection of this.#connections) connection.end()
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.cut()
      for (const socket of this.#sockets) socket.destroy()
    }, drainMs)
    await closed
    clearTimeout(cut)
  }
}

function createBareServer({ tls, events, streams }: Http2Options): Http2Server | Http2SecureServer {
  const options = optionsOf({ ...STREAMS, ...streams })
  if (tls === undefined) return createServer(options)
  const server = createSecureServer({ ...options, ...tls.options(), handshakeTimeout: HANDSHAKE_MS })
  tls.attach(server)
  server.on('tlsClientError', () => events.emit('accessRefused', { reason: 'tls' }))
  return server
}
