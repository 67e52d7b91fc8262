/** A gRPC receiver on a free port, and a client that shows everything that libraries hide. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type SecureClientSessionOptions,
} from 'node:http2'
import { createOtlpGrpcReceiver, type OtlpGrpcOptions } from '../../../collector/grpc/receiver.ts'
import type { IntakeOptions } from '../../../collector/intake/intake.ts'
import type { Signal } from '../../../collector/otlp/signals.ts'
import type { Receiver } from '../../../collector/receiver.ts'
import { readStatus, type StatusRead } from '../http/answers.ts'
import { type IntakeRig, intakeRig } from '../otlp/intake-rig.ts'

export interface GrpcRig extends IntakeRig {
  readonly receiver: Receiver
  readonly port: number
}

export async function grpcRig(
  settings: Record<string, unknown> = {},
  options: Pick<OtlpGrpcOptions, 'timeouts' | 'access' | 'tls' | 'pool' | 'maxConnections' | 'maxCalls'> = {},
  neighbours: Pick<IntakeOptions, 'memory' | 'clock'> = {},
): Promise<GrpcRig> {
  const rig = intakeRig(settings, neighbours)
  const { intake, events, config } = rig
  const receiver = createOtlpGrpcReceiver({
    host: '127.0.0.1',
    port: 0,
    limits: config.limits,
    intake,
    events,
    ...options,
  })
  await receiver.start()
  return { ...rig, receiver, port: receiver.address().port }
}

export const METHODS: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}
export const HEALTH = '/grpc.health.v1.Health/Check'

/** A message as sent; `announced` if its length is wrong. */
export function framed(message: Uint8Array, flag = 0, announced = message.length): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flag
  head.writeUInt32BE(announced, 1)
  return Buffer.concat([head, message])
}

export interface GrpcReply {
  readonly httpStatus: number | undefined
  /** `grpc-status`; undefined: missing. */
  readonly status: number | undefined
  /** `grpc-message`, decoded. */
  readonly message: string
  readonly details: StatusRead | undefined
  readonly headers: Readonly<Record<string, unknown>>
  /** Without frames: only headers arrived. */
  readonly trailersOnly: boolean
  /** The message of the answer; undefined: none. */
  readonly body: Buffer | undefined
  /** Code of the RST_STREAM that ended it; 0 also without one. */
  readonly reset: number
}

export class GrpcClient {
  readonly session: ClientHttp2Session
  readonly goaways: number[] = []
  readonly #closed: Promise<void>

  constructor(port: number, options: SecureClientSessionOptions = {}) {
    this.session = connect(`${options.ca === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, {
      maxSessionMemory: 1_000,
      ...options,
    })
    this.session.on('error', () => {})
    this.session.on('goaway', code => this.goaways.push(code))
    this.#closed = new Promise(resolve => this.session.once('close', resolve))
  }

  /** Resolves when the connection has ended. */
  closed(): Promise<void> {
    return this.#closed
  }

  open(path: string, headers: Readonly<Record<string, string>> = {}): Call {
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    return new Call(stream)
  }

  call(path: string, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Promise<GrpcReply> {
    const call = this.open(path, headers)
    call.stream.end(body)
    return call.reply
  }

  end(): void {
    this.session.destroy()
  }
}

export class Call {
  readonly stream: ClientHttp2Stream
  /** Resolves when the call is over in any way. */
  readonly reply: Promise<GrpcReply>

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream
    let headers: Record<string, unknown> = {}
    let trailers: Record<string, unknown> | undefined
    const chunks: Buffer[] = []
    stream.on('response', received => {
      headers = received
    })
    stream.on('trailers', received => {
      trailers = received
    })
    stream.on('data', chunk => chunks.push(chunk)).on('error', () => {})
    this.reply = new Promise(resolve => {
      stream.once('close', () => resolve(replyOf(headers, trailers, Buffer.concat(chunks), stream.rstCode)))
    })
  }

  cancel(): void {
    this.stream.close(constants.NGHTTP2_CANCEL)
  }
}

function replyOf(
  headers: Record<string, unknown>,
  trailers: Record<string, unknown> | undefined,
  frames: Buffer,
  reset: number,
): GrpcReply {
  const last = trailers ?? headers
  const status = last['grpc-status']
  const details = last['grpc-status-details-bin']
  if (frames.length > 0 && frames.readUInt32BE(1) !== frames.length - 5)
    throw new Error('an answer is one frame')
  return {
    httpStatus: headers[':status'] as number | undefined,
    status: status === undefined ? undefined : Number(status),
    message: decodeURIComponent(String(last['grpc-message'] ?? '')),
    details: details === undefined ? undefined : readStatus(Buffer.from(String(details), 'base64')),
    headers,
    trailersOnly: trailers === undefined,
    body: frames.length === 0 ? undefined : frames.subarray(5),
    reset,
  }
}
