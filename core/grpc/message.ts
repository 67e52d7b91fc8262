import type { Readable } from 'node:stream'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { BodySink, type ReceivedBody, type SinkOptions, tooLarge } from '../http/body-sink.ts'
import { receive } from '../http/collect.ts'
import type { BodyCoding } from '../http/content-coding.ts'
import { inflated } from '../http/inflate.ts'

interface MessageOptions extends SinkOptions {
  /** Compression of a compressed message: `grpc-encoding`. */
  readonly coding: BodyCoding
  /** Aborts when the message takes too long. */
  readonly signal: AbortSignal
}

/** Flag and length before every message. */
export const HEAD_BYTES = 5

/**
 * Reads the single message of a unary call within its limit, also after decompression, and decompresses it. Throws
 * `body_too_large`, `body_undecodable`, `frame_invalid`, what `reserve` throws, the reason of the signal, or
 * `ClientGone`.
 */
export async function readMessage(stream: Readable, options: MessageOptions): Promise<ReceivedBody> {
  const reader = new MessageReader(options)
  try {
    await receive(
      stream,
      chunk => reader.add(chunk),
      () => stream.readableEnded,
      options.signal,
    )
    const body = reader.message()
    const { coding } = options
    return reader.isCompressed && coding !== 'identity' ? await inflated(coding, body, options) : body
  } catch (error) {
    reader.release()
    throw error
  }
}

/** Splits the received bytes into head and message; bytes beyond the announced length are never stored. */
class MessageReader {
  readonly #options: MessageOptions
  readonly #head = new Uint8Array(HEAD_BYTES)
  #headLength = 0
  #missing = 0
  #sink: BodySink | undefined

  constructor(options: MessageOptions) {
    this.#options = options
  }

  get isCompressed(): boolean {
    return this.#head[0] === 1
  }

  add(chunk: Buffer): void {
    let rest = chunk
    if (this.#sink === undefined) {
      const headPart = rest.subarray(0, HEAD_BYTES - this.#headLength)
      this.#head.set(headPart, this.#headLength)
      this.#headLength += headPart.length
      if (this.#headLength < HEAD_BYTES) return
      this.#sink = this.#open()
      rest = rest.subarray(headPart.length)
    }
    if (rest.length > this.#missing) throw undecodable('there is data after the message of the call')
    if (rest.length === 0) return
    this.#sink.add(rest)
    this.#missing -= rest.length
  }

  message(): ReceivedBody {
    if (this.#sink === undefined || this.#missing > 0) {
      throw undecodable(
        this.#headLength === 0 ? 'the call has no message' : 'the call ends in the middle of its message',
      )
    }
    return this.#sink.body()
  }

  release(): void {
    this.#sink?.release()
  }

  #open(): BodySink {
    const { coding, maxBytes, reserve } = this.#options
    const [flag = 0, ...length] = this.#head
    if (flag > 1) throw new WattlineError('frame_invalid', `Unknown message flag ${flag}.`)
    if (flag === 1 && coding === 'identity') {
      throw new WattlineError(
        'frame_invalid',
        'The message is flagged as compressed, but the call has no grpc-encoding header.',
      )
    }
    this.#missing = Buffer.from(length).readUInt32BE()
    if (this.#missing > maxBytes) throw tooLarge(maxBytes)
    reserve(this.#missing)
    return new BodySink(this.#options, this.#missing)
  }
}

const undecodable = (what: string): WattlineError =>
  new WattlineError('body_undecodable', `This is not a unary call: ${what}.`)
