/**
 * Logarithms and powers as Go's library calculates them, down to the last bit. The functions of the JavaScript engine differ from them
 * there, and an answer must not depend on which of two programs evaluated a query.
 */

const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const HALF_ROOT = Math.SQRT2 / 2

const scratch = new DataView(new ArrayBuffer(8))

/** A number as `fraction * 2^exponent`, the fraction at least 0.5 and less than 1. */
function split(value: number): { fraction: number; exponent: number } {
  if (value === 0 || !Number.isFinite(value)) return { fraction: value, exponent: 0 }
  const isSubnormal = Math.abs(value) < 2.2250738585072014e-308
  scratch.setFloat64(0, isSubnormal ? value * 2 ** 52 : value)
  const high = scratch.getUint32(0)
  const exponent = ((high >>> 20) & 0x7ff) - 1_022 - (isSubnormal ? 52 : 0)
  scratch.setUint32(0, (high & 0x800fffff) | 0x3fe00000)
  return { fraction: scratch.getFloat64(0), exponent }
}

/** `fraction * 2^exponent`, rounded once. */
function join(fraction: number, exponent: number): number {
  if (exponent > 2_100) return fraction * Number.POSITIVE_INFINITY
  if (exponent < -2_200) return fraction * 0
  let value = fraction
  let rest = exponent
  while (rest > 1_000) {
    value *= 2 ** 1_000
    rest -= 1_000
  }
  if (rest >= -1_000) return value * 2 ** rest
  // A subnormal result: bring the exponent near first, which is exact, then round in one step.
  const { fraction: top, exponent: own } = split(value)
  const total = own + rest
  return total < -1_080 ? top * 0 : top * 2 ** -500 * 2 ** (total + 500)
}

/** The coefficients of the polynomial for the logarithm. */
const L = [
  0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784, 0.1818357216161805,
  0.15313837699209373, 0.14798198605116586,
] as const

/** The natural logarithm. */
export function log(value: number): number {
  if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY) return value
  if (value < 0) return Number.NaN
  if (value === 0) return Number.NEGATIVE_INFINITY
  let { fraction, exponent } = split(value)
  if (fraction < HALF_ROOT) {
    fraction *= 2
    exponent -= 1
  }
  const f = fraction - 1
  const s = f / (2 + f)
  const s2 = s * s
  const s4 = s2 * s2
  const t1 = s2 * (L[0] + s4 * (L[2] + s4 * (L[4] + s4 * L[6])))
  const t2 = s4 * (L[1] + s4 * (L[3] + s4 * L[5]))
  const r = t1 + t2
  const half = 0.5 * f * f
  return exponent * LN2_HIGH - (half - (s * (half + r) + exponent * LN2_LOW) - f)
}

export function log2(value: number): number {
  const { fraction, exponent } = split(value)
  if (fraction === 0.5) return exponent - 1
  return log(fraction) * Math.LOG2E + exponent
}

export const log10 = (value: number): number => log(value) * Math.LOG10E

/** The coefficients of the polynomial for powers. */
const P = [
  0.16666666666666666, -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6,
  4.1381367970572385e-8,
] as const

/** Two to the power of a number. */
export function exp2(value: number): number {
  if (Number.isNaN(value)) return value
  if (value > 1_023.9999999999999) return Number.POSITIVE_INFINITY
  if (value < -1_074) return 0
  const k = value > 0 ? Math.trunc(value + 0.5) : value < 0 ? Math.trunc(value - 0.5) : 0
  const rest = value - k
  const high = rest * LN2_HIGH
  const low = -rest * LN2_LOW
  const r = high - low
  const t = r * r
  const c = r - t * (P[0] + t * (P[1] + t * (P[2] + t * (P[3] + t * P[4]))))
  return join(1 - (low - (r * c) / (2 - c) - high), k)
}

const isOdd = (value: number): boolean =>
  Math.abs(value) < 2 ** 53 && value % 2 !== 0 && Number.isInteger(value)

/** A number to the power of another. One to the power of anything is one, even of NaN. */
export function pow(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1
  if (exponent === 1) return base
  if (Number.isNaN(base) || Number.isNaN(exponent)) return Number.NaN
  if (base === 0) {
    const zero = isOdd(exponent) ? base : 0
    return exponent < 0 ? 1 / zero : zero
  }
  if (!Number.isFinite(exponent)) {
    if (base === -1) return 1
    return Math.abs(base) < 1 === exponent > 0 ? 0 : Number.POSITIVE_INFINITY
  }
  if (base === Number.NEGATIVE_INFINITY) return pow(-0, -exponent)
  if (base === Number.POSITIVE_INFINITY) return exponent < 0 ? 0 : base
  if (exponent === 0.5) return Math.sqrt(base)
  if (exponent === -0.5) return 1 / Math.sqrt(base)
  return finitePow(base, exponent)
}

/** The fraction of the exponent by exp and log, its integer part by squaring. */
function finitePow(base: number, exponent: number): number {
  const magnitude = Math.abs(exponent)
  let whole = Math.trunc(magnitude)
  let part = magnitude - whole
  if (part !== 0 && base < 0) return Number.NaN
  if (whole >= 2 ** 63) {
    if (base === -1) return 1
    return Math.abs(base) < 1 === exponent > 0 ? 0 : Number.POSITIVE_INFINITY
  }
  let result = 1
  if (part !== 0) {
    if (part > 0.5) {
      part -= 1
      whole += 1
    }
    result = Math.exp(part * log(base))
  }
  let power = 0
  let { fraction, exponent: binary } = split(base)
  for (let rest = whole; rest !== 0; rest = Math.floor(rest / 2)) {
    if (Math.abs(binary) > 4_096) {
      power += binary
      break
    }
    if (rest % 2 === 1) {
      result *= fraction
      power += binary
    }
    fraction *= fraction
    binary *= 2
    if (fraction < 0.5) {
      fraction += fraction
      binary -= 1
    }
  }
  return exponent < 0 ? join(1 / result, -power) : join(result, power)
}

/** 180 over pi, and its inverse, as the angles of the other functions need them. */
export const DEGREES = 180 / Math.PI
export const RADIANS = Math.PI / 180
