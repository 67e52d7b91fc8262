/**
 * Guarantees: whatever values are put in force one after the other, the book gives for every minute the value that was put
 * last and covers it, and what is in the log reads back as it was written; nothing that changes nothing is appended.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IntensityBook } from '../../../core/factors/intensity-book.ts'
import { putIntensities } from '../../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../../core/factors/intensity-values.ts'
import { decimalText } from '../../../core/model/decimal.ts'
import { type Factor, yearlyIntensity } from '../../../core/model/factor.ts'
import { followerOf } from '../../support/factor-follower.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { runs } from '../../support/runs.ts'

const START = Date.parse('2026-03-28T00:00:00Z') / 1000
const HOURS = 24 * 4
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString()

/** Intervals of quarters of hours over four days, one after the other. */
const revision = fc
  .array(fc.record({ gap: fc.nat(40), length: fc.integer({ min: 1, max: 200 }), grams: fc.nat(900) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map(parts => {
    let at = 0
    return parts.map(({ gap, length, grams }) => {
      const from = at + gap
      at = from + length
      return { from, to: at, grams }
    })
  })
const QUARTER = 900

const inForce = (zone: string, grams: readonly { from: number; to: number; grams: number }[]) =>
  factorsOf(
    intensityValues.parse({
      zone,
      source: 'test',
      values: grams.map(({ from, to, grams: value }) => ({
        from: iso(START + from * QUARTER),
        to: iso(START + to * QUARTER),
        g_per_kwh: `${value}.5`,
      })),
    }),
    'api',
  )

test('the value put last is in force, minute by minute', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('DE', 'SE-SE3'), revision), { maxLength: 6 }),
      async puts => {
        const log = memoryLog()
        const follower = followerOf(log, () => Number(log.end()) * 2_000)
        const expected = { DE: new Map<number, string>(), 'SE-SE3': new Map<number, string>() }
        for (const [zone, parts] of puts) {
          await putIntensities(log, inForce(zone, parts), 0)
          const before = log.end()
          expect(await putIntensities(log, inForce(zone, parts), 1)).toBe(0)
          expect(log.end()).toBe(before)
          for (const { from, to, grams } of parts) {
            for (let quarter = from; quarter < to; quarter++) expected[zone].set(quarter, `${grams}.5`)
          }
        }
        await follower.follow()
        for (const zone of ['DE', 'SE-SE3'] as const) {
          for (let quarter = -4; quarter < HOURS * 4 + 4; quarter++) {
            const found = follower.books.intensities.at(zone, 'average', START + quarter * QUARTER + 60)
            const dated = expected[zone].get(quarter)
            const otherwise = decimalText(yearlyIntensity(zone.slice(0, 2))!.value)
            expect(found === null ? undefined : decimalText(found.value)).toBe(dated ?? otherwise)
            expect(follower.books.intensities.at(zone, 'marginal', START + quarter * QUARTER)).toBeNull()
          }
        }
      },
    ),
    { numRuns: runs(12), seed: 1 },
  )
})

test('a configured value holds in its zone where no dated one does', () => {
  const configured: Factor = { ...yearlyIntensity('FR')!, version: 'config' }
  const [dated] = inForce('FR', [{ from: 0, to: 4, grams: 7 }])
  const book = new IntensityBook([dated!], configured)
  expect(book.at('FR', 'average', START - 1)?.version).toBe('config')
  expect(book.at('FR', 'average', START)?.version).toMatch(/^api:FR:7\.5:/)
  expect(book.at('FR', 'average', START + 4 * QUARTER)?.version).toBe('config')
  expect(book.at('DE', 'average', START)?.version).toMatch(/^yearly-/)
  expect(book.at('nowhere', 'average', START)).toBeNull()
})

const values = (...list: object[]) => ({ zone: 'DE', source: 'somebody', values: list })
const NOON = '2026-11-30T12:00:00Z'
const ONE = '2026-11-30T13:00:00Z'

test.each([
  ['no zone', { source: 's', values: [{ from: NOON, to: ONE, g_per_kwh: '1' }] }],
  ['a time without offset', values({ from: '2026-11-30T12:00:00', to: ONE, g_per_kwh: '1' })],
  ['a number with an exponent', values({ from: NOON, to: ONE, g_per_kwh: '1e3' })],
  ['below nothing', values({ from: NOON, to: ONE, g_per_kwh: '-1' })],
  ['grams for kilograms', values({ from: NOON, to: ONE, g_per_kwh: '312000' })],
  ['not a number', values({ from: NOON, to: ONE, g_per_kwh: Number.NaN })],
  ['a state of its own', values({ from: NOON, to: ONE, g_per_kwh: '1', state: 'sure' })],
  ['an unknown key', { ...values({ from: NOON, to: ONE, g_per_kwh: '1' }), unit: 'kg' }],
  [
    'a zone that would name another record',
    { ...values({ from: NOON, to: ONE, g_per_kwh: '1' }), zone: 'a/b' },
  ],
  ['nothing', values()],
])('refuses %s', (_, body) => {
  expect(intensityValues.safeParse(body).success).toBe(false)
})

test.each([
  ['an end before its beginning', [{ from: ONE, to: NOON, g_per_kwh: '1' }]],
  ['more than 400 days', [{ from: NOON, to: '2028-01-05T00:00:00Z', g_per_kwh: '1' }]],
  [
    'two at one time',
    [
      { from: NOON, to: ONE, g_per_kwh: '1' },
      { from: '2026-11-30T12:59:00Z', to: '2026-11-30T14:00:00Z', g_per_kwh: '2' },
    ],
  ],
])('refuses %s', (_, list) => {
  expect(() => factorsOf(intensityValues.parse(values(...list)), 'api')).toThrow(RangeError)
})

test('numbers of JSON are exact decimals', () => {
  const [found] = factorsOf(
    intensityValues.parse(values({ from: '2026-11-30T13:00+01:00', to: ONE, g_per_kwh: 312.25 })),
    'api',
  )
  expect(found).toMatchObject({ validFrom: Date.parse(NOON) / 1000, state: 'final', kind: 'average' })
  expect(decimalText(found!.value)).toBe('312.25')
})
