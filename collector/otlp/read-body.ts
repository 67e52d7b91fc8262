import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { constants, createGunzip, createZstdDecompress } from 'node:zlib'
import { WattlineError } from '../../core/runtime/errors.ts'
import type { BufferPool } from '../intake/buffer-pool.ts'
import type { ContentCoding } from './media.ts'

export interface BodyOptions {
  readonly coding: ContentCoding
  readonly maxBytes: number
  readonly pool: BufferPool
  /** Counts bytes before they are kept; what it throws ends the reading. */
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
  // Announced bytes are paid for; only what an inflated or unannounced body grows beyond them is counted as it comes.
  const sink = new BodySink(options, announced ?? 0)
  const inflater = options.coding === 'identity' ? undefined : createInflater(options.coding, announced)
  options.beforeBody()
  try {
    await (inflater === undefined ? collect(request, request, sink) : inflate(request, inflater, sink))
    return sink.body()
  } catch (error) {
    sink.release()
    request.resume()
    throw error
  }
}

/** Content-Length, or undefined for a chunked body. */
export function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

async function inflate(request: IncomingMessage, inflater: Transform, sink: BodySink): Promise<void> {
  request.pipe(inflater)
  try {
    await collect(inflater, request, sink)
  } finally {
    request.unpipe(inflater)
    inflater.destroy()
  }
}

/** Not `for await`: leaving such a loop destroys the request, and with it the connection that the answer needs. */
function collect(source: Readable, request: IncomingMessage, sink: BodySink): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onData = (chunk: Buffer): void => {
    try {
      sink.add(chunk)
    } catch (error) {
      reject(error)
    }
  }
  const onError = (error: NodeJS.ErrnoException): void => {
    reject(source === request ? new ClientGone(error.message) : undecodable(error))
  }
  const onClose = (): void => {
    if (!request.complete) reject(new ClientGone('The connection closed in the middle of the body.'))
  }
  const onRequestError = (error: Error): void => reject(new ClientGone(error.message))
  source.on('data', onData)
  source.on('error', onError)
  source.on('end', resolve)
  request.on('close', onClose)
  request.on('error', onRequestError)
  return promise.finally(() => {
    source.off('data', onData)
    source.off('end', resolve)
    request.off('close', onClose)
    // The error listeners stay: a connection may also break while the rest is being discarded.
  })
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
function createInflater(coding: 'gzip' | 'zstd', announced: number | undefined): Transform {
  const expected = (announced ?? 64 * 1024) * 4
  const chunkSize = Math.min(1024 * 1024, Math.max(16 * 1024, expected))
  if (coding === 'gzip') return createGunzip({ chunkSize })
  // A frame may ask for a window of 128 MiB before its first byte comes out; 8 MiB is what RFC 8878 wants taken.
  return createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: 23 } })
}

const tooLarge = (maxBytes: number): WattlineError =>
  new WattlineError('body_too_large', `The body is larger than ${maxBytes} bytes, received or inflated.`)

const undecodable = (error: NodeJS.ErrnoException): WattlineError =>
  new WattlineError('body_undecodable', `The body cannot be decompressed: ${error.message}.`, {
    cause: error,
  })
