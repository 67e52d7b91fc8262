/**
 * Guarantees: whatever comes late, the ledger with its corrections is what all readings give when they are metered at once, row by
 * row; energy, carbon and money of a minute stay conserved; nothing is corrected twice; stops in the middle change nothing.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RecomputeAnswer } from '../../../core/api/recompute.ts'
import { type Arrival, randomHost } from '../../books/scenes.ts'
import { seededRandom } from '../../support/random.ts'
import { energyAt, modeAt, NOON_SECONDS, type Reading, workAt } from '../meter/support.ts'
import { openRig, type Rig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const SECONDS = Array.from({ length: 37 }, (_, index) => index * 10)
/** A host of 60 W, 2 of 8 CPUs busy, of which container A uses 1 and B, heard of from 2:00 on, half of one. */
const host = (name: string): Arrival[] => {
  const facts = { Host: name }
  const rows = (s: number): Reading[] => [
    energyAt(s, BigInt(s) * 60_000_000n, facts),
    modeAt(s, 'user', BigInt(s) * 2_000_000n, facts),
    modeAt(s, 'idle', BigInt(s) * 6_000_000n, facts),
    workAt(s, 'A', BigInt(s) * 1_000_000n, facts),
  ]
  return SECONDS.flatMap(s => rows(s).map(row => ({ arrives: s, row })))
}
/** Container B, of whose agent nothing is heard before it sends everything at 5:50. */
const lateWork = (name: string): Arrival[] =>
  SECONDS.filter(s => s <= 200).map(s => ({
    arrives: 350,
    row: workAt(s, 'B', BigInt(s) * 500_000n, { Host: name }),
  }))

test('a workload that is heard of late takes its part of what was unattributed', async () => {
  await rig.deliver([...host('w1'), ...lateWork('w1')])
  const before = await rig.sums('w1')
  await rig.settle()
  const after = await rig.sums('w1')
  // Every minute has the energy and embodied emissions that it had, to the last unit.
  expect(after.map(({ total }) => total)).toEqual(before.map(({ total }) => total))
  expect(before[0]).toMatchObject({
    A: 450_000_000n,
    B: 0n,
    unattributed: 450_000_000n,
    idle: 2_700_000_000n,
  })
  expect(after[0]).toMatchObject({
    A: 450_000_000n,
    B: 225_000_000n,
    unattributed: 225_000_000n,
    idle: 2_700_000_000n,
  })
  expect(await rig.corrections('w1')).toMatchObject({
    reasons: ['late_readings'],
    ids: true,
    // B; and unattributed, and A for its embodied emissions, taken back and booked again. Of the last minute there are 20 s.
    things: ['A 8', 'B 4', 'unattributed 8'],
  })
})

test('what is booked of a minute is taken back where all of its readings give nothing', async () => {
  // The clock was set back by 7 s after the sample of 0:01, which comes late: what -0:01 shows was not counted before noon.
  const Host = 'b1'
  const work = (s: number, us: bigint, arrives = s): Arrival => ({
    arrives,
    row: workAt(s, 'A', us, { Host }),
  })
  const arrivals = [
    work(-1, 1_500_000n, 0),
    ...host(Host).filter(({ row }) => row.WorkloadId === '' && row.Quantity !== 'energy'),
    ...SECONDS.slice(1).map(s => work(s, 1_000_000n + BigInt(s) * 1_000_000n)),
    work(1, 1_000_000n, 300),
  ]
  await rig.deliver(arrivals)
  expect((await rig.differences(arrivals)).join()).toContain(`${NOON_SECONDS - 60} cpu active A none`)
  await rig.settle()
  expect(await rig.differences(arrivals)).toEqual([])
})

test('late readings of random hosts are booked, once, though the processors are stopped meanwhile', async () => {
  const arrivals = Array.from({ length: 8 }, (_, number) =>
    randomHost(9_010 + number, `h${number}`, 6),
  ).flat()
  await rig.deliver(arrivals)
  const random = seededRandom(20261130)
  for (let round = 0; round < 3; round++) {
    rig.pass(60)
    await new Promise(resolve => setTimeout(resolve, random() * 400))
    await rig.restart()
  }
  await rig.settle()
  expect(await rig.differences(arrivals)).toEqual([])
  const corrected = await rig.corrections('')
  expect(corrected).toMatchObject({ reasons: ['late_readings'], ids: true })
  // The same readings again: everything is known.
  await rig.deliver(arrivals.map(({ row }) => ({ arrives: 9_000, row })))
  await rig.settle()
  expect(await rig.differences(arrivals)).toEqual([])
  expect(await rig.corrections('')).toEqual(corrected)
})

test('a range that somebody asks for is compared, and booked where that is asked for', async () => {
  const range = {
    tenant: 'default',
    host: 'w1',
    from: NOON_SECONDS,
    to: NOON_SECONDS + 300,
    reason: 'recomputed' as const,
  }
  const over = async (apply: boolean): Promise<RecomputeAnswer> => {
    const { id } = await rig.recomputations.begin(range, apply)
    while (rig.recomputations.get(id).state === 'running')
      await new Promise(resolve => setTimeout(resolve, 20))
    await rig.settle()
    return rig.recomputations.get(id)
  }
  const right = await rig.sums('w1')
  expect(await over(false)).toMatchObject({ state: 'done', entries: 0, differences: [], hosts_done: 1 })
  // Somebody has written an entry that no reading gives.
  await rig.book('w1', 'C', 1_000n)
  expect(await rig.sums('w1')).not.toEqual(right)
  const energy = { host: 'w1', component: 'cpu', reason: 'recomputed', entries: 1, energy_uj: '-1000' }
  expect(await over(false)).toMatchObject({ entries: 1, differences: [energy] })
  expect(await over(true)).toMatchObject({ state: 'done', entries: 1, differences: [energy] })
  expect((await rig.sums('w1')).map(({ A, B, idle }) => [A, B, idle])).toEqual(
    right.map(({ A, B, idle }) => [A, B, idle]),
  )
  expect(await over(true)).toMatchObject({ state: 'done', entries: 0 })
})

test('a revised PUE restates what is booked', async () => {
  const minutes = NOON_SECONDS + 360
  const before = await rig.money('w1')
  await rig.setPue(NOON_SECONDS + 60, minutes, '1.5')
  await rig.settle()
  const after = await rig.money('w1')
  // A minute at 1.25, five at 1.5: every amount follows, each row rounded once.
  expect(after.map(({ uj }) => uj)).toEqual(before.map(({ uj }) => uj))
  expect(after[0]).toEqual(before[0])
  for (const [index, { ug, nano }] of after.slice(1).entries()) {
    const was = before[index + 1]!
    expect(Number(ug)).toBeCloseTo((Number(was.ug) * 1.5) / 1.25, -1)
    expect(Number(nano)).toBeCloseTo((Number(was.nano) * 1.5) / 1.25, -1)
  }
  const answer = await rig.recomputations.begin(
    { tenant: 'default', host: 'w1', from: NOON_SECONDS, to: minutes, reason: 'factors_revised' },
    false,
  )
  while (rig.recomputations.get(answer.id).state === 'running')
    await new Promise(resolve => setTimeout(resolve, 20))
  expect(rig.recomputations.get(answer.id)).toMatchObject({ state: 'done', entries: 0 })
})
