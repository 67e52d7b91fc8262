// Guarantees: inputs like those of public bug reports give the results in their case files; those in `not-yet.ts` do
// not.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { prepareCase, readCases } from './case.ts'
import { NOT_YET } from './not-yet.ts'
import { playCase } from './play.ts'
import { openStage, type Stage } from './stage.ts'

const files = readCases()
const nowSeconds = Math.floor(Date.now() / 1000)
const ready = new Map([...files].map(([id, text]) => [id, prepareCase(text, nowSeconds)]))
let stage: Stage
const played = new Map<string, Promise<readonly string[]>>()

// All at the same time: most of the time is spent waiting for minutes to close.
beforeAll(async () => {
  stage = await openStage([...ready.values()])
  for (const [id, one] of ready) {
    const wrong = playCase(stage, one)
    wrong.catch(() => undefined)
    played.set(id, wrong)
  }
})
afterAll(() => stage?.close())

it('lists every case that still fails', () => {
  expect([...NOT_YET].filter(id => !files.has(id))).toEqual([])
})

it.each([...ready.keys()])('%s', async id => {
  const wrong = await played.get(id)
  if (NOT_YET.has(id)) expect(wrong, 'it is right now: take it off test/cases/not-yet.ts').not.toEqual([])
  else expect(wrong).toEqual([])
})
