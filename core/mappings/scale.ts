import type { Rational } from '../model/decimal.ts'

/** `0.1` or `1/7`, above 0, as a quotient of integers; null for other texts. */
export function parseScale(text: string): Rational | null {
  const fraction = /^(\d{1,18})\/(\d{1,18})$/.exec(text)
  if (fraction !== null) return quotient(BigInt(fraction[1]!), BigInt(fraction[2]!))
  const decimal = /^(\d{1,18})(?:\.(\d{1,18}))?$/.exec(text)
  if (decimal === null) return null
  const places = decimal[2] ?? ''
  return quotient(BigInt(decimal[1]! + places), 10n ** BigInt(places.length))
}

const quotient = (numerator: bigint, denominator: bigint): Rational | null =>
  numerator > 0n && denominator > 0n ? { numerator, denominator } : null
