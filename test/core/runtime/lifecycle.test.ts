// Guarantees: parts stop in reverse order of their start, a failed start stops the earlier parts, a part that hangs or
// fails is named and does not delay the others.
import { expect, it } from 'vitest'
import { backoffMs, sleep } from '../../../core/runtime/backoff.ts'
import { Lifecycle } from '../../../core/runtime/lifecycle.ts'

it('stops in reverse order', async () => {
  const lifecycle = new Lifecycle()
  const stopped: string[] = []
  for (const name of ['a', 'b', 'c']) {
    await lifecycle.start(
      name,
      () => name,
      part => {
        stopped.push(part)
      },
    )
  }
  expect(await lifecycle.stop(1000)).toEqual([])
  expect(stopped).toEqual(['c', 'b', 'a'])
})

it('stops the started parts when a later one fails to start', async () => {
  const lifecycle = new Lifecycle()
  let stopped = false
  await lifecycle.start(
    'first',
    () => 1,
    () => {
      stopped = true
    },
  )
  const failing = lifecycle.start(
    'second',
    () => Promise.reject(new Error('no')),
    () => undefined,
  )
  await expect(failing).rejects.toThrow('no')
  expect(stopped).toBe(true)
})

it('names what hangs or fails, and continues', async () => {
  const lifecycle = new Lifecycle()
  let last = false
  await lifecycle.start(
    'quick',
    () => 1,
    () => {
      last = true
    },
  )
  await lifecycle.start(
    'broken',
    () => 1,
    () => Promise.reject(new Error('x')),
  )
  await lifecycle.start(
    'hanging',
    () => 1,
    () => new Promise<void>(() => undefined),
  )
  expect(await lifecycle.stop(200)).toEqual(['hanging did not stop in time', 'broken failed: Error: x'])
  expect(last).toBe(true)
})

it('waits longer between attempts, up to a limit', () => {
  const noJitter = () => 0
  expect([0, 1, 2, 10, 1000].map(attempt => backoffMs(attempt, 100, 5000, noJitter))).toEqual([
    100, 200, 400, 5000, 5000,
  ])
  expect(backoffMs(0, 100, 5000, () => 1)).toBe(75)
})

it('wakes a sleeper whose signal aborts', async () => {
  const controller = new AbortController()
  const slept = sleep(3_600_000, controller.signal)
  controller.abort()
  await slept
})
