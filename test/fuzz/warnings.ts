/**
 * What an answer to OTLP must warn about although nothing was rejected, read from the request independently of our
 * readers.
 */
import protobuf from 'protobufjs'
import type { Signal } from '../../collector/otlp/signals.ts'
import { messageType } from '../collector/otlp/decode/otlp-proto.ts'
import { REQUEST_MESSAGES } from '../collector/otlp/decode/reference.ts'
import { camelCase } from '../collector/otlp/json/odd-json.ts'

/** Whether a request in protobuf contains anything but resources and the URLs of their schemas. */
export function holdsMoreThanResources(bytes: Uint8Array): boolean {
  return fieldsOf(bytes, ([number, group]) => {
    if (number !== 1) return true
    return fieldsOf(group!, ([inner]) => inner !== 1 && inner !== 3)
  })
}

/** Whether there is a field for which `test` is true: its number, and its content if it has a length. */
function fieldsOf(
  bytes: Uint8Array,
  test: (field: readonly [number: number, content: Uint8Array | undefined]) => boolean,
): boolean {
  const reader = protobuf.Reader.create(bytes)
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    // Not with `bytes`, which refuses overlong lengths.
    const length = (tag & 7) === 2 ? Number(reader.uint64()) : undefined
    const content = length === undefined ? undefined : bytes.subarray(reader.pos, reader.pos + length)
    if (test([tag >>> 3, content])) return true
    if (length === undefined) reader.skipType(tag & 7)
    else if (length > 0) reader.skip(length)
  }
  return false
}

/** Whether a JSON request has a list or an object where items belong, under a name that OTLP does not have there. */
export function passesOver(signal: Signal, text: string): boolean {
  return new Members(text).passOver(messageType(REQUEST_MESSAGES[signal]))
}

/** Messages of a request that are items or describe them. All above them contain items. */
const WITHIN = /^(Span|LogRecord|\w*DataPoint|Resource|InstrumentationScope|KeyValue)$/

/** By tokens: objects keep only one of two equal names. */
class Members {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#tokens = text.match(/"(?:[^"\\]|\\.)*"|[-+.\w]+|[[\]{}:,]/g) ?? []
  }

  /** For the next value, which is a message of this type, a list of them, or unknown. */
  passOver(type: protobuf.Type | undefined): boolean {
    const first = this.#next()
    if (first !== '{' && first !== '[') return false
    const close = first === '{' ? '}' : ']'
    let found = false
    while (this.#tokens[this.#at] !== close) {
      const inner = first === '{' ? this.#member(type) : this.passOver(type)
      found ||= inner
      if (this.#tokens[this.#at] === ',') this.#at += 1
    }
    this.#at += 1
    return found
  }

  #member(type: protobuf.Type | undefined): boolean {
    const name: string = JSON.parse(this.#next())
    this.#at += 1
    const field = type?.fieldsArray.find(known => known.name === name || camelCase(known.name) === name)
    const isHeld = type !== undefined && field === undefined && /[[{]/.test(this.#tokens[this.#at]![0]!)
    const resolved = field?.resolve().resolvedType
    const next = resolved instanceof protobuf.Type && !WITHIN.test(resolved.name) ? resolved : undefined
    return this.passOver(next) || isHeld
  }

  #next(): string {
    this.#at += 1
    const token = this.#tokens[this.#at - 1]
    if (token === undefined) throw new Error('The request ends within a value.')
    return token
  }
}
