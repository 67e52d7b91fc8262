/** Guarantees: books have what was in the log when they were asked for, also when a reading was under way that began long before. */
import { expect, test } from 'vitest'
import type { Broker, StoredRecord } from '../../../core/broker/broker.ts'
import { intensityPut } from '../../../core/factors/intensity-log.ts'
import { factorsOf, intensityValues } from '../../../core/factors/intensity-values.ts'
import { followerOf } from '../../support/factor-follower.ts'

const DAY = Date.parse('2026-11-30T00:00:00Z')

/** A log of one day's intensity, whose answers wait for `answers` where that is set. */
function logOf() {
  let value: Uint8Array = new Uint8Array()
  let [key, end] = ['', 0n]
  const log = {
    asked: 0,
    answers: Promise.resolve(),
    put(grams: string): void {
      const values = [
        { from: new Date(DAY).toISOString(), to: new Date(DAY + 3_600_000).toISOString(), g_per_kwh: grams },
      ]
      const revised = factorsOf(intensityValues.parse({ zone: 'DE', source: 'test', values }), 'api')
      const [record] = intensityPut(revised, DAY).make(new Map())
      if (record === undefined) throw new Error('nothing is put')
      value = record.value
      key = record.key ?? ''
      end += 1n
    },
    async lag() {
      log.asked += 1
      const lags = [{ partition: 0, committed: 0n, end }]
      await log.answers
      return lags
    },
    async newest() {
      return new Map([[key, { value } as StoredRecord]])
    },
  }
  return log
}

const gramsOf = (books: Awaited<ReturnType<ReturnType<typeof followerOf>['follow']>>): string =>
  `${books.intensities.at('DE', 'average', DAY / 1000)?.value.mantissa}`

test('a second is fresh enough for following, and nothing but now for catching up', async () => {
  const log = logOf()
  let nowMs = 0
  const follower = followerOf(log as unknown as Broker, () => nowMs)
  log.put('300')
  expect(gramsOf(await follower.follow())).toBe('300')
  log.put('310')
  nowMs = 999
  expect(gramsOf(await follower.follow())).toBe('300')
  expect(gramsOf(await follower.catchUp())).toBe('310')
  log.put('320')
  nowMs = 2_000
  expect(gramsOf(await follower.follow())).toBe('320')
})

test('a reading that began before the revision is not enough', async () => {
  for (const ask of ['follow', 'catchUp'] as const) {
    const log = logOf()
    let nowMs = 0
    const follower = followerOf(log as unknown as Broker, () => nowMs)
    log.put('300')
    const { promise, resolve } = Promise.withResolvers<void>()
    log.answers = promise
    const slow = follower.follow()
    log.put('310')
    // It stood still in the middle.
    nowMs = ask === 'follow' ? 20_000 : 0
    const asked = follower[ask]()
    resolve()
    expect(gramsOf(await asked)).toBe('310')
    await slow
    expect(log.asked).toBe(2)
  }
})
