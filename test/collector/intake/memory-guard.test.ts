// Guarantees: above four fifths of the memory limit requests are told to retry, after garbage collection without
// effect; one at a time continues; below it all are accepted again.
import { expect, it } from 'vitest'
import { createMemoryGuard } from '../../../collector/intake/memory-guard.ts'
import { FakeClock } from './fakes.ts'

function guardOf(resident: { bytes: number }, collect = () => {}) {
  const clock = new FakeClock()
  return {
    clock,
    guard: createMemoryGuard({ limitBytes: 1000, clock, residentBytes: () => resident.bytes, collect }),
  }
}

const REFUSED = expect.objectContaining({ code: 'overloaded', retryAfterSeconds: 1 })

it('refuses requests above four fifths of the limit, and names the limit', async () => {
  const resident = { bytes: 800 }
  const { guard, clock } = guardOf(resident)
  guard.check(1)
  resident.bytes = 801
  await clock.advance(20)
  expect(() => guard.check(1)).toThrow(REFUSED)
  expect(() => guard.check(1)).toThrow(/801 bytes.*above 800 \(80 % of limits\.memory_bytes, 1000\)/)
  resident.bytes = 799
  await clock.advance(20)
  guard.check(1)
})

it('admits one request at a time, so that it cannot lock itself up', () => {
  const { guard } = guardOf({ bytes: 5000 })
  guard.check(0)
  expect(() => guard.check(1)).toThrow(REFUSED)
})

it('collects garbage before it refuses, but not always', async () => {
  const resident = { bytes: 900 }
  let collections = 0
  const { guard, clock } = guardOf(resident, () => {
    collections += 1
    resident.bytes = 500
  })
  guard.check(1)
  expect(collections).toBe(1)
  resident.bytes = 900
  await clock.advance(1_000)
  expect(() => guard.check(1)).toThrow(REFUSED)
  expect(collections).toBe(1)
  await clock.advance(4_000)
  guard.check(1)
  expect(collections).toBe(2)
})

it('determines limit and size by itself', () => {
  createMemoryGuard({ clock: new FakeClock() }).check(1)
  expect(() => createMemoryGuard({ limitBytes: 1_000_000, clock: new FakeClock() }).check(1)).toThrow(REFUSED)
})
