/** A receiver on a free port, and a client that speaks raw HTTP/1.1, so that no library hides anything. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createOtlpHttpReceiver, type OtlpHttpOptions } from '../../../collector/http/receiver.ts'
import type { IntakeOptions } from '../../../collector/intake/intake.ts'
import type { Receiver } from '../../../collector/receiver.ts'
import { type IntakeRig, intakeRig } from '../otlp/intake-rig.ts'

export interface HttpRig extends IntakeRig {
  readonly receiver: Receiver
  readonly port: number
}

export async function httpRig(
  settings: Record<string, unknown> = {},
  options: Pick<OtlpHttpOptions, 'timeouts' | 'access' | 'tls' | 'corsOrigins' | 'maxConnections'> = {},
  neighbours: Pick<IntakeOptions, 'memory' | 'clock'> = {},
): Promise<HttpRig> {
  const rig = intakeRig(settings, neighbours)
  const { intake, events, config } = rig
  const receiver = createOtlpHttpReceiver({
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

export interface RawReply {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** One connection; replies are read in the order of the requests. */
export class RawClient {
  readonly socket: Socket
  #received = Buffer.alloc(0)
  #ended = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.socket.emit('more')
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.#ended = true
      this.socket.emit('more')
    })
  }

  get ended(): boolean {
    return this.#ended
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text)
  }

  post(path: string, headers: Readonly<Record<string, string>>, body: Uint8Array | string): void {
    const bytes = Buffer.from(body)
    const all = { host: 'localhost', 'content-length': String(bytes.length), ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    this.write(Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]))
  }

  async reply(): Promise<RawReply> {
    for (;;) {
      const parsed = this.#parse()
      if (parsed !== undefined) return parsed
      if (this.#ended) throw new Error(`The connection ended after ${JSON.stringify(String(this.#received))}`)
      await once(this.socket, 'more')
    }
  }

  /** Resolves when the server has closed the connection. */
  async closed(): Promise<void> {
    while (!this.#ended) await once(this.socket, 'more')
  }

  #parse(): RawReply | undefined {
    const end = this.#received.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const [statusLine, ...lines] = this.#received.subarray(0, end).toString().split('\r\n')
    const headers = new Map(
      lines.map(line => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const
      }),
    )
    const status = Number(statusLine!.split(' ')[1])
    const length = Number(headers.get('content-length') ?? 0)
    if (this.#received.length < end + 4 + length) return undefined
    const body = Buffer.from(this.#received.subarray(end + 4, end + 4 + length))
    this.#received = this.#received.subarray(end + 4 + length)
    return { status, headers, body }
  }
}

/** One request on a connection of its own. */
export async function post(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string,
): Promise<RawReply> {
  const client = new RawClient(port)
  try {
    client.post(path, headers, body)
    return await client.reply()
  } finally {
    client.socket.destroy()
  }
}
