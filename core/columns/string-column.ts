import { isUtf8 } from 'node:buffer'
import { type Data, makeData, Utf8 } from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'
import { ByteSource, copyText } from './source.ts'
import { encodeUtf8Into, repairedUtf8 } from './utf8.ts'

const INITIAL_BYTES = 1024
const TYPE = new Utf8()
/** Beyond this, the runtime's own copying is faster than ours. */
const SHORT_BYTES = 256

/** Text that seldom repeats: one run of UTF-8, and the end of each value. */
export class StringColumn implements ColumnBuilder<string> {
  readonly nullable = false
  readonly interners = []
  #bytes = new Uint8Array(INITIAL_BYTES)
  #view = new DataView(this.#bytes.buffer)
  readonly #source = new ByteSource()
  #offsets = new Int32Array(INITIAL_ROWS + 1)
  #length = 0

  get length(): number {
    return this.#length
  }

  get byteSize(): number {
    return this.#offsets[this.#length]! + this.#length * 4
  }

  append(text: string): void {
    const from = this.#offsets[this.#length]!
    this.#reserve(from + text.length * 3)
    this.#end(text.length === 0 ? from : from + encodeUtf8Into(text, this.#bytes, from))
  }

  /** The text in `source[start, end)`; invalid UTF-8 is repaired first. */
  appendBytes(source: Uint8Array, start: number, end: number): void {
    const from = this.#offsets[this.#length]!
    const to = from + end - start
    if (to > this.#bytes.length) this.#reserve(to)
    if (start === end || this.#copy(source, start, end, from)) this.#end(to)
    else {
      const repaired = repairedUtf8(source, start, end)
      this.#reserve(from + repaired.length)
      this.#bytes.set(repaired, from)
      this.#end(from + repaired.length)
    }
  }

  truncate(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#bytes = retained(this.#bytes, INITIAL_BYTES)
    this.#view = new DataView(this.#bytes.buffer)
    this.#source.forget()
    this.#offsets = retained(this.#offsets, INITIAL_ROWS + 1)
    this.#length = 0
  }

  toData(): Data {
    return makeData({
      type: TYPE,
      length: this.#length,
      nullCount: 0,
      valueOffsets: this.#offsets.subarray(0, this.#length + 1),
      data: this.#bytes.subarray(0, this.#offsets[this.#length]),
    })
  }

  /** False when it is not valid UTF-8. */
  #copy(source: Uint8Array, start: number, end: number, into: number): boolean {
    if (end - start <= SHORT_BYTES) {
      const isAscii = copyText(this.#source.viewOf(source), start, end, this.#view, into)
      return isAscii || isUtf8(source.subarray(start, end))
    }
    const text = source.subarray(start, end)
    this.#bytes.set(text, into)
    return isUtf8(text)
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return
    this.#bytes = grown(this.#bytes, bytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  #end(to: number): void {
    this.#length += 1
    if (this.#length >= this.#offsets.length) this.#offsets = grown(this.#offsets, this.#length + 1)
    this.#offsets[this.#length] = to
  }
}
