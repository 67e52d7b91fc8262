import type { ProtobufWriter } from '../../../core/protobuf/writer.ts'
import { hexInteger } from './digits.ts'
import type { JsonScanner } from './scanner.ts'

const BACKSLASH = 0x5c
const LOWER_U = 0x75
const REPLACEMENT = 0xfffd
const HIGH_SURROGATES = 0xd800
const LOW_SURROGATES = 0xdc00
const BEYOND_SURROGATES = 0xe000
/** The character that follows the backslash -> its meaning; others stand for themselves. */
const SIMPLE_ESCAPES: Readonly<Record<number, number>> = {
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
}

/** The last string as a length-delimited value: its bytes unchanged, escapes resolved, lone surrogates as U+FFFD. */
export function writeString(writer: ProtobufWriter, { bytes, from, to, escaped }: JsonScanner): void {
  if (!escaped) {
    writer.range(bytes, from, to)
    return
  }
  const start = writer.begin()
  let plainFrom = from
  for (
    let at = bytes.indexOf(BACKSLASH, from);
    at >= 0 && at < to;
    at = bytes.indexOf(BACKSLASH, plainFrom)
  ) {
    writer.copy(bytes, plainFrom, at)
    plainFrom = writeEscape(writer, bytes, at)
  }
  writer.copy(bytes, plainFrom, to)
  writer.end(start)
}

/** Where the text continues after the escape at `at`. */
function writeEscape(writer: ProtobufWriter, bytes: Buffer, at: number): number {
  const kind = bytes[at + 1]!
  if (kind !== LOWER_U) {
    writer.byte(SIMPLE_ESCAPES[kind] ?? kind)
    return at + 2
  }
  const unit = unitAt(bytes, at)
  if (unit < HIGH_SURROGATES || unit >= BEYOND_SURROGATES) {
    writeCharacter(writer, unit)
    return at + 6
  }
  const next = unit < LOW_SURROGATES ? unitAt(bytes, at + 6) : 0
  if (next < LOW_SURROGATES || next >= BEYOND_SURROGATES) {
    writeCharacter(writer, REPLACEMENT)
    return at + 6
  }
  writeCharacter(writer, 0x10000 + ((unit - HIGH_SURROGATES) << 10) + (next - LOW_SURROGATES))
  return at + 12
}

/** The UTF-16 unit of an escape; 0 if the four characters are not hex digits. */
function unitAt(bytes: Buffer, at: number): number {
  if (bytes[at] !== BACKSLASH || bytes[at + 1] !== LOWER_U) return 0
  return hexInteger(bytes, at + 2, at + 6)
}

/** In UTF-8. */
function writeCharacter(writer: ProtobufWriter, code: number): void {
  if (code < 0x80) {
    writer.byte(code)
    return
  }
  if (code < 0x800) writer.byte(0xc0 | (code >> 6))
  else {
    if (code < 0x10000) writer.byte(0xe0 | (code >> 12))
    else {
      writer.byte(0xf0 | (code >> 18))
      writer.byte(0x80 | ((code >> 12) & 0x3f))
    }
    writer.byte(0x80 | ((code >> 6) & 0x3f))
  }
  writer.byte(0x80 | (code & 0x3f))
}
