/**
 * Guarantees: whatever comes and goes, each receiver gets its messages in the order in which they came, each once; memory holds no more
 * than its share of them; and an erased tenant's are not taken up again.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import { Overflow } from '../../../processors/deliver/overflow.ts'
import { type PendingMessage, PendingMessages } from '../../../processors/deliver/pending.ts'

const SHARE = 4
const RECEIVERS = ['a', 'b', 'c']

const messageOf = (number: number, receiver: string, tenant: string): PendingMessage => ({
  place: String(number).padStart(6, '0'),
  tenant,
  // One group: in order.
  message: { id: `m${number}`, receiver, groupKey: 'g' } as AlertMessage,
  createdMs: 0,
  attempts: 0,
  dueMs: 0,
})

const happening = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ comes: fc.constantFrom(...RECEIVERS), of: fc.constantFrom('t', 'u') }),
  },
  { weight: 3, arbitrary: fc.record({ takes: fc.constantFrom(...RECEIVERS) }) },
  { weight: 1, arbitrary: fc.record({ erases: fc.constantFrom('t', 'u') }) },
)

test('messages come in order, once, and within the share', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 120 }), events => {
      const pending = new PendingMessages()
      const overflow = new Overflow(pending, RECEIVERS.length, SHARE * RECEIVERS.length)
      let stored: PendingMessage[] = []
      const got: string[] = []
      const wanted: string[] = []
      const take = (receiver: string): boolean => {
        if (overflow.hungry) overflow.refill(stored)
        const one = pending.take(0, name => name === receiver)
        if (one === null) return false
        expect(stored.find(({ message }) => message.receiver === receiver)?.place).toBe(one.place)
        got.push(one.place)
        stored = stored.filter(({ place }) => place !== one.place)
        pending.settle(one, null)
        return true
      }
      for (const [number, event] of events.entries()) {
        if ('comes' in event) {
          const one = messageOf(number, event.comes, event.of)
          wanted.push(one.place)
          stored.push(one)
          overflow.add(one)
        } else if ('takes' in event) take(event.takes)
        else {
          const beyond = overflow.beyond(stored).filter(({ tenant }) => tenant === event.erases)
          const forgotten = [...pending.forget(event.erases), ...beyond.map(({ place }) => place)]
          stored = stored.filter(({ tenant }) => tenant !== event.erases)
          overflow.recount(stored)
          for (const place of forgotten) wanted.splice(wanted.indexOf(place), 1)
        }
        for (const receiver of RECEIVERS) expect(pending.countOf(receiver)).toBeLessThanOrEqual(SHARE)
        expect(overflow.size).toBe(stored.length)
      }
      for (const receiver of RECEIVERS) while (take(receiver));
      expect(stored).toEqual([])
      expect(got.toSorted()).toEqual(wanted.toSorted())
    }),
    { seed: 20261130, numRuns: 300 },
  )
})
