// Guarantees: an outlook has no gaps and prefers known values: values in force, then the same hours of earlier days
// with their band, then the yearly average; it never uses a current forecast as a past value, and gives the source of
// each part.
import { describe, expect, it } from 'vitest'
import { IntensityBook } from '../../../core/factors/intensity-book.ts'
import { parseDecimal } from '../../../core/model/decimal.ts'
import { type Factor, factor } from '../../../core/model/factor.ts'
import { intensityOutlook, weighed } from '../../../core/planning/outlook.ts'
import type { PlanningSignal } from '../../../core/planning/signal.ts'

const HOUR = 3_600
const DAY = 86_400
const NOON = Date.parse('2026-11-30T12:00:00Z') / 1000

const value = (grams: string, validFrom: number, state: Factor['state'] = 'final', hours = 1): Factor =>
  factor('test', {
    value: parseDecimal(grams),
    unit: 'gCO2e/kWh',
    zone: 'XX',
    validFrom,
    validTo: validFrom + hours * HOUR,
    source: 'test',
    kind: 'average',
    state,
  })
const outlook = (values: readonly Factor[], zone = 'XX', hours = 3) =>
  intensityOutlook(
    new IntensityBook(values, null),
    { zone, kind: 'average' },
    { from: NOON, to: NOON + hours * HOUR, now: NOON },
  )
const shown = (signal: PlanningSignal | null) =>
  signal?.map(({ from, to, value: amount, low, high, basis }) => [
    (from - NOON) / HOUR,
    (to - NOON) / HOUR,
    Number(amount) / 1e6,
    Number(low) / 1e6,
    Number(high) / 1e6,
    basis,
  ])

describe('an outlook', () => {
  it('takes forecasts that are in force', () => {
    expect(
      shown(outlook([value('100', NOON, 'forecast', 2), value('50.5', NOON + 2 * HOUR, 'forecast')])),
    ).toEqual([
      [0, 2, 100, 100, 100, 'forecast'],
      [2, 3, 50.5, 50.5, 50.5, 'forecast'],
    ])
  })

  it('fills hours without a value by the same hours of the days before', () => {
    const past = [100, 200, 600].map((grams, index) => value(`${grams}`, NOON + HOUR - (index + 1) * DAY))
    const known = [value('10', NOON), value('30', NOON + 2 * HOUR)]
    expect(shown(outlook([...past, ...known]))).toEqual([
      [0, 1, 10, 10, 10, 'final'],
      [1, 2, 300, 100, 600, 'past_days'],
      [2, 3, 30, 30, 30, 'final'],
    ])
  })

  it('does not estimate from fewer than three days', () => {
    const past = [1, 2].map(days => value('100', NOON - days * DAY))
    expect(outlook(past, 'XX', 1)).toBeNull()
  })

  it('falls back to the yearly average', () => {
    const [piece] = shown(outlook([], 'DE')) ?? []
    expect(piece?.slice(0, 2)).toEqual([0, 3])
    expect(piece?.at(-1)).toBe('yearly')
  })

  it('weighs means of parts of an hour by their length', () => {
    const past = [1, 2, 3].flatMap(days => {
      const start = NOON - days * DAY
      return [
        { ...value('100', start), validTo: start + 900 },
        { ...value('500', start + 900), validTo: start + HOUR },
      ]
    })
    expect(shown(outlook(past, 'XX', 1))).toEqual([[0, 1, 400, 400, 400, 'past_days']])
  })
})

it('weighs two signals over what both cover', () => {
  const piece = (from: number, to: number, amount: bigint) => ({
    from,
    to,
    value: amount,
    low: amount,
    high: amount,
    basis: 'final' as const,
  })
  const sum = weighed([piece(0, 10, 1n), piece(10, 20, 2n)], 3n, [piece(5, 15, 100n)], 2n)
  expect(sum.map(({ from, to, value: amount }) => [from, to, amount])).toEqual([
    [5, 10, 203n],
    [10, 15, 206n],
  ])
})
