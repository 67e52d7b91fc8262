/**
 * Guarantees: values become integers of the quantity by exact arithmetic with one rounding, half to even, for any
 * number of digits; an invalid value is refused with its reason and never becomes a number.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scale, scaleFactor, type UnitFactor } from '../../../../collector/readings/mappings/scale.ts'
import { ScaledParts } from '../../../../collector/readings/scaled-parts.ts'
import { divideHalfEven } from '../../../../core/model/decimal.ts'

const JOULES = scaleFactor(1_000_000n)

describe('scale', () => {
  test.each([
    [3600.1, JOULES, 3_600_100_000n],
    [0.1, JOULES, 100_000n],
    [0, JOULES, 0n],
    [-0, JOULES, 0n],
    [5e-324, JOULES, 0n],
    [0.000_000_5, JOULES, 0n],
    [1.5, scaleFactor(1n), 2n],
    [2.5, scaleFactor(1n), 2n],
    [3.5, scaleFactor(1n), 4n],
    [2500, scaleFactor(1n, 1000n), 2n],
    [3500, scaleFactor(1n, 1000n), 4n],
    [4_600n, JOULES, 4_600_000_000n],
    [7n, scaleFactor(1n, 2n), 4n],
    [5n, scaleFactor(1n, 2n), 2n],
    [2 ** 53, scaleFactor(1n), 9_007_199_254_740_992n],
  ])('%s by its factor is %s', (value, by, expected) => {
    expect(scale(value, by)).toBe(expected)
  })

  test.each([
    [Number.NaN, 'not_finite'],
    [Number.POSITIVE_INFINITY, 'not_finite'],
    [Number.NEGATIVE_INFINITY, 'not_finite'],
    [-1, 'negative'],
    [-1n, 'negative'],
    [9_223_372_036_854_775_794n, 'sentinel'],
    [9_223_372_036_854_775_792n, 'sentinel'],
    [2 ** 63, 'sentinel'],
    [140_737_488_355_328, 'sentinel'],
    [140_737_488_355_330, 'sentinel'],
    [1e13, 'out_of_range'],
    [1e300, 'out_of_range'],
    [9_300_000_000_000n, 'out_of_range'],
  ])('%s is not a reading: %s', (value, reason) => {
    expect(scale(value, JOULES)).toBe(reason)
  })

  test('an integer sent as a double is the same as one sent as an integer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 43 }), value => {
        expect(scale(value, scaleFactor(1000n))).toBe(scale(BigInt(value), scaleFactor(1000n)))
      }),
    )
  })

  test('the result is within half a unit of the exact value', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), value => {
        const scaled = scale(value, scaleFactor(1n, 1000n))
        // 2^1074 makes every double an integer.
        const exact = exactOf(value)
        const error = (scaled as bigint) * 1000n * 2n ** 1074n - exact
        expect((error < 0n ? -error : error) * 2n <= 1000n * 2n ** 1074n).toBe(true)
      }),
    )
  })

  test('rounding goes to even on ties only', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 20n), fc.bigInt(1n, 10n ** 9n), (numerator, denominator) => {
        const quotient = divideHalfEven(numerator, denominator)
        const twice = 2n * (numerator - quotient * denominator)
        expect(twice <= denominator && twice >= -denominator).toBe(true)
        if (twice === denominator || twice === -denominator) expect(quotient % 2n).toBe(0n)
      }),
    )
  })
})

/** The double times 2^1074, by repeated doubling: exact, and different from the method of the code under test. */
function exactOf(value: number): bigint {
  let doublings = 0
  let current = value
  while (!Number.isInteger(current)) {
    current *= 2
    doublings += 1
  }
  return BigInt(current) * 2n ** BigInt(1074 - doublings)
}

describe('a description of the scale', () => {
  const words = new ScaledParts()
  const result = (problem: string | null): bigint | string =>
    problem ?? (BigInt(words.high) << 32n) | BigInt(words.low >>> 0)
  const ofDouble = (value: number, by: UnitFactor) => result(words.ofDouble(value, by))
  const ofInteger = (value: bigint, by: UnitFactor) =>
    result(words.ofInteger(Number(value & 0xffff_ffffn) | 0, Number(value >> 32n), by))
  const factors = fc.constantFrom(
    scaleFactor(1n),
    scaleFactor(1000n),
    JOULES,
    scaleFactor(1n, 1000n),
    scaleFactor(3n, 7n),
    scaleFactor(1n << 60n),
  )

  test('a double matches exact arithmetic', () => {
    // Ties, and what lies next to them, are where two roundings would show.
    const tie = fc
      .tuple(
        fc.integer({ min: 0, max: 2 ** 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: -2, max: 2 }),
      )
      .map(([whole, bits, ulps]) => (whole + 0.5 ** bits) * (1 + ulps * Number.EPSILON))
    const near = fc
      .tuple(fc.integer({ min: 0, max: 2 ** 45 }), fc.integer({ min: -2, max: 2 }))
      .map(([half, ulps]) => ((half + 0.5) / 1e6) * (1 + ulps * Number.EPSILON))
    const edge = fc
      .tuple(fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 47, 2 ** 53, 2 ** 63), fc.integer({ min: -4, max: 4 }))
      .map(([power, offset]) => power + offset)
    const value = fc.oneof(
      fc.double(),
      fc.double({ min: 0, max: 1e10 }),
      tie,
      near,
      edge,
      fc.constantFrom(-0, 0.5),
    )
    fc.assert(
      fc.property(value, factors, (sent, by) => {
        expect(ofDouble(sent, by)).toBe(scale(sent, by))
      }),
      { numRuns: 3000 },
    )
  })

  test('an integer matches exact arithmetic', () => {
    const bound = 1n << 63n
    const value = fc.oneof(
      fc.bigInt({ min: -bound, max: bound - 1n }),
      fc.bigInt({ min: -5n, max: 1n << 34n }),
      fc
        .tuple(fc.constantFrom(31n, 32n, 47n, 53n, 62n), fc.bigInt({ min: -4n, max: 4n }))
        .map(([bit, by]) => (1n << bit) + by),
      fc.bigInt({ min: bound - 20n, max: bound - 1n }),
    )
    fc.assert(
      fc.property(value, factors, (sent, by) => {
        expect(ofInteger(sent, by)).toBe(scale(sent, by))
      }),
      { numRuns: 3000 },
    )
  })
})
