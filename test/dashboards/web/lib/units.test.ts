/** Guarantees that integers become text exactly: three digits, the right unit, columns with aligned parts. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CARBON, CPU_TIME, columnScale, ENERGY, POWER, type Scale } from '../../../../core/model/amounts.ts'
import {
  formatAt,
  formatDuration,
  formatInteger,
  formatQuantity,
  formatShare,
  perMille,
  splitPerMille,
} from '../../../../dashboards/web/lib/units.ts'

const shown = (amount: bigint, scales: readonly Scale[]): string => {
  const { value, unit } = formatQuantity(amount, scales)
  return `${value} ${unit}`
}

describe('formatQuantity', () => {
  it.each([
    [0n, ENERGY, '0 mWh'],
    [1n, ENERGY, '<0.01 mWh'],
    [450_000_000n, ENERGY, '125 mWh'],
    [3_600_000_000n, ENERGY, '1.00 Wh'],
    [3_599_999_999n, ENERGY, '1.00 Wh'],
    [54_640_000_000n * 36n, ENERGY, '546 Wh'],
    [123_456n * 3_600_000_000n, ENERGY, '123 kWh'],
    [-7_200_000_000n, ENERGY, '−2.00 Wh'],
    [45_000n, CARBON, '45.0 mg'],
    [999_600_000n, CARBON, '1.00 kg'],
    [12_345_678_901_234_567n, CARBON, '12,346 t'],
    [59_990_000n, CPU_TIME, '1.00 min'],
    [9_996n, POWER, '10.0 W'],
    [50_700n, POWER, '50.7 W'],
  ])('%s is %s', (amount, scales, text) => {
    expect(shown(amount, scales)).toBe(text)
  })

  it('is within half a unit in the last digit of the exact amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 3_600_000n, max: 3_600_000_000_000_000n }), amount => {
        const { value, unit } = formatQuantity(amount, ENERGY)
        const size = ENERGY.find(scale => scale.unit === unit)!.size
        const [whole = '', fraction = ''] = value.replaceAll(',', '').split('.')
        const scale = 10n ** BigInt(fraction.length)
        const back = (BigInt(whole + fraction) * size) / scale
        const error = back > amount ? back - amount : amount - back
        expect(error).toBeLessThanOrEqual(size / scale / 2n + 1n)
      }),
    )
  })
})

describe('formatAt', () => {
  it('gives a column one unit and as many decimals as its largest amount needs', () => {
    const scale = columnScale(196_704_000_000n, ENERGY)
    expect(scale).toMatchObject({ unit: 'Wh', decimals: 2 })
    expect(formatAt(196_704_000_000n, scale)).toBe('54.64')
    expect(formatAt(144_000_000n, scale)).toBe('0.04')
    expect(formatAt(1n, scale)).toBe('<0.01')
    expect(formatAt(0n, scale)).toBe('0')
    expect(formatAt(-144_000_000n, scale)).toBe('−0.04')
  })
})

describe('shares', () => {
  it('never shows a nonzero share as 0 %, nor an incomplete one as 100 %', () => {
    expect([0, 0.001, 0.004, 0.38, 0.996, 1].map(formatShare)).toEqual([
      '0\u00a0%',
      '<1\u00a0%',
      '<1\u00a0%',
      '38\u00a0%',
      '>99\u00a0%',
      '100\u00a0%',
    ])
  })

  it('are rounded to tenths of a percent, and 0 without a total', () => {
    expect(perMille(1n, 3n)).toBe(333)
    expect(perMille(5n, 0n)).toBe(0)
  })

  it('are split into parts that make exactly 100.0 %', () => {
    const parts = fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(parts, amounts => {
        const total = splitPerMille(amounts).reduce((sum, part) => sum + part, 0)
        expect(total).toBe(amounts.every(amount => amount === 0n) ? 0 : 1_000)
      }),
    )
  })
})

it('groups the thousands of exact integers', () => {
  expect(formatInteger(1_234_567n)).toBe('1,234,567')
  expect(formatInteger(-12n)).toBe('−12')
  expect(formatInteger(999n)).toBe('999')
})

it.each([
  [0.42, '420 µs'],
  [8.4, '8.40 ms'],
  [48.61, '48.6 ms'],
  [143.2, '143 ms'],
  [5_020, '5.02 s'],
  [90_000, '1.5 min'],
])('shows a duration of %s ms as %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text)
})
