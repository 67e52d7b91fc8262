/**
 * Load of the race, in a process of its own: a number of connections, each of which sends its next request as soon as
 * the last one is answered. It uses sockets with hardly any parsing, because CPU used here is taken from the
 * contestant.
 *
 * Reads orders as JSON lines on stdin (`Order`) and answers each with one line (`Report`).
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { driveGrpc } from './load-grpc.ts'
import { type Payload, payload, type RaceSignal } from './payloads.ts'

export interface Order {
  readonly port: number
  readonly signal: RaceSignal
  readonly items: number
  readonly gzip: boolean
  /** With gRPC, otherwise HTTP/1.1. */
  readonly grpc: boolean
  readonly connections: number
  /** Number of consecutive spans that share a trace. */
  readonly spansOfTrace: number
  readonly seconds: number
}

export interface Report {
  readonly requests: number
  /** Answers that were not a 200 without partial success. */
  readonly refused: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytesPerItem: number
}

const PAYLOADS = 64
/** A partial success without content, as the Collector answers; anything longer says that something was rejected. */
const EMPTY_BYTES = 2
const cache = new Map<string, readonly Payload[]>()

function payloadsFor({ signal, items, gzip }: Order): readonly Payload[] {
  const key = `${signal} ${items} ${gzip}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = Array.from({ length: PAYLOADS }, (_, seed) => payload(signal, items, seed, gzip))
  cache.set(key, made)
  return made
}

const state = new Uint32Array(randomBytes(4).buffer.slice(0, 4))
function random32(): number {
  let x = (state[0] as number) || 1
  x ^= x << 13
  x ^= x >>> 17
  x ^= x << 5
  state[0] = x
  return x >>> 0
}

/** Every request has its own ids; otherwise a log of repetitions would compress better than any real one. */
function renew({ bytes, traceIds, spanIds }: Payload, spansOfTrace: number): void {
  for (const [index, at] of traceIds.entries()) {
    const first = traceIds[index - (index % spansOfTrace)] as number
    if (at === first) for (let word = 0; word < 16; word += 4) bytes.writeUInt32LE(random32(), at + word)
    else bytes.copy(bytes, at, first, first + 16)
  }
  for (const at of spanIds) for (let word = 0; word < 8; word += 4) bytes.writeUInt32LE(random32(), at + word)
}

const head = (order: Order, length: number): Buffer =>
  Buffer.from(
    `POST /v1/${order.signal} HTTP/1.1\r\nHost: 127.0.0.1:${order.port}\r\nContent-Type: application/x-protobuf\r\n` +
      `${order.gzip ? 'Content-Encoding: gzip\r\n' : ''}Content-Length: ${length}\r\n\r\n`,
  )

/** Keeps one connection busy until the time is over; resolves when its last request is answered. */
function drive(
  order: Order,
  next: () => Payload,
  untilMs: number,
  seen: number[],
  refused: (answer: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentMs = 0
    let received = ''
    const socket: Socket = connect(order.port, '127.0.0.1')
    socket.setNoDelay(true)
    const send = (): void => {
      if (performance.now() >= untilMs) {
        socket.end()
        resolve()
        return
      }
      const body = next()
      sentMs = performance.now()
      socket.cork()
      socket.write(head(order, body.bytes.length))
      socket.write(body.bytes)
      socket.uncork()
    }
    socket.once('connect', send)
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0)
      if (received.length < headEnd + 4 + length) return
      seen.push(performance.now() - sentMs)
      if (!received.startsWith('HTTP/1.1 200') || length > EMPTY_BYTES) refused(received)
      received = ''
      send()
    })
    socket.once('error', reject)
  })
}

async function run(order: Order): Promise<Report> {
  const payloads = payloadsFor(order)
  const seen: number[] = []
  let turn = 0
  let refused = 0
  const next = (): Payload => {
    const one = payloads[turn++ % PAYLOADS] as Payload
    renew(one, order.spansOfTrace)
    return one
  }
  const onRefused = (answer: string): void => {
    if (refused++ === 0) process.stderr.write(`${answer}\n`)
  }
  const untilMs = performance.now() + order.seconds * 1000
  await Promise.all(
    Array.from({ length: order.connections }, () =>
      order.grpc
        ? driveGrpc({ ...order, next, untilMs, seen, refused: onRefused })
        : drive(order, next, untilMs, seen, onRefused),
    ),
  )
  const sorted = seen.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  const bytes = payloads.reduce((sum, one) => sum + one.bytes.length, 0)
  return {
    requests: seen.length,
    refused,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    bytesPerItem: bytes / (PAYLOADS * order.items),
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`)
}
