import type { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../../core/catalogue/limits/limits.ts'
import { FIELD } from '../../../core/protobuf/otlp/fields.ts'
import { SCALAR_WIRE } from '../../../core/protobuf/otlp/messages.ts'
import { ProtobufWriter, WIRE, type WriterMemory } from '../../../core/protobuf/writer.ts'
import type { Signal } from '../signals.ts'
import { type JsonField, type MessageTable, REQUEST_TABLES } from './messages.ts'
import { ScalarMismatch, writeEnum, writeInt64, writeScalar } from './scalars.ts'
import { JsonScanner, TOKEN, undecodableJson } from './scanner.ts'

/**
 * Converts OTLP/JSON to OTLP protobuf bytes. One decoder then serves both encodings, so their rows are the same by
 * construction. Names may be those of JSON or of protobuf. Unknown fields are ignored, and reported where they might
 * contain items; `null` means a missing field; a duplicate field is refused, in either spelling.
 *
 * Reads the bytes once without creating objects: 64 MiB of `{},{},{}` would be gigabytes of them.
 *
 * Throws `body_undecodable` with the JSON path or the byte of the error, and what `memory` throws.
 */
export function jsonToProtobuf(
  signal: Signal,
  body: Uint8Array,
  memory?: WriterMemory,
  onPassedOver?: (path: string) => void,
): Uint8Array {
  return new Transcoder(body, memory, onPassedOver).request(REQUEST_TABLES[signal])
}

/** Nested messages: far beyond the nesting of attribute values that the decoder keeps, and well within the stack. */
const MAX_MESSAGE_DEPTH = FIXED_LIMITS.jsonDepth
/** Messages at this depth have lengths of fixed size: otherwise their bytes would be moved once per level. */
const WIDE_DEPTH = 16
const MIN_CAPACITY_BYTES = 64
const { doubleValue: DOUBLE_VALUE } = FIELD.AnyValue

class Transcoder {
  readonly #scanner: JsonScanner
  readonly #writer: ProtobufWriter
  readonly #path: (string | number)[] = []
  readonly #onPassedOver: ((path: string) => void) | undefined

  constructor(body: Uint8Array, memory?: WriterMemory, onPassedOver?: (path: string) => void) {
    this.#onPassedOver = onPassedOver
    this.#scanner = new JsonScanner(body, MAX_MESSAGE_DEPTH)
    this.#writer = new ProtobufWriter(Math.max(MIN_CAPACITY_BYTES, body.length), memory)
  }

  request(table: MessageTable): Uint8Array {
    try {
      this.#message(table, 0)
    } catch (error) {
      throw error instanceof ScalarMismatch ? this.#mismatch(error.message) : error
    }
    this.#scanner.end()
    return this.#writer.bytes()
  }

  #message(table: MessageTable, depth: number): void {
    const scanner = this.#scanner
    this.#require(TOKEN.openObject, 'an object')
    if (depth > MAX_MESSAGE_DEPTH) throw this.#mismatch(`at most ${MAX_MESSAGE_DEPTH} levels`)
    if (!scanner.open(TOKEN.closeObject)) return
    let seen = 0
    do {
      scanner.name()
      const field = this.#fieldOf(table)
      if (field === undefined) this.#passOver(table)
      else if (scanner.peek() === TOKEN.null) scanner.word()
      else {
        this.#path.push(field.name)
        if ((seen & field.bit) !== 0) throw this.#mismatch('there once')
        seen |= field.bit
        if (field.repeated) this.#repeated(field, depth)
        else this.#field(field, depth)
        this.#path.pop()
      }
    } while (scanner.more(TOKEN.closeObject))
  }

  /** The value of an unknown field. Lists and objects where items are expected may be items under another name. */
  #passOver(table: MessageTable): void {
    const scanner = this.#scanner
    if (table.holdsItems && this.#onPassedOver !== undefined) {
      const name = scanner.text()
      const first = scanner.peek()
      if (first === TOKEN.openArray || first === TOKEN.openObject) this.#onPassedOver(this.#pathTo(name))
    }
    scanner.skip()
  }

  #fieldOf(table: MessageTable): JsonField | undefined {
    const { bytes, from, to, escaped } = this.#scanner
    if (!escaped) return table.find(bytes, from, to)
    const name = Buffer.from(this.#scanner.text())
    return table.find(name, 0, name.length)
  }

  #repeated(field: JsonField, depth: number): void {
    const scanner = this.#scanner
    this.#require(TOKEN.openArray, 'an array')
    if (!scanner.open(TOKEN.closeArray)) return
    const { type, number } = field
    const packed = type.kind === 'scalar' && SCALAR_WIRE[type.scalar] !== WIRE.bytes ? type.scalar : undefined
    if (packed !== undefined) this.#writer.tag(number, WIRE.bytes)
    const start = packed === undefined ? 0 : this.#writer.begin()
    const last = this.#path.push(0) - 1
    let index = 0
    do {
      this.#path[last] = index
      if (packed === undefined) this.#field(field, depth)
      else writeScalar(this.#writer, packed, scanner)
      index += 1
    } while (scanner.more(TOKEN.closeArray))
    this.#path.pop()
    if (packed !== undefined) this.#writer.end(start)
  }

  #field({ number, type }: JsonField, depth: number): void {
    const writer = this.#writer
    switch (type.kind) {
      case 'scalar':
        if (type.scalar === 'int64') {
          writeInt64(writer, number, DOUBLE_VALUE, this.#scanner)
          return
        }
        writer.tag(number, SCALAR_WIRE[type.scalar])
        writeScalar(writer, type.scalar, this.#scanner)
        return
      case 'enum':
        writer.tag(number, WIRE.varint)
        writeEnum(writer, type.names, this.#scanner)
        return
      case 'message': {
        writer.tag(number, WIRE.bytes)
        const isWide = depth >= WIDE_DEPTH
        const start = isWide ? writer.beginWide() : writer.begin()
        this.#message(type.message, depth + 1)
        if (isWide) writer.endWide(start)
        else writer.end(start)
      }
    }
  }

  /** Throws unless the next value begins with this character. */
  #require(first: number, expected: string): void {
    const found = this.#scanner.peek()
    if (found === first) return
    throw found === TOKEN.end ? this.#scanner.unexpected() : this.#mismatch(expected)
  }

  #mismatch(expected: string): WattlineError {
    return undecodableJson(`${this.#pathTo()} is not ${expected}.`)
  }

  #pathTo(...further: string[]): string {
    return [...this.#path, ...further].reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
      '$',
    )
  }
}
