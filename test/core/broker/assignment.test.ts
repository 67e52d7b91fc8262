/**
 * Guarantees: every wanted partition has exactly one owner among the members that want it, and work is spread evenly.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assign, partitionName } from '../../../core/broker/embedded/assignment.ts'

const partitions = ['a', 'b'].flatMap(stream => [0, 1, 2].map(partition => ({ stream, partition })))
const member = (id: number, streams: string[], givenUp: string[] = []) => ({
  id,
  streams: new Set(streams),
  givenUp: new Set(givenUp),
})

test('members that want the same share it evenly', () => {
  const owners = [...assign(partitions, [member(1, ['a', 'b']), member(2, ['a', 'b'])]).values()]
  expect(owners.filter(id => id === 1).length).toBe(3)
  expect(owners.filter(id => id === 2).length).toBe(3)
})

test('a partition given up goes to another member, or to none', () => {
  expect(assign(partitions, [member(1, ['a'], ['a/1'])]).get('a/1')).toBeUndefined()
  expect(assign(partitions, [member(1, ['a'], ['a/1']), member(2, ['a'])]).get('a/1')).toBe(2)
})

test('an owner always wants what it gets, and nothing wanted is left over', () => {
  const members = fc.uniqueArray(
    fc.tuple(
      fc.nat(9),
      fc.subarray(['a', 'b']),
      fc.subarray(partitions.map(p => partitionName(p.stream, p.partition))),
    ),
    { selector: ([id]) => id, maxLength: 4 },
  )
  fc.assert(
    fc.property(members, drawn => {
      const all = drawn.map(([id, streams, givenUp]) => member(id, streams, givenUp))
      const owners = assign(partitions, all)
      for (const { stream, partition } of partitions) {
        const name = partitionName(stream, partition)
        const willing = all.filter(m => m.streams.has(stream) && !m.givenUp.has(name)).map(m => m.id)
        const owner = owners.get(name)
        if (willing.length === 0) expect(owner).toBeUndefined()
        else expect(willing).toContain(owner)
      }
    }),
  )
})
