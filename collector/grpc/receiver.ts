import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Access } from '../../core/auth/access.ts'
import { openAccess } from '../../core/auth/open-access.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import { type BufferPool, createBufferPool } from '../../core/http/buffer-pool.ts'
import { createHttp2Listener, type Http2Limits, type Http2Listener } from '../../core/http/http2-server.ts'
import type { ListenerTls } from '../../core/http/tls.ts'
import type { Intake } from '../intake/intake.ts'
import type { Receiver } from '../receiver.ts'
import { type CallParts, serveExport } from './call.ts'

/** Options of the OTLP/gRPC listener. */
export interface OtlpGrpcOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly limits: Pick<Config['limits'], 'body_bytes'>
  readonly intake: Pick<Intake, 'open' | 'stats'>
  readonly events: Events
  /** Default: every client on this machine. */
  readonly access?: Access
  readonly tls?: ListenerTls | undefined
  readonly pool?: BufferPool
  readonly timeouts?: Partial<GrpcTimeouts>
  readonly maxConnections?: number
  /** Whether other processes may listen on the same port. */
  readonly reusePort?: boolean
  /** Concurrent calls, over all connections. */
  readonly maxCalls?: number
}

/** In milliseconds. */
interface GrpcTimeouts extends Http2Limits {
  /** For a whole message. */
  readonly messageMs: number
  /** How long `stop` waits for calls in flight before it cuts connections. */
  readonly drainMs: number
}

const DRAIN_MS = 5_000

/** OTLP over gRPC: unary `Export` of traces, metrics and logs, compressed or not; and `grpc.health.v1.Health/Check`. */
export function createOtlpGrpcReceiver(options: OtlpGrpcOptions): Receiver {
  return new GrpcReceiver(options)
}

class GrpcReceiver implements Receiver {
  readonly #options: OtlpGrpcOptions
  readonly #listener: Http2Listener
  readonly #parts: CallParts
  #calls = 0
  #stopping = false

  constructor(options: OtlpGrpcOptions) {
    const { intake, events, tls, timeouts = {} } = options
    this.#options = options
    this.#parts = {
      intake,
      events,
      access: options.access ?? openAccess,
      pool: options.pool ?? createBufferPool(),
      maxBodyBytes: options.limits.body_bytes,
      messageMs: timeouts.messageMs ?? FIXED_LIMITS.requestMs,
      refuse: () => this.#refusal(),
    }
    this.#listener = createHttp2Listener({
      what: 'OTLP over gRPC',
      tls,
      events,
      limits: timeouts,
      maxConnections: options.maxConnections,
      reusePort: options.reusePort,
      onStream: (stream, headers) => void this.#serve(stream, headers),
    })
  }

  async start(): Promise<void> {
    const { host, port, events } = this.#options
    await this.#listener.listen(host, port)
    events.emit('listenerStarted', { listener: 'otlp_grpc', ...this.address() })
  }

  address(): { readonly host: string; readonly port: number } {
    return this.#listener.address()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#listener.stop(this.#options.timeouts?.drainMs ?? DRAIN_MS)
  }

  async #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    this.#calls += 1
    try {
      await serveExport(this.#parts, stream, headers)
    } finally {
      this.#calls -= 1
    }
  }

  #refusal(): WattlineError | undefined {
    const retryAfterSeconds = 1
    if (this.#stopping)
      return new WattlineError('draining', 'The receiver is shutting down.', { retryAfterSeconds })
    // Each call costs memory before its first byte.
    const { maxCalls = FIXED_LIMITS.calls } = this.#options
    if (this.#calls <= maxCalls) return undefined
    return new WattlineError('overloaded', `The limit of ${maxCalls} open calls is reached.`, {
      retryAfterSeconds,
    })
  }
}
