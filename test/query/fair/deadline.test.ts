/**
 * Guarantees: a request ends at its limit whatever the engine does, and its signal says why; nothing is stopped before.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { startDeadline } from '../../../query/fair/deadline.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())
const never = new AbortController().signal

it('ends the wait for an engine that does not return', async () => {
  const deadline = startDeadline(8, never)
  const held = deadline.hold(new Promise(() => {}))
  held.catch(() => undefined)
  await vi.advanceTimersByTimeAsync(8_500)
  expect(deadline.signal.aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(500)
  expect(deadline.signal.aborted).toBe(true)
  await expect(held).rejects.toMatchObject({
    code: 'sql_limit',
    message: 'The statement took longer than 8 s.',
  })
})

it('passes on timely results and failures', async () => {
  const deadline = startDeadline(8, never)
  expect(await deadline.hold(Promise.resolve(1))).toBe(1)
  await expect(deadline.hold(Promise.reject(new Error('no')))).rejects.toThrow('no')
  deadline.clear()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(deadline.signal.aborted).toBe(false)
})

it('gives the engine the remaining time', () => {
  const deadline = startDeadline(8, never, () => performance.now())
  expect(deadline.remainingSeconds()).toBe(8)
  vi.advanceTimersByTime(3_000)
  expect(deadline.remainingSeconds()).toBe(5)
  vi.advanceTimersByTime(30_000)
  expect(deadline.remainingSeconds()).toBe(0.1)
})

it('ends with the client', async () => {
  const client = new AbortController()
  const deadline = startDeadline(8, client.signal)
  const held = deadline.hold(new Promise(() => {}))
  client.abort(new Error('the client disconnected'))
  await expect(held).rejects.toThrow('the client disconnected')
  await expect(deadline.hold(Promise.resolve(1))).rejects.toThrow('the client disconnected')
})
