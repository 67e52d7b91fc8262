/**
 * Guarantees: billing periods are civil months: they meet without gap or overlap, in every time zone, and have an hour more or less
 * where clocks change; each instant is in exactly one.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { billingPeriod, followingPeriod, periodAt, precedingPeriod } from '../../../core/billing/periods.ts'

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Africa/Cairo',
  'America/Havana',
  'Asia/Beirut',
]
const hours = (name: string, zone: string): number => {
  const { from, to } = billingPeriod(name, zone)
  return (to - from) / 3600
}
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

describe('edges', () => {
  it.each([
    ['2026-11', 'Europe/Berlin', 720],
    ['2026-10', 'Europe/Berlin', 745],
    ['2026-03', 'Europe/Berlin', 743],
    ['2026-04', 'Australia/Lord_Howe', 720.5],
    ['2026-10', 'Australia/Lord_Howe', 743.5],
    ['2024-02', 'UTC', 696],
  ])('%s in %s has %s hours', (name, zone, expected) => expect(hours(name, zone)).toBe(expected))

  it('are local midnights', () => {
    expect(iso(billingPeriod('2026-11', 'Europe/Berlin').from)).toBe('2026-10-31T23:00:00.000Z')
    expect(iso(billingPeriod('2026-07', 'Asia/Kathmandu').from)).toBe('2026-06-30T18:15:00.000Z')
    expect(iso(billingPeriod('2026-01', 'Pacific/Kiritimati').from)).toBe('2025-12-31T10:00:00.000Z')
  })

  it('are where clocks go forward, when there is no midnight, and the first one, when there are two', () => {
    // Lebanon 1984: clocks went from 0:00 to 1:00 on May 1st. Newfoundland 2009: from 0:01 back to 23:01 on November 1st.
    expect(iso(billingPeriod('1984-05', 'Asia/Beirut').from)).toBe('1984-04-30T22:00:00.000Z')
    expect(iso(billingPeriod('2009-11', 'America/St_Johns').from)).toBe('2009-11-01T02:30:00.000Z')
  })

  it('meet, whatever the zone', () => {
    for (const zone of ZONES) {
      for (let name = '2020-01'; name < '2031-01'; name = followingPeriod(name)) {
        const period = billingPeriod(name, zone)
        expect([zone, name, period.to]).toEqual([zone, name, billingPeriod(followingPeriod(name), zone).from])
        expect(period.from % 60).toBe(0)
        expect(precedingPeriod(followingPeriod(name))).toBe(name)
      }
    }
  })
})

it('finds the one period of an instant', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.integer({ min: Date.UTC(2007, 0, 1) / 1000, max: Date.UTC(2030, 0, 1) / 1000 }),
      (zone, seconds) => {
        const { from, to } = periodAt(seconds, zone)
        expect(from <= seconds && seconds < to).toBe(true)
      },
    ),
  )
})

it('refuses what is not a month', () => {
  for (const name of ['2026-13', '2026-1', '26-01', '2026-01-01', '']) {
    expect(() => billingPeriod(name, 'UTC')).toThrow(RangeError)
  }
  expect(() => billingPeriod('2026-01', 'Europe/Atlantis')).toThrow(RangeError)
})
