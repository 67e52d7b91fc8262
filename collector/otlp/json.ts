import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import { WattlineError } from '../../core/runtime/errors.ts'
import { FIXED_LIMITS } from '../../core/runtime/limits.ts'
import type { Signal } from '../intake/signals.ts'
import { type JsonField, type MessageTable, REQUEST_TABLES } from './json-messages.ts'
import {
  isBeyondInt64,
  NumberInexact,
  SCALAR_WIRE,
  ScalarMismatch,
  writeEnum,
  writeScalar,
} from './json-scalars.ts'

/**
 * OTLP/JSON as OTLP protobuf bytes. One decoder then serves both encodings, so that their rows are the same by
 * construction. Unknown fields are ignored; `null` is an absent field.
 *
 * Throws `body_undecodable` naming the JSON path of what is wrong.
 */
export function jsonToProtobuf(signal: Signal, body: Uint8Array): Uint8Array {
  // A byte order mark is dropped and invalid UTF-8 replaced, as the protobuf decoder does.
  const text = new TextDecoder().decode(body)
  const table = REQUEST_TABLES[signal]
  try {
    return new Transcoder(body.length).request(table, parse(text))
  } catch (error) {
    if (!(error instanceof NumberInexact)) throw error
    return new Transcoder(body.length, true).request(table, parseExactly(text))
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw undecodable(`Not JSON: ${error instanceof Error ? error.message : String(error)}.`, error)
  }
}

/** What the engine hands a reviver beside the value, see https://tc39.es/proposal-json-parse-with-source/ */
type SourceReviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown

/**
 * Integers that a double does not hold become bigints. Nanoseconds of today are such numbers, and people write them
 * without quotes. Several times slower than a plain parse: only for bodies that need it.
 */
function parseExactly(text: string): unknown {
  const reviver: SourceReviver = (_key, value, context) => {
    const source = context?.source
    if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
    return /^-?\d{1,20}$/.test(source) ? BigInt(source) : value
  }
  try {
    return JSON.parse(text, reviver)
  } catch (error) {
    throw undecodable('Not JSON of bounded depth: it nests too deeply.', error)
  }
}

/**
 * Messages within messages: far beyond the nesting of attribute values that the decoder keeps, well within the stack.
 */
const MAX_MESSAGE_DEPTH = FIXED_LIMITS.jsonDepth

/** AnyValue.doubleValue */
const DOUBLE_VALUE: JsonField = { number: 4, repeated: false, type: { kind: 'scalar', scalar: 'double' } }

class Transcoder {
  readonly #writer: ProtobufWriter
  readonly #path: (string | number)[] = []
  /** Integers have been read exactly: what is still inexact is beyond 64 bits. */
  readonly #exact: boolean

  constructor(capacityBytes: number, exact = false) {
    this.#exact = exact
    this.#writer = new ProtobufWriter(Math.max(64, capacityBytes))
  }

  request(table: MessageTable, value: unknown): Uint8Array {
    this.#message(table, value, 0)
    return this.#writer.bytes()
  }

  #message(table: MessageTable, value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.#mismatch('an object')
    if (depth > MAX_MESSAGE_DEPTH) throw this.#mismatch(`at most ${MAX_MESSAGE_DEPTH} levels`)
    for (const [name, member] of Object.entries(value)) {
      const field = table.get(name)
      if (field === undefined || member === null) continue
      this.#path.push(name)
      if (field.repeated) this.#repeated(field, member, depth)
      else this.#field(field, member, depth)
      this.#path.pop()
    }
  }

  #repeated(field: JsonField, value: unknown, depth: number): void {
    if (!Array.isArray(value)) throw this.#mismatch('an array')
    const { type } = field
    const packed = type.kind === 'scalar' && SCALAR_WIRE[type.scalar] !== WIRE.bytes
    if (!packed) {
      for (const [index, element] of value.entries()) {
        this.#path.push(index)
        this.#field(field, element, depth)
        this.#path.pop()
      }
      return
    }
    if (value.length === 0) return
    this.#writer.tag(field.number, WIRE.bytes)
    const start = this.#writer.begin()
    for (const [index, element] of value.entries()) {
      this.#path.push(index)
      this.#checked(() => writeScalar(this.#writer, type.scalar, element))
      this.#path.pop()
    }
    this.#writer.end(start)
  }

  #field({ number, type }: JsonField, value: unknown, depth: number): void {
    switch (type.kind) {
      case 'scalar':
        // The JavaScript SDK writes whole numbers as intValue, 1e21 too: a double it was, and a double it stays. One such
        // attribute must not cost a batch.
        if (type.scalar === 'int64' && this.#exact && isBeyondInt64(value)) {
          this.#field(DOUBLE_VALUE, value, depth)
          return
        }
        this.#writer.tag(number, SCALAR_WIRE[type.scalar])
        this.#checked(() => writeScalar(this.#writer, type.scalar, value))
        return
      case 'enum':
        this.#writer.tag(number, WIRE.varint)
        this.#checked(() => writeEnum(this.#writer, type.names, value))
        return
      case 'message': {
        this.#writer.tag(number, WIRE.bytes)
        const start = this.#writer.begin()
        this.#message(type.message, value, depth + 1)
        this.#writer.end(start)
      }
    }
  }

  #checked(write: () => void): void {
    try {
      write()
    } catch (error) {
      if (error instanceof ScalarMismatch) throw this.#mismatch(error.message)
      if (error instanceof NumberInexact && this.#exact) throw this.#mismatch('an integer of 64 bits')
      throw error
    }
  }

  #mismatch(expected: string): WattlineError {
    const path = this.#path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
      '$',
    )
    return undecodable(`${path} is not ${expected}.`)
  }
}

const undecodable = (message: string, cause?: unknown): WattlineError =>
  new WattlineError('body_undecodable', message, cause === undefined ? {} : { cause })
