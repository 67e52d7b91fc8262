// Guarantees: answers begin with those of the file, follow their source, and stay while it is away, which is said; policies that
// are gone are forgotten, also in the file; a file that cannot be read is reported and replaced.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type AnswerEntry, answerKey } from '../../../core/autoscaling/answer-key.ts'
import { Answering } from '../../../core/autoscaling/answering.ts'
import type { EventName } from '../../../core/catalogue/events/events.ts'
import { until } from '../../support/until.ts'
import { answerOf, T0 } from '../scaling/fixture.ts'

let folder: string
let file: string
let answering: Answering | null = null
const events: EventName[] = []

beforeEach(() => {
  events.length = 0
  folder = mkdtempSync(join(tmpdir(), 'wattline-answering-'))
  file = join(folder, 'deep', 'answers.json')
})
afterEach(async () => {
  await answering?.stop()
  answering = null
  rmSync(folder, { recursive: true, force: true })
})

const open = (path: string | null = file): Answering => {
  const recorded = { emit: (name: EventName) => void events.push(name) }
  answering = new Answering({ file: path, events: recorded, now: () => T0 * 1000, pollMs: 5 })
  return answering
}
const named = (name: string, decidedAt = T0) => answerOf({ name, decidedAt })
const entry = (name: string, decidedAt = T0): AnswerEntry => {
  const answer = named(name, decidedAt)
  return { key: answerKey(answer), answer }
}
const namesIn = (one: Answering): readonly string[] => one.answers.list('shop').map(({ name }) => name)

it('follows a source, keeps what it knows in the file, and begins with it', async () => {
  const pending: AnswerEntry[][] = [[entry('a'), entry('b')], [{ key: answerKey(named('a')), answer: null }]]
  const first = open()
  expect(first.isEmpty).toBe(true)
  first.follow({ read: async () => pending.shift() ?? [] })
  await until(() => pending.length === 0 && namesIn(first).join() === 'b')
  await until(() => readFileSync(file, 'utf8').includes('"b"') && !readFileSync(file, 'utf8').includes('"a"'))
  await first.stop()
  expect(namesIn(open())).toEqual(['b'])
  expect(events).toEqual([])
})

it('keeps its answers while the source is away, and says so until it is back', async () => {
  let isAway = true
  const one = open(null)
  one.follow({
    read: async () => {
      if (isAway) throw new Error('no route')
      return [entry('a')]
    },
  })
  await until(() => one.problem !== null)
  expect(one.problem).toBe('scaling: decisions cannot be read: no route')
  isAway = false
  await until(() => one.problem === null && namesIn(one).length === 1)
  isAway = true
  await until(() => one.problem !== null)
  expect(namesIn(one)).toEqual(['a'])
  expect(events).toEqual(['scalingSourceAway', 'scalingSourceAway'])
})

it.each(['not json', '{"version":1,"answers":[{"name":"a"}]}', '{"version":2,"answers":[]}'])(
  'reports a file that it cannot read: %s',
  async text => {
    file = join(folder, 'answers.json')
    writeFileSync(file, text)
    const one = open()
    expect(events).toEqual(['scalingAnswersUnreadable'])
    one.follow({ read: async () => [entry('a')] })
    await until(() => readFileSync(file, 'utf8').includes('"decisionId"'))
  },
)
