/** Guarantees: never more requests in a minute or a day than allowed; a new day begins anew. */
import { expect, test } from 'vitest'
import { RequestBudget } from '../../../../collector/factors/access/request-budget.ts'
import { providersOf } from '../../../../collector/factors/providers.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'

const never = new AbortController().signal
const NOON = Date.parse('2026-11-30T12:00:00Z')

test('a day that is used up says when the next begins', async () => {
  const budget = new RequestBudget({ perDay: 2 })
  let nowMs = NOON
  const now = () => nowMs
  await budget.take(now, never)
  await budget.take(now, never)
  await expect(budget.take(now, never)).rejects.toMatchObject({ retryAfterSeconds: 12 * 3600 })
  nowMs += 12 * 3_600_000
  await budget.take(now, never)
})

test('a minute that is full is waited for', async () => {
  const budget = new RequestBudget({ perMinute: 400 })
  let nowMs = NOON
  for (let index = 0; index < 400; index += 1) await budget.take(() => nowMs, never)
  const waiting = new AbortController()
  let isThrough = false
  const taken = budget
    .take(() => nowMs, waiting.signal)
    .then(() => {
      isThrough = true
    })
  await new Promise(resolve => setImmediate(resolve))
  expect(isThrough).toBe(false)
  waiting.abort()
  await taken
  nowMs += 120_000
  await budget.take(() => nowMs, never)
})

test('the looks of all entries of a key are spread over the day', () => {
  const entry = (zone: string, more: object) => ({ kind: 'electricity_maps', zone, token: 'k', ...more })
  const { providers } = configSchema.parse({
    factors: {
      providers: [
        entry('DE', { requests_per_day: 96 }),
        entry('FR', {}),
        { ...entry('SE', {}), token: 'other' },
        { kind: 'entsoe', zone: 'DE', token: 'k' },
      ],
    },
  }).factors
  const [first, second, other, entsoe] = providersOf(providers)
  // Two requests a look, two entries: 24 looks a day.
  expect([first!.intervalMs, second!.intervalMs]).toEqual([3_600_000, 3_600_000])
  expect(first!.budget).toBe(second!.budget)
  expect([other!.intervalMs, entsoe!.intervalMs]).toEqual([900_000, 900_000])
  expect(other!.budget).not.toBe(first!.budget)
})
