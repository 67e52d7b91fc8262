/**
 * Guarantees of the small parts: reserved bytes are released once and never exceed the limit; a gate knows which
 * requests may still join a batch; pooled buffers are never shared and never kept above the limit; health recovers by
 * pinging.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBrokerHealth } from '../../../collector/intake/broker-health.ts'
import { createBudget } from '../../../collector/intake/budget.ts'
import { createRequestBarrier } from '../../../collector/intake/request-barrier.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { createBufferPool } from '../../../core/http/buffer-pool.ts'
import { FakeClock, RecordedEvents } from './fakes.ts'

describe('budget', () => {
  it('never exceeds its limit and returns to zero', () => {
    const steps = fc.array(fc.record({ bytes: fc.nat(60), release: fc.boolean() }))
    fc.assert(
      fc.property(steps, list => {
        const budget = createBudget(100)
        const open = []
        for (const { bytes, release } of list) {
          const reservation = budget.open()
          const before = budget.usedBytes
          try {
            reservation.reserve(bytes)
            expect(budget.usedBytes).toBe(before + bytes)
          } catch (error) {
            expect(error).toMatchObject({ code: 'overloaded', status: 429, retryAfterSeconds: 1 })
            expect(before + bytes).toBeGreaterThan(100)
            expect(budget.usedBytes).toBe(before)
          }
          expect(budget.usedBytes).toBeLessThanOrEqual(100)
          open.push(reservation)
          if (release) open.shift()?.release()
        }
        for (const reservation of open) {
          reservation.release()
          reservation.release()
        }
        expect(budget.usedBytes).toBe(0)
      }),
    )
  })
})

describe('request gate', () => {
  it('counts a request as outside until it is batched, and again after its batch has closed', () => {
    const gate = createRequestBarrier(new FakeClock())
    let calls = 0
    gate.watch(() => {
      calls += 1
    })
    const [first, second] = [gate.enter(), gate.enter()]
    expect(gate.outside).toBe(2)
    first.join()
    first.allBatched()
    expect([gate.outside, calls]).toEqual([1, 0])
    second.leave()
    expect([gate.outside, calls]).toEqual([0, 1])
    first.batchClosed()
    expect(gate.outside).toBe(1)
    first.leave()
    first.leave()
    expect([gate.open, gate.outside, calls]).toEqual([0, 0, 2])
  })

  it('does not count a request as batched if its batch closed while it was added', () => {
    const gate = createRequestBarrier(new FakeClock())
    const ticket = gate.enter()
    ticket.join()
    ticket.batchClosed()
    ticket.allBatched()
    expect(gate.outside).toBe(1)
  })

  it('counts a request as outside only when the last of its batches has closed', () => {
    const gate = createRequestBarrier(new FakeClock())
    const ticket = gate.enter()
    ticket.join()
    ticket.join()
    ticket.allBatched()
    ticket.batchClosed()
    expect(gate.outside).toBe(0)
    ticket.batchClosed()
    expect(gate.outside).toBe(1)
  })
})

describe('buffer pool', () => {
  it('gives a buffer to one user at a time and keeps no more than its limit', () => {
    const pool = createBufferPool(64 * 1024)
    const first = pool.acquire(20_000)
    const second = pool.acquire(20_000)
    expect(first).not.toBe(second)
    expect(first.length).toBe(32 * 1024)
    pool.release(first)
    pool.release(second)
    pool.release(pool.acquire(100_000))
    expect(pool.idleBytes).toBe(64 * 1024)
    expect([first, second]).toContain(pool.acquire(32 * 1024))
    expect(pool.idleBytes).toBe(32 * 1024)
  })
})

describe('broker health', () => {
  it('pings until there is an answer, also if a ping hangs', async () => {
    const clock = new FakeClock()
    const events = new RecordedEvents()
    const answers: (() => Promise<void>)[] = [
      () => new Promise(() => {}),
      () => Promise.reject(new WattlineError('disk_full', 'No space.')),
      () => Promise.resolve(),
    ]
    const health = createBrokerHealth({ ping: () => answers.shift()!(), clock, events })
    health.check()
    health.failed(new WattlineError('broker_unavailable', 'Away.'))
    health.failed(new WattlineError('broker_unavailable', 'Away.'))
    expect(() => health.check()).toThrow('Away.')
    await clock.advance(500 + 5_000)
    expect(() => health.check()).toThrow('did not answer')
    await clock.advance(500)
    expect(() => health.check()).toThrow(expect.objectContaining({ code: 'disk_full', retryAfterSeconds: 2 }))
    await clock.advance(500)
    health.check()
    expect(events.all.map(event => event.name)).toEqual(['intakePaused', 'intakeResumed'])
  })

  it('does not treat a refused record as a failure of the log', () => {
    const health = createBrokerHealth({
      ping: async () => {},
      clock: new FakeClock(),
      events: new RecordedEvents(),
    })
    health.failed(new WattlineError('body_too_large', 'Too large a record.'))
    expect(health.failure).toBeNull()
  })
})
