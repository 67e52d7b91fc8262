/**
 * Guarantees: a start waits for a dependency as long as necessary, and reports what it waits for; an error that waiting
 * does not fix ends it; giving up ends the wait at once, and what is opened later is closed.
 */
import { expect, it } from 'vitest'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { createStartWaits } from '../../../core/runtime/start-waits.ts'

const away = new WattlineError('broker_unavailable', 'Nobody answers.')
const close = async (): Promise<void> => undefined

it('retries until it is there, and gives the reason why it is not', async () => {
  const waits = createStartWaits({ events: silentEvents, signal: undefined })
  let tries = 0
  let seen: readonly string[] = []
  const opened = await waits.open({
    name: 'Kafka at k:9092',
    open: async () => {
      tries += 1
      if (tries === 1) throw away
      seen = waits.reasons()
      return 'opened'
    },
    close,
  })
  expect([opened, tries, seen, waits.reasons()]).toEqual([
    'opened',
    2,
    ['start: waiting for Kafka at k:9092: Nobody answers.'],
    [],
  ])
})

it('ends at an error that waiting does not fix', async () => {
  const waits = createStartWaits({ events: silentEvents, signal: undefined })
  for (const thrown of [
    new WattlineError('config_invalid', 'The user is refused.'),
    new TypeError('a defect'),
  ]) {
    const open = waits.open({ name: 'Kafka', open: () => Promise.reject(thrown), close })
    await expect(open).rejects.toBe(thrown)
  }
  expect(waits.reasons()).toEqual([])
})

it('ends with the start, and closes what is opened after it', async () => {
  const stop = new AbortController()
  const waits = createStartWaits({ events: silentEvents, signal: stop.signal })
  const late = Promise.withResolvers<string>()
  const closed = Promise.withResolvers<string>()
  const open = waits.open({
    name: 'Kafka',
    open: () => late.promise,
    close: async opened => closed.resolve(opened),
  })
  stop.abort(new Error('stopped'))
  await expect(open).rejects.toThrow('stopped')
  late.resolve('too late')
  expect(await closed.promise).toBe('too late')
  await expect(waits.open({ name: 'Kafka', open: async () => 1, close })).rejects.toThrow('stopped')
})
