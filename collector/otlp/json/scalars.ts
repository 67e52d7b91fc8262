import type { ScalarType } from '../../../core/protobuf/otlp/messages.ts'
import { type ProtobufWriter, WIRE } from '../../../core/protobuf/writer.ts'
import { DecimalParts, hexInteger, smallInteger, wholeNumber } from './digits.ts'
import type { EnumNames } from './messages.ts'
import { type JsonScanner, TOKEN } from './scanner.ts'
import { writeString } from './strings.ts'

/** States what was expected; the caller knows where. */
export class ScalarMismatch extends Error {}

type IntegerRange = readonly [min: bigint, max: bigint]
type IntegerScalar = Exclude<ScalarType, 'string' | 'hex' | 'base64' | 'bool' | 'double'>
const INT64: IntegerRange = [-(2n ** 63n), 2n ** 63n - 1n]
const UINT64: IntegerRange = [0n, 2n ** 64n - 1n]
const INT32: IntegerRange = [-(2n ** 31n), 2n ** 31n - 1n]
const UINT32: IntegerRange = [0n, 2n ** 32n - 1n]

const RANGES: Readonly<Record<IntegerScalar, IntegerRange>> = {
  fixed32: UINT32,
  fixed64: UINT64,
  sfixed64: INT64,
  int64: INT64,
  uint64: UINT64,
  uint32: UINT32,
  sint32: INT32,
}
/** Number of digits that are always in range, and need no BigInt. */
const PLAIN_DIGITS: Readonly<Record<IntegerScalar, number>> = {
  fixed32: 9,
  fixed64: 19,
  sfixed64: 18,
  int64: 15,
  uint64: 15,
  uint32: 9,
  sint32: 9,
}
const parts = new DecimalParts()

/** Reads the next value and writes it, without its tag. Throws `ScalarMismatch`, or what the scanner throws. */
export function writeScalar(writer: ProtobufWriter, scalar: ScalarType, scanner: JsonScanner): void {
  switch (scalar) {
    case 'string':
      readText(scanner, 'a string')
      writeString(writer, scanner)
      return
    case 'hex':
      readText(scanner, ID)
      writeHex(writer, scanner)
      return
    case 'base64':
      readText(scanner, BASE64)
      writer.blob(base64Bytes(scanner.text()))
      return
    case 'bool': {
      const first = scanner.peek()
      if (first !== TOKEN.true && first !== TOKEN.false) throw unlike(scanner, 'true or false')
      scanner.word()
      writer.uint(first === TOKEN.true ? 1 : 0)
      return
    }
    case 'double':
      readNumber(scanner, DOUBLE)
      writer.double(doubleOf(scanner))
      return
    default:
      readNumber(scanner, INTEGER)
      writeInteger(writer, scalar, scanner)
  }
}

/** Integers, or the names that protobuf's JSON writers use. Unknown numbers are accepted, since enums grow. */
export function writeEnum(writer: ProtobufWriter, names: EnumNames, scanner: JsonScanner): void {
  readNumber(scanner, INTEGER)
  const text = scanner.text()
  const number = scanner.token === 'text' ? names.get(text) : undefined
  if (number === undefined) writer.varint64(exactInteger(scanner, INT32))
  else writer.uint(number)
}

/**
 * Writes an int64 with its tag. An unquoted integer beyond 64 bits is written as the double of another field: the
 * JavaScript SDK writes whole numbers as integers, even 1e21. It was a double, and stays one: one such attribute must
 * not cost a batch.
 */
export function writeInt64(
  writer: ProtobufWriter,
  field: number,
  doubleField: number,
  scanner: JsonScanner,
): void {
  readNumber(scanner, INTEGER)
  const isDouble = isBeyondInt64(scanner)
  writer.tag(isDouble ? doubleField : field, isDouble ? WIRE.fixed64 : WIRE.varint)
  if (isDouble) writer.double(doubleOf(scanner))
  else writeInteger(writer, 'int64', scanner)
}

const INTEGER = 'an integer, as a number or a decimal string, with or without an exponent'
const DOUBLE = 'a number, "NaN", "Infinity" or "-Infinity"'
const ID = 'an id in hex'
const BASE64 = 'bytes in base64'
const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

function readText(scanner: JsonScanner, expected: string): void {
  if (scanner.peek() !== TOKEN.quote) throw unlike(scanner, expected)
  scanner.string()
}

/** A number, with or without quotes. */
function readNumber(scanner: JsonScanner, expected: string): void {
  const first = scanner.peek()
  if (first === TOKEN.quote) scanner.string()
  else if (first === TOKEN.minus || (first >= TOKEN.digit0 && first <= TOKEN.digit9)) scanner.number()
  else throw unlike(scanner, expected)
}

/** The next value has another type, or there is no value. */
const unlike = (scanner: JsonScanner, expected: string): Error =>
  scanner.peek() === TOKEN.end ? scanner.unexpected() : new ScalarMismatch(expected)

function writeInteger(writer: ProtobufWriter, scalar: IntegerScalar, scanner: JsonScanner): void {
  const { bytes, from, to } = scanner
  const isPlain = to - from <= PLAIN_DIGITS[scalar] && parts.read(bytes, from, to)
  const isSmall = isPlain && to - from <= 15
  switch (scalar) {
    case 'fixed64':
    case 'sfixed64':
      if (isPlain) writer.fixed64Parts(parts.low, parts.high)
      else writer.fixed64(exactInteger(scanner, RANGES[scalar]))
      return
    case 'int64':
    case 'uint64':
      if (isSmall) writer.uint(smallInteger(bytes, from, to))
      else writer.varint64(exactInteger(scanner, RANGES[scalar]))
      return
    case 'fixed32':
      writer.fixed32(isSmall ? parts.low : Number(exactInteger(scanner, UINT32)))
      return
    case 'uint32':
      writer.uint(isSmall ? parts.low : Number(exactInteger(scanner, UINT32)))
      return
    case 'sint32':
      writer.sint32(isSmall ? parts.low : Number(exactInteger(scanner, INT32)))
  }
}

function exactInteger(scanner: JsonScanner, [min, max]: IntegerRange): bigint {
  const exact = integerOf(scanner)
  if (exact < min || exact > max) throw new ScalarMismatch(`an integer from ${min} to ${max}`)
  return exact
}

function integerOf(scanner: JsonScanner): bigint {
  const whole = wholeNumber(scanner.text())
  if (whole === undefined) throw new ScalarMismatch(INTEGER)
  return whole
}

/** Whether it is an unquoted integer that does not fit into an int64. */
function isBeyondInt64(scanner: JsonScanner): boolean {
  const { token, from, to } = scanner
  if (token === 'text' || (token === 'integer' && to - from <= PLAIN_DIGITS.sfixed64)) return false
  const value = wholeNumber(scanner.text())
  return value !== undefined && (value < INT64[0] || value > INT64[1])
}

function doubleOf(scanner: JsonScanner): number {
  const text = scanner.text()
  if (scanner.token !== 'text' || DECIMAL.test(text)) return Number(text)
  if (text === 'NaN') return Number.NaN
  if (text === 'Infinity') return Number.POSITIVE_INFINITY
  if (text === '-Infinity') return Number.NEGATIVE_INFINITY
  throw new ScalarMismatch(DOUBLE)
}

function writeHex(writer: ProtobufWriter, scanner: JsonScanner): void {
  // Senders do not escape digits, but JSON allows it.
  const source = scanner.escaped ? Buffer.from(scanner.text()) : scanner.bytes
  const from = scanner.escaped ? 0 : scanner.from
  const to = scanner.escaped ? source.length : scanner.to
  if ((to - from) % 2 !== 0) throw new ScalarMismatch(ID)
  writer.uint((to - from) / 2)
  for (let at = from; at < to; at += 2) {
    const byte = hexInteger(source, at, at + 2)
    if (Number.isNaN(byte)) throw new ScalarMismatch(ID)
    writer.byte(byte)
  }
}

/** Both alphabets, with or without padding: protobuf's JSON readers accept all of them. */
function base64Bytes(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw new ScalarMismatch(BASE64)
  return Buffer.from(text, 'base64')
}
