/** One connection of the load over gRPC: HTTP/2 with prior knowledge, one call at a time. */
import { type ClientHttp2Session, connect } from 'node:http2'
import type { Payload, RaceSignal } from './payloads.ts'

const PATHS: Readonly<Record<RaceSignal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
}
/** Flag and length before a message. */
const HEAD_BYTES = 5
/** A partial success without content, as the Collector answers; anything longer says that something was rejected. */
const EMPTY_BYTES = 2
/** The server may have no streams open to us; it limits the streams that we open. */
const OPTIONS = { settings: { enablePush: false } }

export interface GrpcDrive {
  readonly port: number
  readonly signal: RaceSignal
  readonly gzip: boolean
  readonly next: () => Payload
  readonly untilMs: number
  /** Milliseconds of each call. */
  readonly seen: number[]
  readonly refused: (answer: string) => void
}

/** Keeps one connection busy until the time is over; resolves when its last call is answered. */
export async function driveGrpc(drive: GrpcDrive): Promise<void> {
  const session = connect(`http://127.0.0.1:${drive.port}`, OPTIONS)
  try {
    while (performance.now() < drive.untilMs) {
      const sentMs = performance.now()
      const problem = await call(session, drive)
      drive.seen.push(performance.now() - sentMs)
      if (problem !== undefined) drive.refused(problem)
    }
  } finally {
    session.close()
  }
}

/** What is wrong with the answer; undefined if nothing is. */
function call(session: ClientHttp2Session, { signal, gzip, next }: GrpcDrive): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const { bytes } = next()
    const head = Buffer.alloc(HEAD_BYTES)
    head[0] = gzip ? 1 : 0
    head.writeUInt32BE(bytes.length, 1)
    const stream = session.request({
      ':method': 'POST',
      ':path': PATHS[signal],
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(gzip ? { 'grpc-encoding': 'gzip' } : {}),
    })
    let answered = 0
    let status: unknown
    let message: unknown
    const take = (headers: Record<string, unknown>): void => {
      status = headers['grpc-status'] ?? status
      message = headers['grpc-message'] ?? message
    }
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('data', (chunk: Buffer) => {
      answered += chunk.length
    })
    stream.once('error', reject)
    stream.once('close', () => {
      const isPlain = status === '0' && answered <= HEAD_BYTES + EMPTY_BYTES
      resolve(isPlain ? undefined : `grpc-status ${status}, ${answered} bytes: ${message}`)
    })
    stream.write(head)
    stream.end(bytes)
  })
}
