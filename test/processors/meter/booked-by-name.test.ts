/**
 * Guarantees: what stands in the ledger under a machine's name is not booked again under its id, however readings of many minutes
 * come (a backfill, a queue that an agent had kept), whichever partition is ahead of the others; what that leaves out is in
 * late_readings.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { runs } from '../../support/runs.ts'
import { fleet, NOON_MS } from './fleet.ts'
import { energyAt, modeAt, type Reading, reading } from './support.ts'

const ID = { Host: 'machine-id-1', HostName: 'node-1', Source: 'otlp:hw.energy' }
const NAME = { Host: 'node-1', HostName: 'node-1', Source: 'kepler:kepler_node_cpu_joules_total' }
const MINUTES = 10
const MINUTE_UJ = 3_600_000_000n
/** Long after all of it was measured. */
const LATER_S = 7200

/** 60 W of the same package by both; 20 W of an accelerator that the name alone tells of. */
const byId = (seconds: number): Reading[] => [
  energyAt(seconds, BigInt(seconds) * 60_000_000n, ID),
  modeAt(seconds, 'user', BigInt(seconds) * 2_000_000n, ID),
  modeAt(seconds, 'idle', BigInt(seconds) * 6_000_000n, ID),
]
const byName = (seconds: number): Reading[] => [
  energyAt(seconds, BigInt(seconds) * 60_000_000n + 7n, NAME),
  reading({
    ...NAME,
    Quantity: 'power',
    Domain: 'gpu-0',
    Timestamp: energyAt(seconds, 0n).Timestamp,
    Value: 20_000n,
  }),
]
const every15s = (make: (seconds: number) => Reading[], from = 0, to = MINUTES * 60): Reading[] =>
  Array.from({ length: (to - from) / 15 + 1 }, (_, at) => make(from + at * 15)).flat()

/** Of each minute what was booked of a component, over all hosts. */
const booked = (rows: readonly EnergyRow[], component: string): bigint[] =>
  Array.from({ length: MINUTES }, (_, minute) =>
    rows
      .filter(row => row.WindowStart === NOON_MS / 1000 + minute * 60 && row.Component === component)
      .reduce((sum, row) => sum + row.EnergyUj, 0n),
  )

describe.each([1, 2, 7])('over %i partitions', partitions => {
  test('all under the name, then all under the id, in one record each', async () => {
    const { record, flush, rows, late, events } = await fleet(partitions)
    await record(every15s(byName), LATER_S)
    await flush(NAME.Host, MINUTES * 60)
    await record(every15s(byId), LATER_S + 1)
    await flush(ID.Host, MINUTES * 60 + 60)
    expect(booked(rows, 'cpu')).toEqual(Array(MINUTES).fill(MINUTE_UJ))
    expect(events.filter(name => name === 'hostBookedByName')).toHaveLength(1)
    const left = late.filter(
      row => row.Host === ID.Host && row.Quantity === 'energy' && row.Reason === 'closed',
    )
    expect(left.map(({ Value }) => Value)).toEqual(Array(MINUTES).fill(MINUTE_UJ))
  })

  test('a machine that is metered by its name, and says its id at last, misses nothing of the minute', async () => {
    const { record, flush, rows, late } = await fleet(partitions)
    for (let seconds = 0; seconds <= MINUTES * 60; seconds += 15) {
      await record(byName(seconds), seconds)
      if (seconds >= 250) await record(byId(seconds), seconds)
    }
    await flush(ID.Host, MINUTES * 60)
    expect(booked(rows, 'cpu')).toEqual(Array(MINUTES).fill(MINUTE_UJ))
    expect(booked(rows, 'gpu')).toEqual(Array(MINUTES).fill(1_200_000_000n))
    expect(late).toEqual([])
  })

  test('and one whose agent of the id had kept the last minutes', async () => {
    const { record, flush, rows } = await fleet(partitions)
    for (let seconds = 0; seconds <= MINUTES * 60; seconds += 15) {
      await record(byName(seconds), seconds)
      if (seconds === 255) await record(every15s(byId, 0, 240), seconds)
      if (seconds >= 255) await record(byId(seconds), seconds)
    }
    await flush(ID.Host, MINUTES * 60)
    expect(booked(rows, 'cpu')).toEqual(Array(MINUTES).fill(MINUTE_UJ))
    expect(booked(rows, 'gpu')).toEqual(Array(MINUTES).fill(1_200_000_000n))
  })
})

/** Cuts readings into records of random size. */
const cut = (rows: readonly Reading[], sizes: readonly number[]): Reading[][] => {
  const records: Reading[][] = []
  for (let from = 0, at = 0; from < rows.length; at++) {
    const size = sizes[at % sizes.length]!
    records.push(rows.slice(from, from + size))
    from += size
  }
  return records
}

test('whichever worker is ahead, no minute is booked twice', async () => {
  const sizes = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      sizes,
      sizes,
      fc.integer({ min: 0, max: 30 }),
      fc.array(fc.nat(1_000), { minLength: 50, maxLength: 50 }),
      async (partitions, namesSizes, idsSizes, alone, dice) => {
        let thrown = 0
        const pick = (waiting: number): number => dice[thrown++ % dice.length]! % waiting
        const { record, flush, read, rows, late, restart } = await fleet(partitions, pick)
        const [names, ids] = [cut(every15s(byName), namesSizes), cut(every15s(byId), idsSizes)]
        let seconds = LATER_S
        for (const some of names.splice(0, alone)) await record(some, seconds++)
        await read(dice[0]! % 8)
        while (names.length + ids.length > 0) {
          for (const from of [names, ids]) {
            const some = from.shift()
            if (some !== undefined) await record(some, seconds++)
          }
          if (dice[thrown % dice.length]! % 3 === 0) await read(dice[thrown % dice.length]! % 5)
        }
        await read(3)
        await restart()
        await read()
        for (const host of [NAME.Host, ID.Host]) await flush(host, MINUTES * 60)
        await read()
        const lateIn = (minute: number): boolean =>
          late.some(row => row.WindowStart === NOON_MS / 1000 + minute * 60 && row.Quantity !== 'cpu_time')
        for (const [component, minuteUj] of [
          ['cpu', MINUTE_UJ],
          ['gpu', 1_200_000_000n],
        ] as const) {
          for (const [minute, uj] of booked(rows, component).entries()) {
            // What is not booked is told.
            expect(
              uj === minuteUj || (uj < minuteUj && lateIn(minute)),
              `${component} ${minute}: ${uj}`,
            ).toBe(true)
          }
        }
      },
    ),
    { numRuns: runs(12), seed: 20261130 },
  )
})
