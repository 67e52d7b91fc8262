// Guarantees: the log is opened on first use and once for all callers; a failed opening is retried by the next caller;
// an unused log is closed without having been opened.
import { expect, it } from 'vitest'
import type { Broker } from '../../../core/broker/broker.ts'
import { LazyBroker } from '../../../core/broker/lazy-broker.ts'

function setUp(failures: number) {
  const calls: string[] = []
  const broker = {
    lag: async (group: string, stream: string) => {
      calls.push(`lag ${group} ${stream}`)
      return []
    },
    append: async (stream: string) => {
      calls.push(`append ${stream}`)
      return { partition: 0, offset: 7n }
    },
    close: async () => void calls.push('close'),
  } as unknown as Broker
  let left = failures
  const late = new LazyBroker(async () => {
    calls.push('open')
    left -= 1
    if (left >= 0) throw new Error('away')
    return broker
  })
  return { late, calls }
}

it('opens once, on first use', async () => {
  const { late, calls } = setUp(0)
  expect(calls).toEqual([])
  await Promise.all([late.lag('store', 'traces'), late.lag('meter', 'readings')])
  expect(await late.append('traces', 0, [])).toEqual({ partition: 0, offset: 7n })
  await late.close()
  expect(calls).toEqual(['open', 'lag store traces', 'lag meter readings', 'append traces', 'close'])
  await expect(late.lag('store', 'traces')).rejects.toMatchObject({ code: 'broker_unavailable' })
})

it('reopens after a failure', async () => {
  const { late, calls } = setUp(1)
  await expect(late.lag('store', 'traces')).rejects.toThrow('away')
  expect(await late.lag('store', 'traces')).toEqual([])
  expect(calls).toEqual(['open', 'open', 'lag store traces'])
})

it('closes what was never opened, or never could be', async () => {
  const untouched = setUp(0)
  await untouched.late.close()
  expect(untouched.calls).toEqual([])
  const failing = setUp(9)
  await failing.late.lag('store', 'traces').catch(() => {})
  await failing.late.close()
  expect(failing.calls).toEqual(['open'])
})
