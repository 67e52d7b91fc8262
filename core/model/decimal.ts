/**
 * Exact decimals: factors and prices are text ("0.25") and stay exact until one division at the end rounds, half to
 * even. There is no floating point anywhere between a meter and a bill.
 */
export interface Decimal {
  /** The digits, with sign. */
  readonly mantissa: bigint
  /** Number of digits after the decimal point. */
  readonly scale: number
}

/** An exact quotient of integers; the denominator is above 0. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/

/** @throws RangeError when the text is not a plain decimal number: no exponent, no spaces, no separators. */
export function parseDecimal(text: string): Decimal {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(text) ?? []
  if (whole === undefined) throw new RangeError(`not a decimal number: ${JSON.stringify(text)}`)
  const mantissa = BigInt(whole + fraction)
  return { mantissa: sign === '-' ? -mantissa : mantissa, scale: fraction.length }
}

/** Shortest text with the same value: `1.50` and `1.5` are one factor, so they get one version. */
export function decimalText({ mantissa, scale }: Decimal): string {
  const digits = (mantissa < 0n ? -mantissa : mantissa).toString().padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  const whole = digits.slice(0, digits.length - scale)
  const text = scale === 0 || fraction === '' ? whole : `${whole}.${fraction}`
  return mantissa < 0n ? `-${text}` : text
}

/** Exact. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  const mantissa = a.mantissa * 10n ** BigInt(scale - a.scale) + b.mantissa * 10n ** BigInt(scale - b.scale)
  return { mantissa, scale }
}

/** Exact. */
export const multiplyDecimals = (a: Decimal, b: Decimal): Decimal => ({
  mantissa: a.mantissa * b.mantissa,
  scale: a.scale + b.scale,
})

/** The decimal as a quotient, not reduced. */
export const rational = ({ mantissa, scale }: Decimal): Rational => ({
  numerator: mantissa,
  denominator: 10n ** BigInt(scale),
})

/** Exact; the quotient is not reduced. */
export const multiplyExact = (a: Rational, b: Rational): Rational => ({
  numerator: a.numerator * b.numerator,
  denominator: a.denominator * b.denominator,
})

/** The integer nearest to numerator / denominator, ties to the even one. The denominator must be above 0. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError(`divideHalfEven: denominator ${denominator}`)
  if (numerator < 0n) return -divideHalfEven(-numerator, denominator)
  const quotient = numerator / denominator
  const twice = (numerator - quotient * denominator) * 2n
  if (twice < denominator) return quotient
  return twice > denominator || (quotient & 1n) === 1n ? quotient + 1n : quotient
}

/** `amount x factor`, rounded half to even: the one rounding of a rated quantity. */
export const scaleHalfEven = (amount: bigint, factor: Rational): bigint =>
  divideHalfEven(amount * factor.numerator, factor.denominator)
