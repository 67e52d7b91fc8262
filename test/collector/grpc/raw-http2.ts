/** HTTP/2 by hand (RFC 9113), for frames that no library sends. */
import { connect, type Socket } from 'node:net'

export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const END_STREAM = 1
export const END_HEADERS = 4

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A header block without compression: literal fields that are not indexed (RFC 7541, 6.2.2). */
export const headerBlock = (fields: Readonly<Record<string, string>>): Buffer =>
  Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes])
  const length: number[] = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

export const callHeaders = (path: string): Buffer =>
  headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
  })

/** One connection. By default it sends the preface and reads frames. */
export class RawHttp2 {
  readonly socket: Socket
  /** Error codes of the GOAWAY frames received. */
  readonly goaways: number[] = []
  #received = Buffer.alloc(0)
  readonly #closed: Promise<unknown>

  constructor(port: number, { greet = true }: { readonly greet?: boolean } = {}) {
    this.socket = connect(port, '127.0.0.1').on('error', () => {})
    this.#closed = new Promise(resolve => this.socket.once('close', resolve))
    this.socket.on('data', chunk => this.#read(chunk))
    if (greet)
      this.socket.write(
        Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]),
      )
  }

  /** Writes this number of results of `make`, as fast as they are accepted; stops when the connection is closed. */
  async flood(count: number, make: (index: number) => Uint8Array): Promise<void> {
    for (let index = 0; index < count && !this.socket.destroyed; index++) {
      if (this.socket.write(make(index))) continue
      await Promise.race([new Promise(resolve => this.socket.once('drain', resolve)), this.#closed])
    }
  }

  closed(): Promise<unknown> {
    return this.#closed
  }

  #read(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk])
    while (this.#received.length >= 9) {
      const length = this.#received.readUIntBE(0, 3)
      if (this.#received.length < 9 + length) return
      if (this.#received[3] === FRAME.goaway) this.goaways.push(this.#received.readUInt32BE(9 + 4))
      this.#received = this.#received.subarray(9 + length)
    }
  }
}
