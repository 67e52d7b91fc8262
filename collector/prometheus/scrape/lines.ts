import { isUtf8 } from 'node:buffer'
import { lineError } from './sample.ts'

/** Longer than any line of a real exporter: the limit for a line without an end. */
const MAX_LINE_BYTES = 1024 * 1024
const NEWLINE = 0x0a

/**
 * Splits a stream of bytes into lines of text. A chunk may end anywhere, even within a character; text after the last
 * newline is kept for the next chunk.
 */
export class Lines {
  readonly #take: (line: string, number: number) => void
  #rest: Uint8Array[] = []
  #restBytes = 0
  #number = 0

  /** `take` receives every line without its newline, and its number, starting at 1. */
  constructor(take: (line: string, number: number) => void) {
    this.#take = take
  }

  push(chunk: Uint8Array): void {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      this.#line(chunk.subarray(from, at))
      from = at + 1
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
  }

  /** Ends the input: a last line without a newline counts too. Returns whether there was one. */
  end(): boolean {
    if (this.#restBytes === 0) return false
    this.#line(new Uint8Array())
    return true
  }

  #keep(bytes: Uint8Array): void {
    this.#checkLength(bytes.length)
    // The caller reuses its chunks.
    this.#rest.push(Buffer.from(bytes))
    this.#restBytes += bytes.length
  }

  #line(tail: Uint8Array): void {
    this.#checkLength(tail.length)
    let bytes = tail
    if (this.#restBytes > 0) {
      bytes = Buffer.concat([...this.#rest, tail])
      this.#rest = []
      this.#restBytes = 0
    }
    this.#number += 1
    if (!isUtf8(bytes)) throw lineError(this.#number, 'is not UTF-8', '')
    this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), this.#number)
  }

  #checkLength(more: number): void {
    if (this.#restBytes + more > MAX_LINE_BYTES) {
      throw lineError(this.#number + 1, `is longer than ${MAX_LINE_BYTES} bytes`, '')
    }
  }
}
