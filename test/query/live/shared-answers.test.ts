// Guarantees: pages that ask the same within moments share one reading; another question, a later moment and a failure have their
// own; answers that nobody may get any more are not kept.
import { expect, it } from 'vitest'
import { SharedAnswers } from '../../../query/live/shared-answers.ts'

const START = 1_796_000_000_000

function rig() {
  const shared = new SharedAnswers<number>(2_500)
  let reads = 0
  return {
    shared,
    get: (question: string, nowMs: number) => shared.get(question, nowMs, async () => ++reads),
  }
}

it('reads once for the same question of one moment', async () => {
  const { get } = rig()
  expect(await Promise.all([get('a', START), get('a', START + 1), get('b', START)])).toEqual([1, 1, 2])
  expect(await get('a', START + 2_499)).toBe(1)
  expect(await get('a', START + 2_500)).toBe(3)
  // After a step of the clock backwards nobody knows how old an answer is.
  expect(await get('a', START - 60_000)).toBe(4)
})

it('leaves each page a reading of its own where the shared one fails', async () => {
  const { shared } = rig()
  const gone = new Error('the page that asked is gone')
  const first = shared.get('a', START, () => Promise.reject(gone))
  const second = shared.get('a', START, async () => 7)
  await expect(first).rejects.toBe(gone)
  expect(await second).toBe(7)
  expect(await shared.get('a', START + 1, async () => 8)).toBe(7)
})

it('keeps no more than a thousand answers, the newest', async () => {
  const { get } = rig()
  for (let question = 0; question <= 1_000; question += 1) await get(`${question}`, START)
  expect(await get('1000', START)).toBe(1_001)
  expect(await get('0', START)).toBe(1_002)
})
