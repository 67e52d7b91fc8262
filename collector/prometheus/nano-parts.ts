/** Nanoseconds since 1970 as two 32-bit parts, as on the wire and in the columns. */
export interface NanoParts {
  low: number
  high: number
}

const TWO_16 = 65_536
const TWO_32 = 4_294_967_296

/**
 * Converts milliseconds, fractions allowed, to nanoseconds in `parts`: exact for whole milliseconds, otherwise to the
 * nearest nanosecond. A product of two numbers of this size exceeds the precision of a double, and a BigInt each would
 * be an object each. Anything that is not a time from 1970 to 2554 becomes 0.
 */
export function nanoParts(ms: number, parts: NanoParts): void {
  const whole = Math.floor(ms)
  if (!(ms > 0 && whole < 18_446_744_073_709)) {
    parts.low = 0
    parts.high = 0
    return
  }
  const fraction = ms === whole ? 0 : Math.round((ms - whole) * 1e6)
  const upper = Math.floor(whole / TWO_16) * 1e6
  const lower = (upper % TWO_16) * TWO_16 + (whole % TWO_16) * 1e6 + fraction
  parts.low = lower % TWO_32
  parts.high = Math.floor(upper / TWO_16) + Math.floor(lower / TWO_32)
}
