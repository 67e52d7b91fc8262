import { grown } from '../../../core/columns/growable.ts'
import { copyText } from '../../../core/columns/source.ts'

const INITIAL_BYTES = 1024

/** Bytes that identify something, put together from parts of a body; reused for the next key. */
export class KeyBytes {
  bytes = new Uint8Array(INITIAL_BYTES)
  view = new DataView(this.bytes.buffer)
  length = 0

  begin(): void {
    this.length = 0
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.#grow(this.length + 1)
    this.bytes[this.length] = value
    this.length += 1
  }

  /** `source[from, to)` as it is. */
  append(source: DataView, from: number, to: number): void {
    const end = this.length + to - from
    if (end > this.bytes.length) this.#grow(end)
    copyText(source, from, to, this.view, this.length)
    this.length = end
  }

  /** `source[from, to)` with its length before it, so that what follows cannot be taken for a part of it. */
  part(source: DataView, from: number, to: number): void {
    this.number(to - from)
    this.append(source, from, to)
  }

  /** A number of 32 bits. */
  number(value: number): void {
    if (this.length + 4 > this.bytes.length) this.#grow(this.length + 4)
    this.view.setUint32(this.length, value, true)
    this.length += 4
  }

  #grow(bytes: number): void {
    this.bytes = grown(this.bytes, bytes)
    this.view = new DataView(this.bytes.buffer)
  }
}
