import type { Readable } from 'node:stream'
import { NoAnswerError } from './connection.ts'

/**
 * Reads the bytes of an answer and finds the exception that the server writes at the end when a query fails after the
 * first bytes were sent with a success status: `\r
 * __exception__\r
 * <tag>\r
 * <message>
 * <length of the message with its end of line> <tag>\r
 * __exception__\r
 * ` The tag is in a header and new for every answer, so no data looks like it. Servers without this feature cut the
 * connection instead.
 */
export class AnswerReader {
  readonly #stream: Readable
  readonly #source: AsyncIterator<Uint8Array>
  readonly #marker: Buffer | null
  #first: Promise<IteratorResult<Uint8Array>> | null = null

  constructor(stream: Readable, tag: string | null) {
    this.#stream = stream
    this.#source = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    this.#marker = tag === null ? null : Buffer.from(`\r\n__exception__\r\n${tag}\r\n`)
  }

  /** Waits for the first bytes. @throws the server's error, if it sent one instead */
  async first(): Promise<void> {
    this.#first ??= this.#source.next()
    const piece = await this.#first
    if (piece.done === true || this.#marker === null) return
    const at = Buffer.from(piece.value).indexOf(this.#marker)
    if (at === 0) throw this.#exceptionIn(await this.#rest(piece.value))
  }

  /** @throws NoAnswerError when nothing arrives for `silenceMs`: the server has silently disappeared */
  async *chunks(silenceMs: number): AsyncGenerator<Uint8Array> {
    // This much of the end is held back, so that a marker is never passed on as data.
    const held = this.#marker === null ? 0 : this.#marker.length - 1
    let tail: Uint8Array = new Uint8Array()
    for (;;) {
      const next = await this.#next(silenceMs)
      if (next.done === true) break
      const piece = tail.length === 0 ? Buffer.from(next.value) : Buffer.concat([tail, next.value])
      const at = this.#marker === null ? -1 : piece.indexOf(this.#marker)
      if (at !== -1) throw this.#exceptionIn(await this.#rest(piece.subarray(at)))
      const sure = Math.max(0, piece.length - held)
      tail = piece.subarray(sure)
      if (sure > 0) yield piece.subarray(0, sure)
    }
    if (tail.length > 0) yield tail
  }

  destroy(): void {
    this.#stream.destroy()
  }

  async #next(silenceMs: number): Promise<IteratorResult<Uint8Array>> {
    const timer = setTimeout(() => this.#stream.destroy(new NoAnswerError(silenceMs)), silenceMs)
    try {
      return await (this.#first ?? this.#source.next())
    } finally {
      this.#first = null
      clearTimeout(timer)
    }
  }

  async #rest(piece: Uint8Array): Promise<Buffer> {
    const pieces = [piece]
    try {
      for (let next = await this.#source.next(); next.done !== true; next = await this.#source.next()) {
        pieces.push(next.value)
      }
    } catch {
      // The answer was cut off after the exception: the part that arrived must do.
    }
    return Buffer.concat(pieces)
  }

  #exceptionIn(text: Buffer): Error {
    const [message = ''] = text
      .subarray(this.#marker?.length ?? 0)
      .toString('utf8')
      .split(/\n\d+ \w+\r\n/)
    return new Error(message)
  }
}
