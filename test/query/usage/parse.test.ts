/**
 * Guarantees: windows are read as written, in UTC and whole minutes; a cover holds each minute of its window once, with
 * sums only where they fit; unknown values are refused with the known ones named.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseUsageRequest } from '../../../query/usage/parse.ts'
import { coverWindow, parseWindow } from '../../../query/usage/window.ts'

const NOW = Date.parse('2026-11-20T12:10:30Z') / 1000
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16)

describe('windows', () => {
  it.each([
    ['5m', '2026-11-20T12:05', '2026-11-20T12:10'],
    ['24h', '2026-11-19T12:10', '2026-11-20T12:10'],
    ['7d', '2026-11-13T12:10', '2026-11-20T12:10'],
    ['today', '2026-11-20T00:00', '2026-11-20T12:10'],
    ['yesterday', '2026-11-19T00:00', '2026-11-20T00:00'],
    ['month', '2026-11-01T00:00', '2026-11-20T12:10'],
    ['2026-11-01,2026-11-02', '2026-11-01T00:00', '2026-11-02T00:00'],
    ['2026-11-01T10:00:30+01:00,2026-11-01 10:00', '2026-11-01T09:00', '2026-11-01T10:00'],
    ['1795176000,1795176060', '2026-11-20T12:00', '2026-11-20T12:01'],
  ])('%s', (text, from, to) => {
    const window = parseWindow(text, NOW)
    expect([iso(window.from), iso(window.to)]).toEqual([from, to])
  })

  it.each([
    '',
    'soon',
    '5',
    '0m',
    '5y',
    'a,b',
    '2026-11-02,2026-11-01',
    '2026-11-01',
    '1,2,3',
    '9999d',
    '2026-13-40,2026-14-40',
  ])('refuses %j', text =>
    expect(() => parseWindow(text, NOW)).toThrow(expect.objectContaining({ code: 'parameter_invalid' })),
  )
})

describe('cover', () => {
  it('has each minute once, sums on their own edges', () => {
    const seconds = { minute: 60, hour: 3600, day: 86_400 }
    const isEdge = (at: number, unit: keyof typeof seconds | 'month'): boolean =>
      unit === 'month'
        ? new Date(at * 1000).toISOString().endsWith('-01T00:00:00.000Z')
        : at % seconds[unit] === 0
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30_000_000 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.constantFrom(null, 'month' as const, 60, 420, 3600, 7200, 86_400, 5400),
        (start, minutes, step) => {
          const window = { from: start * 60, to: (start + minutes) * 60 }
          const pieces = coverWindow(window, step)
          let at = window.from
          for (const piece of pieces) {
            expect(piece.from).toBe(at)
            expect(piece.to).toBeGreaterThan(piece.from)
            expect([isEdge(piece.from, piece.unit), isEdge(piece.to, piece.unit)]).toEqual([true, true])
            if (piece.unit === 'month') expect(step === null || step === 'month').toBe(true)
            else if (typeof step === 'number') expect(step % seconds[piece.unit]).toBe(0)
            at = piece.to
          }
          expect(at).toBe(window.to)
          expect(pieces.length).toBeLessThanOrEqual(7)
        },
      ),
    )
  })

  it('uses days for a month', () => {
    const window = parseWindow('month', NOW)
    expect(coverWindow(window, null).map(piece => piece.unit)).toEqual(['day', 'hour', 'minute'])
  })
})

it('uses months for a year, unless single workloads are asked for', () => {
  const units = (options?: { months: boolean }) =>
    coverWindow(parseWindow('2025-11-20T12:30:00Z,2026-11-20T12:30:00Z', NOW), 'month', options).map(
      piece => piece.unit,
    )
  expect(units()).toEqual(['minute', 'hour', 'day', 'month', 'day', 'hour', 'minute'])
  expect(units({ months: false })).toEqual(['minute', 'hour', 'day', 'hour', 'minute'])
})

describe('parameters', () => {
  const parse = (query: Record<string, string>) =>
    parseUsageRequest(query, { tenant: 't', accounts: null }, NOW, 'operator')

  it.each([
    [{ group_by: 'team' }, /team is not one of account, namespace, workload/],
    [{ filter: 'shop' }, /key:value/],
    [{ filter: 'team:shop' }, /one of account/],
    [{ step: '90s' }, /whole minutes/],
    [{ step: '1m', window: '30d' }, /11000 steps/],
    [{ include_idle: 'yes' }, /one of true, false/],
    [{ share_idle: 'by_luck' }, /one of booked, none, by_usage, by_request/],
    [{ limit: '0' }, /from 1 to 10000/],
    [{ windows: '5m' }, /no parameter windows\. Use window/],
  ])('%j', (query, words) => {
    expect(() => parse(query as Record<string, string>)).toThrow(words)
  })

  it('has defaults', () => {
    expect(parse({})).toMatchObject({
      groupBy: [],
      includeIdle: true,
      idleSharing: 'booked',
      limit: 1000,
      step: null,
    })
  })
})
