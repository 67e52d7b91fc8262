/**
 * Guarantees: a group's counter never falls, whatever its processes do; a reused process id is another process; time
 * used before a process was first seen counts only if it started since the last round; the memory of groups is limited,
 * and a group that returns has a new counter.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FORGET_AFTER_ROUNDS, type GroupIdentity } from '../../../../collector/sensors/proc/group-table.ts'
import { type ProcessSample, processGroups } from '../../../../collector/sensors/proc/process-groups.ts'

const group = (id: string): GroupIdentity => ({ kind: 'process', id, name: id, attributes: {} })
const sample = (pid: number, cpuTicks: number, more: Partial<ProcessSample> = {}): ProcessSample => ({
  pid,
  parentPid: 0,
  startTicks: 1,
  cpuTicks,
  childTicks: 0,
  waitNs: 0n,
  residentPages: 1,
  group: group('node'),
  ...more,
})
const ticks = (groups: ReturnType<typeof processGroups>): Record<string, number> =>
  Object.fromEntries(groups.counters().map(counter => [counter.identity.id, counter.cpuTicks]))

describe('processGroups', () => {
  test('the first round only sets the baseline; later differences add up over processes', () => {
    const groups = processGroups()
    groups.update([sample(1, 1000), sample(2, 500)], { sinceTicks: undefined })
    expect(ticks(groups)).toEqual({ node: 0 })
    groups.update([sample(1, 1010), sample(2, 503)], { sinceTicks: 50 })
    expect(ticks(groups)).toEqual({ node: 13 })
  })

  test('a process started since the last round counts fully, an older one that appears does not', () => {
    const groups = processGroups()
    groups.update([sample(1, 0)], { sinceTicks: undefined })
    groups.update([sample(1, 0), sample(2, 7, { startTicks: 60 }), sample(3, 900, { startTicks: 40 })], {
      sinceTicks: 50,
    })
    expect(ticks(groups)).toEqual({ node: 7 })
  })

  test('the usage of an ended process remains', () => {
    const groups = processGroups()
    groups.update([sample(1, 0), sample(2, 0)], { sinceTicks: undefined })
    groups.update([sample(1, 5), sample(2, 5)], { sinceTicks: 50 })
    groups.update([sample(2, 6)], { sinceTicks: 60 })
    groups.update([], { sinceTicks: 70 })
    expect(ticks(groups)).toEqual({ node: 11 })
    expect(groups.counters()[0]).toMatchObject({ processes: 0, residentPages: 0 })
  })

  test('a reused process id is recognised by its start time', () => {
    const groups = processGroups()
    groups.update([sample(1, 100)], { sinceTicks: undefined })
    groups.update([sample(1, 3, { startTicks: 55 })], { sinceTicks: 50 })
    expect(ticks(groups)).toEqual({ node: 3 })
    // Old and new differ, but the new one started no earlier than the last round: nothing before it counts.
    groups.update([sample(1, 104, { startTicks: 2 })], { sinceTicks: 60 })
    expect(ticks(groups)).toEqual({ node: 3 })
  })

  test('after exec the time continues under the new name', () => {
    const groups = processGroups()
    groups.update([sample(1, 10, { group: group('sh') })], { sinceTicks: undefined })
    groups.update([sample(1, 15, { group: group('make') })], { sinceTicks: 50 })
    expect(ticks(groups)).toEqual({ sh: 0, make: 5 })
  })

  test('time counted elsewhere is not counted again when the process moves', () => {
    const groups = processGroups()
    groups.update([sample(1, 10, { group: undefined })], { sinceTicks: undefined })
    groups.update([sample(1, 40, { group: undefined })], { sinceTicks: 50 })
    groups.update([sample(1, 42)], { sinceTicks: 60 })
    expect(ticks(groups)).toEqual({ node: 2 })
  })

  test('memory is of the live processes, wait adds up like time', () => {
    const groups = processGroups()
    groups.update([sample(1, 0, { waitNs: 100n }), sample(2, 0, { residentPages: 4 })], {
      sinceTicks: undefined,
    })
    groups.update([sample(1, 0, { waitNs: 150n, residentPages: 3 })], { sinceTicks: 50 })
    expect(groups.counters()[0]).toMatchObject({ residentPages: 3, processes: 1, waitNs: 50n })
  })

  test('the number of groups is limited; the one without processes for longest is removed first, and returns as a new counter', () => {
    const groups = processGroups(2)
    groups.update([sample(1, 0, { group: group('a') })], { sinceTicks: undefined })
    groups.update([sample(2, 0, { group: group('b') })], { sinceTicks: 50 })
    groups.update([sample(3, 0, { group: group('c') })], { sinceTicks: 60 })
    expect(Object.keys(ticks(groups)).sort()).toEqual(['b', 'c'])
    groups.update(
      [sample(3, 0, { group: group('c') }), sample(4, 1, { group: group('a'), startTicks: 65 })],
      { sinceTicks: 60 },
    )
    expect(groups.counters().find(counter => counter.identity.id === 'a')?.generation).toBeGreaterThan(0)
    // All are alive: an additional one has no place and is unattributed.
    groups.update(
      [
        sample(3, 0, { group: group('c') }),
        sample(4, 1, { group: group('a'), startTicks: 65 }),
        sample(5, 9, { group: group('d') }),
      ],
      { sinceTicks: 70 },
    )
    expect(Object.keys(ticks(groups)).sort()).toEqual(['a', 'c'])
  })

  test('a group without processes is forgotten after a while', () => {
    const groups = processGroups()
    groups.update([sample(1, 0)], { sinceTicks: undefined })
    for (let round = 0; round < FORGET_AFTER_ROUNDS; round++) groups.update([], { sinceTicks: 50 })
    expect(ticks(groups)).toEqual({ node: 0 })
    groups.update([], { sinceTicks: 50 })
    expect(ticks(groups)).toEqual({})
  })

  test('counters never fall within a generation, and never exceed the usage of the processes', () => {
    const process = fc.record({
      pid: fc.integer({ min: 1, max: 6 }),
      startTicks: fc.integer({ min: 0, max: 60 }),
      cpuTicks: fc.integer({ min: 0, max: 1000 }),
      waitNs: fc.bigInt(0n, 1000n),
      name: fc.constantFrom('a', 'b', 'c', undefined),
    })
    const rounds = fc.array(fc.array(process, { maxLength: 6 }), { maxLength: 20 })
    fc.assert(
      fc.property(rounds, fc.integer({ min: 1, max: 3 }), (history, maxGroups) => {
        const groups = processGroups(maxGroups)
        const last = new Map<string, { cpuTicks: number; waitNs: bigint }>()
        let given = 0
        for (const [index, round] of history.entries()) {
          const unique = new Map(round.map(entry => [entry.pid, entry]))
          const samples = [...unique.values()].map(entry =>
            sample(entry.pid, entry.cpuTicks, {
              startTicks: entry.startTicks,
              waitNs: entry.waitNs,
              group: entry.name === undefined ? undefined : group(entry.name),
            }),
          )
          given += samples.reduce((sum, entry) => sum + entry.cpuTicks, 0)
          groups.update(samples, { sinceTicks: index === 0 ? undefined : index * 3 })
          for (const counter of groups.counters()) {
            const key = `${counter.identity.id}/${counter.generation}`
            const before = last.get(key)
            expect(counter.cpuTicks).toBeGreaterThanOrEqual(before?.cpuTicks ?? 0)
            expect(counter.waitNs >= (before?.waitNs ?? 0n)).toBe(true)
            last.set(key, counter)
          }
          expect(groups.counters().length).toBeLessThanOrEqual(maxGroups)
          expect(groups.counters().reduce((sum, counter) => sum + counter.cpuTicks, 0)).toBeLessThanOrEqual(
            given,
          )
        }
      }),
    )
  })
})
