/** Guarantees: decimals are exact from text to the one division, which rounds half to even. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decimalText,
  divideHalfEven,
  multiplyExact,
  parseDecimal,
  rational,
  scaleHalfEven,
} from '../../../core/model/decimal.ts'

test.each([
  ['0', '0'],
  ['0.25', '0.25'],
  ['1.50', '1.5'],
  ['473.0', '473'],
  ['-0.10', '-0.1'],
  ['007.5', '7.5'],
  ['+3', '3'],
  ['0.000000000000000000001', '0.000000000000000000001'],
  ['123456789012345678901234567890.5', '123456789012345678901234567890.5'],
])('%s is %s', (text, shortest) => {
  expect(decimalText(parseDecimal(text))).toBe(shortest)
})

test.each(['', '.5', '5.', '1e3', '1,5', ' 1', '0x10', 'NaN', '--1', '1.2.3'])(
  '%j is not a decimal',
  text => {
    expect(() => parseDecimal(text)).toThrow(RangeError)
  },
)

test.each([
  [1n, 2n, 0n],
  [3n, 2n, 2n],
  [5n, 2n, 2n],
  [-1n, 2n, 0n],
  [-3n, 2n, -2n],
  [7n, 4n, 2n],
  [-7n, 4n, -2n],
  [5n, 4n, 1n],
  [6n, 3n, 2n],
  [0n, 9n, 0n],
])('%s / %s rounds to %s', (numerator, denominator, expected) => {
  expect(divideHalfEven(numerator, denominator)).toBe(expected)
})

test('the quotient is never off by more than a half, and an exact half is rounded to even', () => {
  const any = fc.bigInt({ min: -(1n << 80n), max: 1n << 80n })
  fc.assert(
    fc.property(any, fc.bigInt({ min: 1n, max: 1n << 60n }), (numerator, denominator) => {
      const quotient = divideHalfEven(numerator, denominator)
      const twice = 2n * (numerator - quotient * denominator)
      expect(twice <= denominator && -twice <= denominator).toBe(true)
      if (twice === denominator || -twice === denominator) expect(quotient % 2n).toBe(0n)
    }),
  )
  expect(() => divideHalfEven(1n, 0n)).toThrow(RangeError)
})

test('0.1 x 0.2 is 0.02, and three tenths of ten is three', () => {
  const product = multiplyExact(rational(parseDecimal('0.1')), rational(parseDecimal('0.2')))
  expect(product.numerator * 50n).toBe(product.denominator)
  expect(scaleHalfEven(10n, rational(parseDecimal('0.3')))).toBe(3n)
})
