/** Guarantees: parts sum to the total, each is within one unit of its exact share, ties fall to the lower index. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { apportion } from '../../../core/model/apportion.ts'

const weights = fc.array(fc.bigInt({ min: 0n, max: 1n << 70n }), { minLength: 1, maxLength: 12 })
const total = fc.bigInt({ min: -(1n << 70n), max: 1n << 70n })
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n)

test('parts sum to the total and stay within one unit of the exact share', () => {
  fc.assert(
    fc.property(total, weights, (amount, by) => {
      fc.pre(sum(by) > 0n)
      const parts = apportion(amount, by)
      expect(sum(parts)).toBe(amount)
      parts.forEach((part, index) => {
        const error = part * sum(by) - amount * by[index]!
        expect(error < sum(by) && -error < sum(by)).toBe(true)
      })
    }),
  )
})

test('a unit left over goes to a part with the largest remainder', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 1000n }), weights, (amount, by) => {
      const all = sum(by)
      fc.pre(all > 0n)
      const parts = apportion(amount, by)
      const remainder = (index: number): bigint => (amount * by[index]!) % all
      for (const [up, part] of parts.entries()) {
        if (part === (amount * by[up]!) / all) continue
        for (const [down, other] of parts.entries()) {
          if (other !== (amount * by[down]!) / all) continue
          expect(remainder(up) > remainder(down) || (remainder(up) === remainder(down) && up < down)).toBe(
            true,
          )
        }
      }
    }),
  )
})

test.each([
  [10n, [1n, 1n, 1n], [4n, 3n, 3n]],
  [11n, [1n, 1n, 1n], [4n, 4n, 3n]],
  [1n, [1n, 1n], [1n, 0n]],
  [-1n, [1n, 1n], [-1n, 0n]],
  [-10n, [1n, 1n, 1n], [-4n, -3n, -3n]],
  [7n, [0n, 5n, 0n], [0n, 7n, 0n]],
  [7n, [3n], [7n]],
  [0n, [0n, 0n], [0n, 0n]],
  [0n, [], []],
  [5n, [0n, 1n], [0n, 5n]],
  [900n, [60n, 30n, 30n], [450n, 225n, 225n]],
])('%s by %s is %s', (amount, by, expected) => {
  expect(apportion(amount, by)).toEqual(expected)
})

test('the caller decides when all weights are zero; a negative weight is an error', () => {
  expect(() => apportion(1n, [])).toThrow(RangeError)
  expect(() => apportion(1n, [0n, 0n])).toThrow(RangeError)
  expect(() => apportion(1n, [2n, -1n])).toThrow(RangeError)
})
