// Guarantees: a tenant that invents hosts, workloads or meters without end takes no more memory than its bound and what one
// poll brings; what is known of it, and everything of others, is metered to the microjoule all the while; what is left out is
// counted, told, and taken again once there is room.
import { expect, it, test } from 'vitest'
import type { AssignedPartition, StoredRecord } from '../../../../core/broker/broker.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import type { EventName, Events } from '../../../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../../../core/columns/rows.ts'
import { energy, lateReadings, readings } from '../../../../core/model/streams/index.ts'
import type { EnergyRow } from '../../../../core/model/streams/ledger.ts'
import { Step } from '../../../../processors/loop/step.ts'
import { createMeter, type Flush } from '../../../../processors/meter/meter.ts'
import { createMeterProcessor } from '../../../../processors/meter/processor.ts'
import { countOf } from '../../../../processors/meter/samples/samples.ts'
import { type Capacity, StateBudget } from '../../../../processors/meter/state/budget.ts'
import {
  at,
  drive,
  energyAt,
  grid,
  NOON,
  type Reading,
  reading,
  totalUj,
  WORKED_EXAMPLE,
  WORKED_EXAMPLE_ROWS,
  workAt,
} from '../support.ts'

const DAY_NANO = 86_400_000_000_000n
const NOON_MS = Number(NOON / 1_000_000n)
const LIMIT = 1_000_000

const reasonsOf = (rows: readonly { Reason: string; WorkloadId: string; Value: bigint }[]): string[] =>
  rows.map(({ Reason, WorkloadId, Value }) => [Reason, WorkloadId || '-', Value].join(' '))

/** Everything is let in with the first record; then the room is what the test says. */
function narrowing() {
  let room: Capacity = 'all'
  const run = drive({ capacityOf: tenant => (tenant === 'default' ? room : 'all') })
  const narrow = (to: Capacity): void => {
    room = to
  }
  return { ...run, narrow }
}

const [BEGUN, REST] = [WORKED_EXAMPLE.filter((_, index) => index % 2 === 0), WORKED_EXAMPLE]

test('without room what is known goes on, and new workloads are counted as unattributed', () => {
  const run = narrowing()
  run.record(BEGUN)
  run.narrow('known')
  run.record([...REST, workAt(0, 'C', 0n), workAt(60, 'C', 20_000_000n), workAt(61, 'C', 21_000_000n)])
  run.flush(180)
  expect(grid(run.energy)).toEqual(WORKED_EXAMPLE_ROWS)
  expect(reasonsOf(run.late)).toEqual(['no_room C 0', 'no_room C 0'])
})

test('without room a new host is not metered and leaves nothing behind; another tenant is', () => {
  const run = narrowing()
  run.record(BEGUN)
  run.narrow('known')
  const of = (facts: Partial<Reading>): Reading[] => [energyAt(0, 0n, facts), energyAt(60, 7n, facts)]
  run.record([...of({ Host: 'h2' }), ...of({ Tenant: 'other', Host: 'h2' })])
  run.flush(180, { host: 'h2' })
  run.flush(180, { tenant: 'other', host: 'h2' })
  expect([...run.states.values()].map(({ tenant, host }) => [tenant, host])).toEqual([
    ['default', 'h1'],
    ['other', 'h2'],
  ])
  expect(run.energy.map(({ Tenant, EnergyUj }) => [Tenant, EnergyUj])).toEqual([['other', 7n]])
  expect(run.late.map(({ Tenant, Host, Reason }) => [Tenant, Host, Reason])).toEqual([
    ['default', 'h2', 'no_room'],
    ['default', 'h2', 'no_room'],
  ])
})

test('what was left out leaves no shortcuts behind, and is taken once there is room', () => {
  const run = narrowing()
  run.record(BEGUN)
  const lookup = [...run.states.values()][0]!.lookup!
  const known = lookup.entries.length
  run.narrow('known')
  const some = (quantity: string): Reading[] =>
    Array.from({ length: 100 }, (_, index) => workAt(1, `w${index}`, 5n, { Quantity: quantity }))
  run.record([...some('cpu_time'), ...some('utilization')])
  expect(lookup.entries.length).toBe(known)
  run.narrow('all')
  run.record([...some('cpu_time'), ...some('utilization')])
  expect(lookup.entries.length).toBe(known + 200)
})

test('with the least room words stay as they are and few samples wait', () => {
  const run = narrowing()
  run.record(BEGUN)
  run.narrow('least')
  run.record([workAt(30, 'A', 20_000_000n, { Attributes: { 'workload.name': 'another'.repeat(30) } })])
  const power = (second: number): Reading =>
    reading({ Quantity: 'power', Domain: 'gpu', Timestamp: at(second), Value: BigInt(second * 2) })
  run.narrow('all')
  run.record([power(0)])
  run.narrow('least')
  run.record(Array.from({ length: 100 }, (_, second) => power(second / 2)))
  const [state] = run.states.values()
  expect([...state!.workloads.values()][0]!.attributes).toEqual({ 'workload.name': 'name of A' })
  const samples = [...state!.series.values()].filter(({ identity }) => identity.quantity === 'power')
  expect(samples.map(series => countOf(series.samples))).toEqual([64])
  expect(reasonsOf(run.late)).toEqual(['overflow - 0'])
})

/** A worker as the loop has it, with everything that it said. */
async function workerOf(budget: StateBudget, stored = new Map<string, Uint8Array>()) {
  const flushes: (readonly Flush[])[] = []
  const state = new Map(stored)
  const rows = { energy: [] as EnergyRow[], late: [] as string[] }
  const worker = await createMeterProcessor({
    meter: createMeter({ metering: configSchema.parse({}).metering, isSensor: () => false }),
    retentionNano: 2n * DAY_NANO,
    partitions: 1,
    events: { emit: () => {} },
    budget,
    appendFlushes: async (_partition, some) => void flushes.push(some),
  }).open({ partition: 0, loadState: async () => stored } as unknown as AssignedPartition)
  const take = async (record: Pick<StoredRecord, 'value' | 'headers'>, timestampMs: number) => {
    const step = new Step()
    await worker.apply({ ...record, offset: 0n, timestampMs }, step)
    await worker.finish?.(step)
    for (const [key, bytes] of step.state) bytes === null ? state.delete(key) : state.set(key, bytes.slice())
    for (const { stream, record: output } of step.outputs) {
      if (stream === energy.name) rows.energy.push(...decodeRows(energy, output.value))
      if (stream === lateReadings.name) {
        rows.late.push(...decodeRows(lateReadings, output.value).map(row => String(row.Reason)))
      }
    }
  }
  return {
    flushes,
    state,
    rows,
    record: (some: readonly Reading[], timestampMs = NOON_MS) =>
      take({ value: encodeRows(readings, some), headers: {} }, timestampMs),
    flush: (flush: Flush) =>
      take({ value: Buffer.from(JSON.stringify(flush)), headers: { kind: 'flush' } }, NOON_MS),
    tick: async (nowMs: number) => worker.tick?.(nowMs),
    close: () => worker.close?.(),
  }
}

function told(): { readonly events: Events; readonly names: EventName[] } {
  const names: EventName[] = []
  return { names, events: { emit: name => void names.push(name) } }
}

const invented = (round: number, facts: Partial<Reading> = {}): Reading[] =>
  Array.from({ length: 100 }, (_, index) => energyAt(1, 5n, { Host: `new-${round}-${index}`, ...facts }))

it('stops growing at the bound and one poll beyond, while the books of the others balance', async () => {
  const { events, names } = told()
  const budget = new StateBudget(LIMIT, events)
  const worker = await workerOf(budget)
  await worker.record(BEGUN.map(row => ({ ...row, Tenant: 'other' })))
  let largest = 0
  for (let round = 0; round < 30; round++) {
    await worker.record(invented(round))
    const bytes = budget.samples().get('default') ?? 0
    if (round === 0) largest = bytes
    expect(bytes).toBeLessThan(LIMIT + largest)
  }
  const hosts = [...worker.state.keys()].filter(key => !key.startsWith('\u0000')).length
  expect(budget.capacityOf('default')).toBe('known')
  expect(names).toEqual(['meterFull'])
  expect(budget.notes()).toEqual([expect.stringContaining('metering.state_bytes')])
  await worker.record(REST.map(row => ({ ...row, Tenant: 'other' })))
  await worker.flush({ tenant: 'other', host: 'h1', untilUnixNano: at(180).toString() })
  expect(totalUj(worker.rows.energy)).toBe(3_600_000_000n)
  // Every reading is either in a series or counted.
  expect(worker.rows.late).toEqual(Array.from({ length: 3_000 - (hosts - 1) }, () => 'no_room'))
})

it('has room again when hosts are forgotten, and says so', async () => {
  const { events, names } = told()
  const budget = new StateBudget(LIMIT, events)
  const worker = await workerOf(budget)
  for (let round = 0; round < 10; round++) await worker.record(invented(round))
  expect(budget.capacityOf('default')).toBe('known')
  // Another partition's hosts take none of it any more once they are gone; nor do these after their retention.
  await worker.record([energyAt(0, 0n, { Tenant: 'other' })])
  for (const key of [...worker.state.keys()].filter(one => one.startsWith('default\u0000'))) {
    const host = key.slice('default\u0000'.length)
    await worker.flush({ tenant: 'default', host, untilUnixNano: at(180).toString(), forget: true })
  }
  const later = 3n * DAY_NANO
  await worker.record([energyAt(0, 9n, { Tenant: 'other', Timestamp: NOON + later })])
  expect(budget.samples().get('default')).toBeUndefined()
  expect(names).toEqual(['meterFull', 'meterHasRoom'])
  expect(budget.notes()).toEqual([])
  await worker.record(invented(99, { Timestamp: NOON + later }))
  expect(budget.samples().get('default')).toBeGreaterThan(0)
})

it('counts the same after a restart, and nothing of a partition that has gone elsewhere', async () => {
  const budget = new StateBudget(LIMIT, told().events)
  const worker = await workerOf(budget)
  await worker.record([...invented(1), ...WORKED_EXAMPLE])
  const before = new Map(budget.samples())
  worker.close()
  expect(budget.samples().size).toBe(0)
  await workerOf(budget, worker.state)
  expect(budget.samples()).toEqual(before)
})

it('flushes very many silent hosts in portions, each in one append', async () => {
  const worker = await workerOf(new StateBudget(Number.POSITIVE_INFINITY, told().events))
  for (let round = 0; round < 25; round++) await worker.record(invented(round))
  // Beyond the time for which new hosts wait for an answer about their names.
  for (let tick = 0; tick < 4; tick++) await worker.tick(NOON_MS + 4 * 3_600_000)
  expect(worker.flushes.map(({ length }) => length)).toEqual([1_000, 1_000, 500])
  expect(new Set(worker.flushes.flat().map(({ host }) => host)).size).toBe(2_500)
})
