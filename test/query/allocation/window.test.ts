// Guarantees: windows and steps mean what they mean to OpenCost, to the minute; anything else is refused with what is understood.
import { describe, expect, it } from 'vitest'
import { allocationDuration, parseAllocationWindow, stepsOf } from '../../../query/allocation/window.ts'

const at = (iso: string): number => Date.parse(iso) / 1000
/** A Friday. */
const NOW = at('2026-11-20T12:10:30Z')
const spoken = (text: string): string => {
  const { from, to } = parseAllocationWindow(text, NOW)
  return `${new Date(from * 1000).toISOString().slice(0, 16)} ${new Date(to * 1000).toISOString().slice(0, 16)}`
}

describe('a window', () => {
  it.each([
    ['today', '2026-11-20T00:00 2026-11-21T00:00'],
    ['yesterday', '2026-11-19T00:00 2026-11-20T00:00'],
    ['week', '2026-11-15T00:00 2026-11-20T12:10'],
    ['lastweek', '2026-11-08T00:00 2026-11-15T00:00'],
    ['month', '2026-11-01T00:00 2026-11-20T12:10'],
    ['lastmonth', '2026-10-01T00:00 2026-11-01T00:00'],
    ['45m', '2026-11-20T11:25 2026-11-20T12:10'],
    ['24h', '2026-11-19T12:10 2026-11-20T12:10'],
    ['1d', '2026-11-20T00:00 2026-11-21T00:00'],
    ['7d', '2026-11-14T00:00 2026-11-21T00:00'],
    ['1w', '2026-11-14T00:00 2026-11-21T00:00'],
    ['24h offset 1d', '2026-11-18T12:10 2026-11-19T12:10'],
    ['2h  offset  30m', '2026-11-20T09:40 2026-11-20T11:40'],
    ['1586822400,1586908800', '2020-04-14T00:00 2020-04-15T00:00'],
    ['1586822400-1586908800', '2020-04-14T00:00 2020-04-15T00:00'],
    ['2026-11-01T00:00:00Z,2026-11-03T06:00:00Z', '2026-11-01T00:00 2026-11-03T06:00'],
    ['2026-11-01T01:00:00+01:00,2026-11-01T02:00:59.5Z', '2026-11-01T00:00 2026-11-01T02:00'],
    ['2026-11-01T01:00:00 01:00,2026-11-01T02:00:00Z', '2026-11-01T00:00 2026-11-01T02:00'],
    ['2026-11-01,2026-11-02', '2026-11-01T00:00 2026-11-02T00:00'],
  ])('%s', (text, expected) => expect(spoken(text)).toBe(expected))

  it.each(
    [
      [
        '',
        'tomorrow',
        '7',
        '7y',
        '-1h',
        '0h',
        '2026-11-01T00:00:00Z',
        'now,later',
        '1,2,3',
        '2026-13-01,2026-13-02',
      ],
      ['2026-11-02,2026-11-01', '2026-11-01,2026-11-01', '5,9', '2000-01-01,2026-01-01', '800d', '7d offset'],
    ].flat(),
  )('refuses %j', text => {
    expect(() => parseAllocationWindow(text, NOW)).toThrow(/window=/)
  })
})

describe('steps', () => {
  const window = { from: at('2026-10-30T22:00:00Z'), to: at('2026-11-02T01:00:00Z') }
  const starts = (step: Parameters<typeof stepsOf>[1]): string[] =>
    stepsOf(window, step).map(({ from }) => new Date(from * 1000).toISOString().slice(5, 16))

  it('go from the start of the window on, and cover each minute once', () => {
    expect(starts(86_400)).toEqual(['10-30T22:00', '10-31T22:00', '11-01T22:00'])
    expect(starts('day')).toEqual(['10-30T22:00', '10-31T00:00', '11-01T00:00', '11-02T00:00'])
    expect(starts('week')).toEqual(['10-30T22:00', '11-01T00:00'])
    expect(starts('month')).toEqual(['10-30T22:00', '11-01T00:00'])
    expect(starts('quarter')).toEqual(['10-30T22:00'])
    for (const step of [60, 5_400, 'hour', 'week'] as const) {
      const sets = stepsOf(window, step)
      expect([sets[0]?.from, sets.at(-1)?.to]).toEqual([window.from, window.to])
      for (const [index, { from }] of sets.entries()) if (index > 0) expect(from).toBe(sets[index - 1]!.to)
    }
  })

  it('are not too many', () => {
    expect(() => stepsOf({ from: 0, to: 11_001 * 60 }, 60)).toThrow(/step=/)
  })

  it('have durations as OpenCost writes them', () => {
    expect(['1h', '90m', '1h30m', '1d', '60s', '1w', 'x', '1', ''].map(allocationDuration)).toEqual([
      3_600,
      5_400,
      5_400,
      86_400,
      60,
      604_800,
      undefined,
      undefined,
      undefined,
    ])
  })
})
