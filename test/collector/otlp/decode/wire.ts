/**
 * Encodes messages as no sender would, but any may: fields in any order (values of one repeated field keep theirs),
 * unknown fields in between, packed numbers unpacked, messages in two pieces, values replaced by later ones.
 */
import protobuf from 'protobufjs'
import { messageType } from './otlp-proto.ts'

/** A generator of numbers below `bound`. */
export type Random = (bound: number) => number

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return bound => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 0x1_0000_0000) * bound)
  }
}

export function encodeOddly(name: string, message: object, random: Random): Uint8Array {
  return encodeMessage(messageType(name), message as Record<string, unknown>, random)
}

function encodeMessage(type: protobuf.Type, message: Record<string, unknown>, random: Random): Uint8Array {
  const queues = type.fieldsArray
    .filter(field => message[field.name] !== undefined)
    .map(field => {
      const value = message[field.name]
      const values: unknown[] = Array.isArray(value) ? value : [value]
      return encodeField(field.resolve(), values, random)
    })
    .filter(queue => queue.length > 0)
  const pieces: Uint8Array[] = []
  while (queues.length > 0) {
    if (random(8) === 0) pieces.push(unknownField(random))
    const at = random(queues.length)
    pieces.push(queues[at]!.shift()!)
    if (queues[at]!.length === 0) queues.splice(at, 1)
  }
  return Buffer.concat(pieces)
}

function encodeField(field: protobuf.Field, values: unknown[], random: Random): Uint8Array[] {
  const { resolvedType } = field
  if (resolvedType instanceof protobuf.Type) {
    return values.flatMap(value => {
      const message = value as Record<string, unknown>
      const pieces = !field.repeated && random(6) === 0 ? inPieces(resolvedType, message, random) : [message]
      return pieces.map(piece => {
        const nested = encodeMessage(resolvedType, piece, random)
        return protobuf.Writer.create()
          .uint32((field.id << 3) | 2)
          .bytes(nested)
          .finish()
      })
    })
  }
  if (!field.repeated && field.partOf === null && random(8) === 0) {
    const counting = encodeScalars(field, values)
    // A default value is not written, and would replace nothing.
    return counting.length === 0 ? [] : [encodeScalars(field, [SUPERSEDED[field.type] ?? 1]), counting]
  }
  const packed = field.repeated && random(2) === 0
  if (packed) return [encodeScalars(field, values)]
  return values.map(value => {
    const single = encodeScalars(field, [value])
    if (!field.repeated) return single
    // Unpack the only value: drop tag and length, put the tag of its own wire type in front.
    const wireType = field.type.startsWith('fixed') || field.type === 'double' ? 1 : 0
    const body = single.subarray(2)
    return Buffer.concat([
      protobuf.Writer.create()
        .uint32((field.id << 3) | wireType)
        .finish(),
      body,
    ])
  })
}

/** Written before the value that counts. */
const SUPERSEDED: Readonly<Record<string, unknown>> = {
  string: 'superseded',
  bytes: new Uint8Array(16).fill(7),
  bool: true,
}

/** Two messages that together form this one. Members of a oneof stay in one piece. */
function inPieces(
  type: protobuf.Type,
  message: Record<string, unknown>,
  random: Random,
): Record<string, unknown>[] {
  const first: Record<string, unknown> = {}
  const second: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name]!
    if (field.repeated) {
      const at = random((value as unknown[]).length + 1)
      first[name] = (value as unknown[]).slice(0, at)
      second[name] = (value as unknown[]).slice(at)
    } else (random(2) === 0 ? first : second)[name] = value
  }
  return [first, second]
}

function encodeScalars(field: protobuf.Field, values: unknown[]): Uint8Array {
  const type = field.parent as protobuf.Type
  return type.encode(type.fromObject({ [field.name]: field.repeated ? values : values[0] })).finish()
}

function unknownField(random: Random): Uint8Array {
  const id = 1000 + random(1000)
  const writer = protobuf.Writer.create()
  switch (random(5)) {
    case 0:
      return writer
        .uint32((id << 3) | 0)
        .uint32(random(1 << 30))
        .finish()
    case 1:
      return writer
        .uint32((id << 3) | 1)
        .fixed64(random(1 << 30))
        .finish()
    case 2:
      return writer
        .uint32((id << 3) | 5)
        .fixed32(random(1 << 30))
        .finish()
    case 3:
      return writer
        .uint32((id << 3) | 3)
        .uint32(8)
        .uint32(1)
        .uint32((id << 3) | 4)
        .finish()
    default:
      return writer
        .uint32((id << 3) | 2)
        .string('unknown')
        .finish()
  }
}
