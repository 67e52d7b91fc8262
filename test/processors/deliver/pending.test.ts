// Guarantees: of each group only the oldest message is handed out, and no other one before it is settled; of several that are due the one
// that has been for longest; a receiver that is busy holds up no other. As a plain search over all messages would do it.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type PendingMessage, PendingMessages } from '../../../processors/deliver/pending.ts'

const message = (place: number, receiver: string, group: string, dueMs: number): PendingMessage => ({
  place: String(place).padStart(8, '0'),
  tenant: 'default',
  message: {
    id: `msg_${place}`,
    receiver,
    groupKey: group,
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    status: 'firing',
    alerts: [],
  },
  createdMs: 0,
  attempts: 0,
  dueMs,
})

/** The same by looking at everything each time. */
class PlainMessages {
  #all: PendingMessage[] = []
  readonly #taken = new Set<string>()

  get size(): number {
    return this.#all.length
  }

  add(one: PendingMessage): void {
    this.#all.push(one)
  }

  take(nowMs: number, isFree: (receiver: string) => boolean): PendingMessage | null {
    const heads = [...Map.groupBy(this.#all, queueOf).values()].flatMap(([head]) => head ?? [])
    const [found] = heads
      .filter(one => one.dueMs <= nowMs && !this.#taken.has(one.place) && isFree(one.message.receiver))
      .toSorted((a, b) => a.dueMs - b.dueMs || (a.place < b.place ? -1 : 1))
    if (found !== undefined) this.#taken.add(found.place)
    return found ?? null
  }

  settle(one: PendingMessage, next: PendingMessage | null): void {
    this.#taken.delete(one.place)
    this.#all = this.#all.flatMap(other => (other.place === one.place ? (next ?? []) : other))
  }
}

const queueOf = ({ message: { receiver, groupKey } }: PendingMessage): string => `${receiver}/${groupKey}`

it('hands out what a plain search would', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('add' as const),
      receiver: fc.constantFrom('a', 'b', 'c'),
      group: fc.constantFrom('1', '2', '3', '4'),
      dueMs: fc.integer({ min: 0, max: 20 }),
    }),
    fc.record({
      kind: fc.constant('take' as const),
      nowMs: fc.integer({ min: 0, max: 25 }),
      busy: fc.constantFrom('', 'a', 'b', 'c'),
    }),
    fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(5),
      nextMs: fc.option(fc.integer({ min: 0, max: 25 })),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), steps => {
      const [heap, plain] = [new PendingMessages(), new PlainMessages()]
      const taken: PendingMessage[] = []
      for (const [place, one] of steps.entries()) {
        if (one.kind === 'add') {
          const added = message(place, one.receiver, one.group, one.dueMs)
          for (const messages of [heap, plain]) messages.add(added)
        } else if (one.kind === 'take') {
          const isFree = (receiver: string): boolean => receiver !== one.busy
          const found = heap.take(one.nowMs, isFree)
          const wanted = plain.take(one.nowMs, isFree)
          // Of two receivers that have been due for equally long either may be the first.
          expect(found?.dueMs).toBe(wanted?.dueMs)
          if (found === null || wanted === null) continue
          if (found.message.receiver !== wanted.message.receiver) return
          expect(found.place).toBe(wanted.place)
          taken.push(found)
        } else {
          const [settled] = taken.splice(one.which % Math.max(1, taken.length), 1)
          if (settled === undefined) continue
          const next = one.nextMs === null ? null : { ...settled, dueMs: one.nextMs, attempts: 1 }
          for (const messages of [heap, plain]) messages.settle(settled, next)
        }
        expect(heap.size).toBe(plain.size)
      }
    }),
    { seed: 17, numRuns: 500 },
  )
})

it('hands out many in the order in which they are due', () => {
  const messages = new PendingMessages()
  for (let place = 0; place < 20_000; place += 1) {
    messages.add(message(place, `r${place % 7}`, `g${place}`, (place * 7_919) % 20_011))
  }
  const due: number[] = []
  for (let one = messages.take(1e9, () => true); one !== null; one = messages.take(1e9, () => true)) {
    due.push(one.dueMs)
    messages.settle(one, null)
  }
  expect(due).toHaveLength(20_000)
  expect(due).toEqual(due.toSorted((a, b) => a - b))
  expect(messages.size).toBe(0)
})
