import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { constants, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { WattlineError } from '../../core/runtime/errors.ts'
import type { BufferPool } from '../intake/buffer-pool.ts'
import type { ContentCoding } from './media.ts'

export interface BodyOptions {
  readonly coding: ContentCoding
  readonly maxBytes: number
  readonly pool: BufferPool
  /** Counts bytes before they are kept, compressed and inflated ones; what it throws ends the reading. */
  readonly reserve: (bytes: number) => void
  /** Called when the headers leave nothing to object to, just before the first byte is read. */
  readonly beforeBody: () => void
}

/** The body as received and inflated. `release` gives its buffer back. */
export interface Body {
  readonly bytes: Uint8Array
  release(): void
}

/** The client went away: there is nobody to answer. */
export class ClientGone extends Error {}

/**
 * Reads a body within its limit, also after decompression: inflating stops at the limit, whatever the body would grow to.
 * Throws `body_too_large`, `body_undecodable`, what `reserve` throws, or `ClientGone`. After an error the rest of the
 * body is discarded as it comes, so that the connection can be answered and used again.
 */
export async function readBody(request: IncomingMessage, options: BodyOptions): Promise<Body> {
  const announced = announcedBytes(request)
  if (announced !== undefined && announced > options.maxBytes) throw tooLarge(options.maxBytes)
  if (announced !== undefined) options.reserve(announced)
  const received = new BodySink(options, announced ?? 0)
  options.beforeBody()
  try {
    await receive(request, received)
  } catch (error) {
    received.release()
    request.resume()
    throw error
  }
  if (options.coding === 'identity') return received.body()

  const inflated = new BodySink(options, 0)
  try {
    await inflate(options.coding, received.body().bytes, inflated)
    return inflated.body()
  } catch (error) {
    inflated.release()
    throw error
  } finally {
    received.release()
  }
}

/** Content-Length, or undefined for a chunked body. */
function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

type Compression = Exclude<ContentCoding, 'identity'>

/** `bytesWritten`: bytes of input used up. */
type Inflater = Transform & { readonly bytesWritten: number }

/** One frame per call of the engine; more is no telemetry but an attempt to keep us busy. */
const MAX_FRAMES = 256

/**
 * Of several zstd frames in one piece node:zlib (24.21) takes the first and drops the others without a word, so what it
 * left is inflated again until nothing is left.
 */
async function inflate(coding: Compression, received: Uint8Array, sink: BodySink): Promise<void> {
  let rest = received
  for (let frame = 0; frame < MAX_FRAMES; frame++) {
    const inflater = createInflater(coding, rest.length)
    try {
      const inflated = collect(inflater, sink, undecodable)
      inflater.end(rest)
      await inflated
      rest = rest.subarray(inflater.bytesWritten)
    } finally {
      inflater.destroy()
    }
    if (rest.length === 0) return
    if (inflater.bytesWritten === 0) break
  }
  throw undecodable(new Error('there is something after its end'))
}

async function receive(request: IncomingMessage, sink: BodySink): Promise<void> {
  const { promise: gone, reject } = Promise.withResolvers<never>()
  const onClose = (): void => {
    if (!request.complete) reject(new ClientGone('The connection closed in the middle of the body.'))
  }
  request.on('close', onClose)
  try {
    await Promise.race([collect(request, sink, error => new ClientGone(error.message)), gone])
  } finally {
    request.off('close', onClose)
  }
}

/** Not `for await`: leaving such a loop destroys the request, and with it the connection that the answer needs. */
async function collect(source: Readable, sink: BodySink, asError: (error: Error) => Error): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onData = (chunk: Buffer): void => {
    try {
      sink.add(chunk)
    } catch (error) {
      reject(error)
    }
  }
  source.on('data', onData)
  source.on('end', resolve)
  // This one stays: a connection may also break while the rest of a refused body is being discarded.
  source.on('error', error => reject(asError(error)))
  try {
    await promise
  } finally {
    source.off('data', onData)
    source.off('end', resolve)
  }
}

/** Gathers chunks in one pooled buffer that grows, or keeps a single chunk as it is. */
class BodySink {
  readonly #options: BodyOptions
  #paidBytes: number
  #length = 0
  #single: Uint8Array | undefined
  #buffer: Buffer | undefined

  constructor(options: BodyOptions, paidBytes: number) {
    this.#options = options
    this.#paidBytes = paidBytes
  }

  add(chunk: Buffer): void {
    const { maxBytes, pool, reserve } = this.#options
    const length = this.#length + chunk.length
    if (length > maxBytes) throw tooLarge(maxBytes)
    if (length > this.#paidBytes) {
      reserve(length - this.#paidBytes)
      this.#paidBytes = length
    }
    if (this.#length === 0) {
      this.#single = chunk
    } else {
      const known = this.#buffer ?? this.#single!
      if (this.#buffer === undefined || this.#buffer.length < length) {
        const larger = pool.acquire(Math.max(length, this.#length * 2, Math.min(this.#paidBytes, maxBytes)))
        larger.set(known.subarray(0, this.#length))
        if (this.#buffer !== undefined) pool.release(this.#buffer)
        this.#buffer = larger
        this.#single = undefined
      }
      this.#buffer.set(chunk, this.#length)
    }
    this.#length = length
  }

  body(): Body {
    const bytes = this.#buffer?.subarray(0, this.#length) ?? this.#single ?? new Uint8Array(0)
    return { bytes, release: () => this.release() }
  }

  release(): void {
    if (this.#buffer !== undefined) this.#options.pool.release(this.#buffer)
    this.#buffer = undefined
    this.#single = undefined
  }
}

/** Chunks near the expected size: 16 KiB pieces, the default, more than double the cost of a request. */
function createInflater(coding: Compression, inputBytes: number): Inflater {
  const chunkSize = Math.min(1024 * 1024, Math.max(16 * 1024, inputBytes * 4))
  if (coding === 'gzip') return createGunzip({ chunkSize })
  // HTTP's deflate has the header of zlib (RFC 9110, 8.4.1.2).
  if (coding === 'deflate') return createInflate({ chunkSize })
  // A frame may ask for a window of 128 MiB before its first byte comes out; 8 MiB is what RFC 8878 wants taken.
  return createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: 23 } })
}

const tooLarge = (maxBytes: number): WattlineError =>
  new WattlineError('body_too_large', `The body is larger than ${maxBytes} bytes, received or inflated.`)

const undecodable = (error: Error): WattlineError =>
  new WattlineError('body_undecodable', `The body cannot be decompressed: ${error.message}.`, {
    cause: error,
  })
