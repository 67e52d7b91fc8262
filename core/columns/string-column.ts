import { type Data, makeData, Utf8 } from 'apache-arrow'
import { type ColumnBuilder, INITIAL_ROWS } from './column.ts'
import { grown, retained } from './growable.ts'
import { encodeUtf8Into, isValidUtf8, repairedUtf8 } from './utf8.ts'

const INITIAL_BYTES = 1024
const TYPE = new Utf8()

/** Text that seldom repeats: one run of UTF-8 and where each value ends. */
export class StringColumn implements ColumnBuilder<string> {
  readonly nullable = false
  readonly interners = []
  #bytes = new Uint8Array(INITIAL_BYTES)
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
    if (from + text.length * 3 > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, from + text.length * 3)
    }
    this.#end(text.length === 0 ? from : from + encodeUtf8Into(text, this.#bytes, from))
  }

  /** The text in `source[start, end)`; invalid UTF-8 is repaired first. */
  appendBytes(source: Uint8Array, start: number, end: number): void {
    const from = this.#offsets[this.#length]!
    if (isValidUtf8(source, start, end)) this.#copy(source, start, end, from)
    else {
      const repaired = repairedUtf8(source, start, end)
      this.#copy(repaired, 0, repaired.length, from)
    }
  }

  truncate(length: number): void {
    this.#length = Math.min(length, this.#length)
  }

  clear(): void {
    this.#bytes = retained(this.#bytes, INITIAL_BYTES)
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

  #copy(source: Uint8Array, start: number, end: number, from: number): void {
    const to = from + end - start
    if (to > this.#bytes.length) this.#bytes = grown(this.#bytes, to)
    if (end - start > 64) this.#bytes.set(source.subarray(start, end), from)
    else for (let at = start, into = from; at < end; at += 1, into += 1) this.#bytes[into] = source[at]!
    this.#end(to)
  }

  #end(to: number): void {
    this.#length += 1
    if (this.#length >= this.#offsets.length) this.#offsets = grown(this.#offsets, this.#length + 1)
    this.#offsets[this.#length] = to
  }
}
