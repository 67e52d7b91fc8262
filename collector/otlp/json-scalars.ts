import { type ProtobufWriter, WIRE, type WireType } from '../../core/protobuf/writer.ts'
import type { EnumNames, Scalar } from './json-messages.ts'

/** Says what was expected; the caller knows where. */
export class ScalarMismatch extends Error {}

/** A 64-bit integer came as a JSON number that a double does not hold: the text must be read again, exactly. */
export class NumberInexact extends Error {}

export const SCALAR_WIRE: Readonly<Record<Scalar, WireType>> = {
  string: WIRE.bytes,
  hex: WIRE.bytes,
  base64: WIRE.bytes,
  bool: WIRE.varint,
  double: WIRE.fixed64,
  fixed32: WIRE.fixed32,
  fixed64: WIRE.fixed64,
  sfixed64: WIRE.fixed64,
  int64: WIRE.varint,
  uint64: WIRE.varint,
  uint32: WIRE.varint,
  sint32: WIRE.varint,
}

const INT64 = [-(2n ** 63n), 2n ** 63n - 1n] as const
const UINT64 = [0n, 2n ** 64n - 1n] as const
const INT32 = [-(2n ** 31n), 2n ** 31n - 1n] as const
const UINT32 = [0n, 2n ** 32n - 1n] as const

/** Writes the value of a field, without its tag. Throws `ScalarMismatch` or `NumberInexact`. */
export function writeScalar(writer: ProtobufWriter, scalar: Scalar, value: unknown): void {
  switch (scalar) {
    case 'string':
      if (typeof value !== 'string') throw new ScalarMismatch('a string')
      writer.string(value)
      return
    case 'hex':
      writer.blob(hexBytes(value))
      return
    case 'base64':
      writer.blob(base64Bytes(value))
      return
    case 'bool':
      if (typeof value !== 'boolean') throw new ScalarMismatch('true or false')
      writer.uint(value ? 1 : 0)
      return
    case 'double':
      writer.double(doubleValue(value))
      return
    case 'fixed32':
      writer.fixed32(Number(integer(value, UINT32)))
      return
    case 'fixed64':
      writer.fixed64(integer(value, UINT64))
      return
    case 'sfixed64':
      writer.fixed64(integer(value, INT64))
      return
    case 'int64':
      writer.varint64(integer(value, INT64))
      return
    case 'uint64':
      writer.varint64(integer(value, UINT64))
      return
    case 'uint32':
      writer.uint(Number(integer(value, UINT32)))
      return
    case 'sint32': {
      const number = Number(integer(value, INT32))
      writer.uint(number >= 0 ? number * 2 : -number * 2 - 1)
      return
    }
  }
}

/** Integers, or the names of protobuf's JSON writers. Unknown numbers pass: enums grow. */
export function writeEnum(writer: ProtobufWriter, names: EnumNames, value: unknown): void {
  if (typeof value === 'string') {
    const number = names.get(value)
    if (number !== undefined) {
      writer.uint(number)
      return
    }
    if (!INTEGER.test(value)) throw new ScalarMismatch('an integer')
  }
  writer.varint64(integer(value, INT32))
}

const INTEGER = /^-?\d{1,20}$/

function integer(value: unknown, [min, max]: readonly [bigint, bigint]): bigint {
  let exact: bigint
  if (typeof value === 'string' && INTEGER.test(value)) exact = BigInt(value)
  else if (typeof value === 'bigint') exact = value
  else if (typeof value === 'number' && Number.isInteger(value)) {
    if (!Number.isSafeInteger(value)) throw new NumberInexact()
    exact = BigInt(value)
  } else throw new ScalarMismatch('an integer, as a number or a decimal string')
  if (exact < min || exact > max) throw new ScalarMismatch(`an integer from ${min} to ${max}`)
  return exact
}

/** A whole number, read exactly, that no int64 holds. */
export const isBeyondInt64 = (value: unknown): boolean =>
  (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) &&
  (value < INT64[0] || value > INT64[1])

const DOUBLE = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

function doubleValue(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY
  if (typeof value === 'string' && DOUBLE.test(value)) return Number(value)
  throw new ScalarMismatch('a number, "NaN", "Infinity" or "-Infinity"')
}

function hexBytes(value: unknown): Uint8Array {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value)) {
    throw new ScalarMismatch('an id in hex')
  }
  return Buffer.from(value, 'hex')
}

/** Both alphabets, with or without padding: protobuf's JSON readers take them all. */
function base64Bytes(value: unknown): Uint8Array {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) {
    throw new ScalarMismatch('bytes in base64')
  }
  return Buffer.from(value, 'base64')
}
