/**
 * Guarantees: amounts round to what their currency is paid in, half to even; lines sum to the rounded sum, and each is less than a
 * minor unit away from its exact amount; percentages are exact.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  amountText,
  femtoOf,
  femtoText,
  minorDigits,
  percentOf,
  roundToMinor,
  roundToSum,
} from '../../../core/billing/money.ts'

const FEMTO = 10n ** 15n
const amounts = fc.array(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), { maxLength: 40 })
const digits = fc.constantFrom(0, 2, 3, 4)
const sum = (all: readonly bigint[]): bigint => all.reduce((total, one) => total + one, 0n)

describe('minor units', () => {
  it.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['KWD', 3],
    ['CLF', 4],
    ['XAU', null],
    ['XTS', null],
  ])('%s has %s', (currency, expected) => expect(minorDigits(currency)).toBe(expected))

  it.each([
    ['0.005', 2, '0'],
    ['0.015', 2, '0.02'],
    ['-0.005', 2, '0'],
    ['-0.015', 2, '-0.02'],
    ['2.5', 0, '2'],
    ['3.5', 0, '4'],
    ['0.0005', 3, '0'],
    ['0.00250000000001', 2, '0'],
    ['0.00500000000001', 2, '0.01'],
  ])('%s to %s digits is %s', (exact, places, rounded) =>
    expect(femtoText(roundToMinor(femtoOf(exact), places))).toBe(rounded),
  )

  it.each([
    ['1.5', 'EUR', '1.50'],
    ['0', 'EUR', '0.00'],
    ['-12', 'KWD', '-12.000'],
    ['1200', 'JPY', '1200'],
    ['0.0000375', 'EUR', '0.0000375'],
  ])('%s %s is written %s', (exact, currency, text) =>
    expect(amountText(femtoOf(exact), currency)).toBe(text),
  )

  it('takes what is not money for an error', () => {
    expect(() => femtoOf('1e3')).toThrow(RangeError)
    expect(() => femtoOf('0.0000000000000001')).toThrow(RangeError)
  })
})

describe('rounding to a sum', () => {
  it('sums to the exact sum, rounded once', () => {
    fc.assert(
      fc.property(amounts, digits, (exact, places) => {
        expect(sum(roundToSum(exact, places))).toBe(roundToMinor(sum(exact), places))
      }),
    )
  })

  it('moves each amount by less than a minor unit, to whole ones, and leaves whole ones alone', () => {
    fc.assert(
      fc.property(amounts, digits, (exact, places) => {
        const unit = FEMTO / 10n ** BigInt(places)
        for (const [at, rounded] of roundToSum(exact, places).entries()) {
          const moved = rounded - exact[at]!
          expect(rounded % unit).toBe(0n)
          expect(moved > -unit && moved < unit).toBe(true)
          if (exact[at]! % unit === 0n) expect(moved).toBe(0n)
        }
      }),
    )
  })

  it('charges 720 hours of a fifth of a cent what they cost together', () => {
    const hours = Array.from({ length: 720 }, () => femtoOf('0.002'))
    expect(femtoText(sum(roundToSum(hours, 2)))).toBe('1.44')
  })
})

it('takes percentages exactly', () => {
  expect(femtoText(percentOf(femtoOf('0.000000001'), '7.1234'))).toBe('0.000000000071234')
  expect(percentOf(femtoOf('-10'), '19')).toBe(femtoOf('-1.9'))
  expect(percentOf(femtoOf('10'), '0')).toBe(0n)
})
