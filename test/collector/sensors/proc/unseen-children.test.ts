/**
 * Guarantees: time that no round saw is assigned to the process that waited for it, and nothing is counted twice:
 * whatever processes do, all groups together never exceed what was used, nor the machine's busy time.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { processGroups } from '../../../../collector/sensors/proc/process-groups.ts'
import { type ProcessSighting, unseenChildren } from '../../../../collector/sensors/proc/unseen-children.ts'

const process = (pid: number, parentPid: number, cpuTicks: number, childTicks = 0): ProcessSighting => ({
  pid,
  parentPid,
  startTicks: pid,
  cpuTicks,
  childTicks,
})
function between(
  previous: ProcessSighting[],
  current: ProcessSighting[],
  more: { budget?: number; owed?: [number, number][] } = {},
) {
  const before = new Map(previous.map(seen => [seen.pid, seen]))
  const result = unseenChildren({
    previous: before,
    current: new Map(current.map(seen => [seen.pid, seen])),
    childGrowth: new Map(
      current.map(seen => [seen.pid, seen.childTicks - (before.get(seen.pid)?.childTicks ?? 0)]),
    ),
    budgetTicks: more.budget ?? 1000,
    owed: new Map(more.owed ?? []),
  })
  return { ticks: Object.fromEntries(result.ticks), owed: Object.fromEntries(result.owed) }
}

describe('unseenChildren', () => {
  test('a child that started and ended between two rounds', () => {
    expect(between([process(1, 0, 5)], [process(1, 0, 5, 30)])).toEqual({ ticks: { 1: 30 }, owed: {} })
  })

  test('the last part of a known child: what was counted is subtracted, for its own children too', () => {
    const before = [process(1, 0, 0), process(2, 1, 20, 3), process(3, 2, 7)]
    expect(between(before, [process(1, 0, 0, 40)])).toEqual({ ticks: { 1: 10 }, owed: {} })
  })

  test('a child whose pid is used again', () => {
    const again = { ...process(2, 1, 1), startTicks: 99 }
    expect(between([process(1, 0, 0), process(2, 1, 20)], [process(1, 0, 0, 25), again]).ticks).toEqual({
      1: 5,
    })
  })

  test('a child that ended before its parent had waited is carried over for a round', () => {
    const first = between([process(1, 0, 0), process(2, 1, 20)], [process(1, 0, 0, 0)])
    expect(first).toEqual({ ticks: {}, owed: { 1: 20 } })
    expect(between([process(1, 0, 0)], [process(1, 0, 0, 24)], { owed: [[1, 20]] }).ticks).toEqual({ 1: 4 })
  })

  test('a child inherited by another process does not count twice', () => {
    // 3 outlived its parent 2, so 1 waits for it: 1 grows by all of 3, of which 50 were seen under 4.
    const before = [process(1, 0, 0), process(4, 1, 0), process(2, 4, 10), process(3, 2, 50)]
    expect(between(before, [process(1, 0, 0, 55), process(4, 1, 0, 12)]).ticks).toEqual({ 1: 7 })
  })

  test('no more than the limit', () => {
    const current = [process(1, 0, 0, 30), process(2, 1, 0, 10)]
    expect(between([process(1, 0, 0), process(2, 1, 0)], current, { budget: 20 }).ticks).toEqual({
      1: 15,
      2: 5,
    })
  })
})

/** A small kernel: processes fork, work, end, and the nearest living ancestor waits for them. */
interface Life {
  readonly pid: number
  parent: number
  readonly start: number
  cpu: number
  child: number
  /** No process waits for it: its time is lost. */
  readonly ignored: boolean
}

const event = fc.record({
  kind: fc.constantFrom('fork', 'work', 'work', 'end', 'round'),
  who: fc.nat(),
  ticks: fc.nat(50),
  ignored: fc.boolean(),
})

describe('with process groups', () => {
  test('the groups never contain more than was used, and never fall', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), events => {
        const lives = new Map<number, Life>([
          [1, { pid: 1, parent: 0, start: 0, cpu: 0, child: 0, ignored: false }],
        ])
        const groups = processGroups()
        let used = 0
        let usedAtLast = 0
        let usedAtFirst: number | undefined
        let sinceTicks: number | undefined
        let held = 0
        let clock = 0
        const pick = (who: number): Life => [...lives.values()][who % lives.size]!
        for (const { kind, who, ticks, ignored } of events) {
          clock += 1
          const life = pick(who)
          if (kind === 'fork') {
            const pid = 2 + (clock % 7)
            if (lives.has(pid)) continue
            lives.set(pid, { pid, parent: life.pid, start: clock, cpu: 0, child: 0, ignored })
          } else if (kind === 'work') {
            life.cpu += ticks
            used += ticks
          } else if (kind === 'end' && life.pid !== 1) {
            lives.delete(life.pid)
            for (const other of lives.values()) if (other.parent === life.pid) other.parent = 1
            if (!life.ignored) lives.get(life.parent)!.child += life.cpu + life.child
          } else if (kind === 'round') {
            usedAtFirst ??= used
            const samples = [...lives.values()].map(one => ({
              pid: one.pid,
              parentPid: one.parent,
              startTicks: one.start,
              cpuTicks: one.cpu,
              childTicks: one.child,
              waitNs: 0n,
              residentPages: 0,
              group: { kind: 'process', id: `p${one.pid % 3}`, name: '', attributes: {} },
            }))
            groups.update(samples, {
              sinceTicks,
              busyTicks: sinceTicks === undefined ? undefined : used - usedAtLast,
            })
            usedAtLast = used
            sinceTicks = clock
            const now = groups.counters().reduce((sum, group) => sum + group.cpuTicks, 0)
            expect(now).toBeGreaterThanOrEqual(held)
            expect(now).toBeLessThanOrEqual(used - usedAtFirst)
            held = now
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  test('if every parent waits for its own children, nothing of a build is lost', () => {
    const groups = processGroups()
    const make = (childTicks: number) => ({
      ...process(10, 1, 0, childTicks),
      waitNs: 0n,
      residentPages: 0,
      group: { kind: 'process', id: 'make', name: 'make', attributes: {} },
    })
    groups.update([make(0)], { sinceTicks: undefined })
    for (let round = 1; round <= 20; round++)
      groups.update([make(round * 450)], { sinceTicks: 100, busyTicks: 450 })
    expect(groups.counters()[0]!.cpuTicks).toBe(20 * 450)
  })
})
