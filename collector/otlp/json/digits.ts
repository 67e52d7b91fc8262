const TWO_16 = 65_536
const TWO_32 = 4_294_967_296
const BILLION = 1_000_000_000
const BILLION_DIGITS = 9
const MAX_DIGITS = 19

/** A decimal integer as two 32-bit parts: times have 19 digits, and a BigInt each would be an object each. */
export class DecimalParts {
  low = 0
  high = 0

  /** False, and then the parts are meaningless, when the text has more than 19 characters or anything but digits. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    if (to <= from || to - from > MAX_DIGITS) return false
    const split = Math.max(from, to - BILLION_DIGITS)
    const upper = smallInteger(bytes, from, split)
    const lower = smallInteger(bytes, split, to)
    if (upper < 0 || lower < 0) return false
    // upper is below 2^34: its product with a billion is exact only when computed in parts of 16 bits.
    const product = Math.floor(upper / TWO_16) * BILLION
    const rest = (product % TWO_16) * TWO_16 + (upper % TWO_16) * BILLION + lower
    this.low = rest % TWO_32
    this.high = Math.floor(product / TWO_16) + Math.floor(rest / TWO_32)
    return true
  }
}

/** Up to 15 digits as a number, no digits as 0; negative if there is any other character. */
export function smallInteger(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = bytes[at]! - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/
/** More than the largest double has. */
const MOST_DIGITS = 400

/**
 * A decimal number as an exact integer: `1.5e3` and `20.0` are integers, as for protobuf's JSON readers. Undefined if
 * it is not a number, or has more digits than any double.
 */
export function wholeNumber(text: string): bigint | undefined {
  const found = NUMBER.exec(text)
  if (found === null) return undefined
  const [, sign, whole, fraction = '', exponent = '0'] = found
  const digits = (whole! + fraction).replace(/^0+/, '')
  if (digits === '') return 0n
  // The decimal point is this many digits further to the right.
  const zeros = Number(exponent) - fraction.length
  const size = digits.length + zeros
  if (size > MOST_DIGITS || size <= 0) return undefined
  if (zeros < 0 && !isZeros(digits, size)) return undefined
  const all = zeros < 0 ? digits.slice(0, size) : digits + '0'.repeat(zeros)
  return BigInt(sign + all)
}

function isZeros(digits: string, from: number): boolean {
  for (let at = from; at < digits.length; at += 1) if (digits.charCodeAt(at) !== 0x30) return false
  return true
}

/** The value of this many hex digits; NaN if there is any other character, or the text ends. */
export function hexInteger(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) value = value * 16 + hexDigit(bytes[at] ?? 0)
  return value
}

function hexDigit(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30
  const small = character | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : Number.NaN
}
