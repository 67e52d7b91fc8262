import { isUtf8 } from 'node:buffer'
import { lineError } from './sample.ts'

/** Longer than any line of a real exporter; what a line may cost before it is found to have no end. */
const MAX_LINE_BYTES = 1024 * 1024
const NEWLINE = 0x0a

/**
 * Cuts a stream of bytes into lines of text. A chunk may end anywhere, within a character too; what follows the last
 * newline is kept until more comes.
 */
export class Lines {
  readonly #take: (line: string, number: number) => void
  #rest: Uint8Array[] = []
  #restBytes = 0
  #number = 0

  /** `take` gets every line without its newline, and its number from 1. */
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

  /** Says that nothing follows: a last line without newline is one all the same. Returns whether there was one. */
  end(): boolean {
    if (this.#restBytes === 0) return false
    this.#line(new Uint8Array())
    return true
  }

  #keep(bytes: Uint8Array): void {
    this.#checkLength(bytes.length)
    // Chunks are used again by who hands them over.
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
