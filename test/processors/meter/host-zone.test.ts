/**
 * Guarantees: rows say the zone that a host's readings said for that minute, through restarts, in any order of records, when
 * a host moves, and when its sources disagree; workloads do not carry the zone among their labels.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drive, energyAt, NOON_SECONDS, type Reading, workAt } from './support.ts'

const inZone = (zone: string): Partial<Reading> => ({
  Attributes: zone === '' ? {} : { 'wattline.zone': zone },
})

/** Zones by minute of what a run has booked. */
const zones = (run: ReturnType<typeof drive>): Record<number, string> =>
  Object.fromEntries(run.energy.map(row => [(row.WindowStart - NOON_SECONDS) / 60, row.Zone]))

const workload = (zone: string): Partial<Reading> => ({
  Attributes: { 'workload.name': 'a', ...(zone === '' ? {} : { 'wattline.zone': zone }) },
})

test.each([false, true])(
  'a host that moves has its old zone before, its new one after (restarts: %s)',
  roundTrip => {
    const run = drive({ roundTrip })
    run.record([energyAt(0, 0n, inZone('DE'))])
    run.record([energyAt(60, 600n, inZone('DE'))])
    // In the third minute it speaks of another zone; the second closes only afterwards.
    run.record([energyAt(125, 1200n, inZone('SE-SE3'))])
    run.record([energyAt(180, 1800n, inZone('SE-SE3'))])
    run.record([energyAt(240, 2400n, inZone('SE-SE3'))])
    run.flush(600)
    expect(zones(run)).toEqual({ 0: 'DE', 1: 'DE', 2: 'SE-SE3', 3: 'SE-SE3' })
  },
)

test('the first zone that is heard of holds for the minutes before, too', () => {
  const run = drive()
  run.record([energyAt(0, 0n), energyAt(60, 600n)])
  run.record([energyAt(80, 800n, inZone('FR'))])
  run.flush(600)
  expect(zones(run)).toEqual({ 0: 'FR', 1: 'FR' })
})

test('a host without a zone has none', () => {
  const run = drive()
  run.record([energyAt(0, 0n), energyAt(60, 600n)])
  run.flush(600)
  expect(zones(run)).toEqual({ 0: '' })
})

test('readings of workloads say the zone of their host, which is not among their labels', () => {
  const run = drive({ roundTrip: true })
  run.record([energyAt(0, 0n), workAt(0, 'A', 0n, workload('DE'))])
  run.record([energyAt(60, 600n), workAt(60, 'A', 5n, workload('DE'))])
  run.flush(600)
  expect(run.energy.map(row => row.Zone)).toEqual(run.energy.map(() => 'DE'))
  expect(run.energy.find(row => row.WorkloadId === 'A')?.Labels).toEqual({ 'workload.name': 'a' })
})

test('what the host says itself wins over its workloads while it goes on saying so', () => {
  const run = drive({ roundTrip: true })
  for (const second of [0, 60, 120]) {
    run.record([energyAt(second, BigInt(second), inZone('SE-SE3')), workAt(second, 'A', 0n, workload('DE'))])
  }
  run.flush(600)
  expect(zones(run)).toEqual({ 0: 'SE-SE3', 1: 'SE-SE3' })
  // For more than an hour only workloads speak of a zone.
  for (let minute = 3; minute < 70; minute += 1) {
    run.record([energyAt(minute * 60, BigInt(minute)), workAt(minute * 60, 'A', 0n, workload('DE'))])
  }
  expect(zones(run)).toMatchObject({ 30: 'SE-SE3', 61: 'SE-SE3', 64: 'DE', 66: 'DE' })
})

test('the order of rows within a record, repetitions and restarts change nothing', () => {
  const zone = fc.constantFrom('DE', 'SE-SE3', 'FR')
  const sample = fc.record({ second: fc.nat(600), zone, own: fc.boolean() })
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 8 }), fc.boolean(), (samples, roundTrip) => {
      const sorted = samples
        .toSorted((a, b) => a.second - b.second)
        // Of one instant and source one zone.
        .filter(
          (one, index, all) =>
            all.findIndex(other => other.second === one.second && other.own === one.own) === index,
        )
      const readings = sorted.map(({ second, zone: said, own }) =>
        own ? energyAt(second, BigInt(second), inZone(said)) : workAt(second, 'A', 0n, workload(said)),
      )
      const booked = (repeat: number, restarts: boolean) => {
        const run = drive({ roundTrip: restarts })
        for (const one of readings) for (let again = 0; again < repeat; again += 1) run.record([one])
        run.flush(1200)
        return zones(run)
      }
      expect(booked(2, roundTrip)).toEqual(booked(1, !roundTrip))
    }),
    { seed: 43, numRuns: 10 },
  )
})
