import { WattlineError } from '../catalogue/errors/errors.ts'
import type { BufferPool } from './buffer-pool.ts'

/** A body as received and decompressed. */
export interface ReceivedBody {
  readonly bytes: Uint8Array
  /** Releases its memory: it must not be read afterwards, not even by other threads. */
  release(): void
}

/** Limits of one body, and the source and accounting of its memory. */
export interface SinkOptions {
  readonly maxBytes: number
  readonly pool: BufferPool
  /** Counts bytes before they are stored; if it throws, reading ends. */
  readonly reserve: (bytes: number) => void
}

/** Collects chunks in one growing pooled buffer, or keeps a single chunk without copying. */
export class BodySink {
  readonly #options: SinkOptions
  readonly #ownsChunks: boolean
  #paidBytes: number
  #length = 0
  #single: Buffer | undefined
  #buffer: Buffer | undefined

  /**
   * `paidBytes`: already reserved, because the length was announced. `ownsChunks`: no other code uses the added chunks,
   * so their memory is released as soon as they are copied.
   */
  constructor(options: SinkOptions, paidBytes: number, ownsChunks = false) {
    this.#options = options
    this.#paidBytes = paidBytes
    this.#ownsChunks = ownsChunks
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
        if (this.#buffer === undefined) this.#free(known)
        else pool.release(this.#buffer)
        this.#buffer = larger
        this.#single = undefined
      }
      this.#buffer.set(chunk, this.#length)
      this.#free(chunk)
    }
    this.#length = length
  }

  body(): ReceivedBody {
    const bytes = this.#buffer?.subarray(0, this.#length) ?? this.#single ?? new Uint8Array(0)
    const release = (): void => {
      if (this.#single !== undefined) this.#free(this.#single)
      this.release()
    }
    return { bytes, release }
  }

  release(): void {
    if (this.#buffer !== undefined) this.#options.pool.release(this.#buffer)
    this.#buffer = undefined
    this.#single = undefined
  }

  /**
   * Releases the memory of a chunk if nothing else uses it. The garbage collector also counts memory outside its heap;
   * if it had to release bodies, it would search the whole heap several times a second.
   */
  #free({ buffer, byteLength }: Buffer): void {
    if (!this.#ownsChunks || !(buffer instanceof ArrayBuffer)) return
    if (buffer.byteLength === byteLength) buffer.transfer(0)
  }
}

/** Error for a body beyond the limit, as received or after decompression. */
export const tooLarge = (maxBytes: number): WattlineError =>
  new WattlineError(
    'body_too_large',
    `The body is larger than ${maxBytes} bytes, as received or decompressed.`,
  )
