/** Guarantees: a product divided by a divisor is rounded half to even exactly as with bigints, or refused with NaN. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import { scaledHalfEven } from '../../../core/model/scaled.ts'

const exact = (factor: number, other: number, divisor: number): bigint =>
  divideHalfEven(BigInt(factor) * BigInt(other), BigInt(divisor))

test('equals the result of bigints, or NaN if the result needs more than 53 bits', () => {
  const factor = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.nat(9), fc.integer({ min: 0, max: 2 ** 41 }))
  const divisor = fc.oneof(fc.integer({ min: 1, max: 2 ** 31 }), fc.constantFrom(1, 2, 3, 2e6, 2e9, 2 ** 31))
  fc.assert(
    fc.property(factor, factor, divisor, (a, b, by) => {
      const found = scaledHalfEven(a, b, by)
      if (Number.isNaN(found))
        expect(exact(a, b, by)).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER) - 2n ** 34n)
      else expect(BigInt(found)).toBe(exact(a, b, by))
    }),
    { numRuns: 2000 },
  )
})

test.each([
  [1, 1, 2, 0],
  [3, 1, 2, 2],
  [5, 1, 2, 2],
  [1, 2_000_000_001, 2_000_000_000, 1],
  [3, 1_000_000_000, 2_000_000_000, 2],
  [1_999_999_999, 1_999_999_999, 2_000_000_000, 1_999_999_998],
])('%d x %d / %d = %d', (a, b, by, result) => {
  expect(scaledHalfEven(a, b, by)).toBe(result)
})

test('negative values and non-numbers are refused', () => {
  expect(scaledHalfEven(-1, 1, 2)).toBeNaN()
  expect(scaledHalfEven(1, -1, 2)).toBeNaN()
  expect(scaledHalfEven(Number.NaN, 1, 2)).toBeNaN()
})
