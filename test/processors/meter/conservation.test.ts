/**
 * Guarantees, on random hosts: every window's rows sum to what its meters counted; over all windows a counter gives last
 * - first; order, duplicates, record boundaries and crashes change neither rows nor bytes.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runs } from '../../support/runs.ts'
import { at, drive, energyAt, modeAt, type Reading, reading, totalUj, workAt } from './support.ts'

const counter = fc.array(fc.bigInt({ min: 0n, max: 50_000_000n }), { minLength: 2, maxLength: 14 })

/** Samples of a counter that starts anywhere and rises by random steps at random seconds. */
const rising = (make: (seconds: number, value: bigint) => Reading) =>
  fc
    .tuple(
      fc.bigInt({ min: 0n, max: 1n << 40n }),
      counter,
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 14, maxLength: 14 }),
    )
    .map(([start, steps, waits]) => {
      let value = start
      let milliseconds = 0
      return steps.map((step, index) => {
        value += index === 0 ? 0n : step
        milliseconds += waits[index]!
        return make(milliseconds / 1000, value)
      })
    })

const host = fc.record({
  package0: rising((s, v) => energyAt(s, v)),
  package1: rising((s, v) => energyAt(s, v, { Domain: 'package-1' })),
  dram: rising((s, v) => energyAt(s, v, { Domain: 'dram-0' })),
  user: rising((s, v) => modeAt(s, 'user', v)),
  // More CPUs than any step of a workload could fill: what is impossible is left out, see books.test.ts.
  idle: fc.constant(
    Array.from({ length: 57 }, (_, index) => modeAt(index * 10, 'idle', BigInt(index) * 40_960_000_000n)),
  ),
  a: rising((s, v) => workAt(s, 'A', v)),
  b: rising((s, v) => workAt(s, 'B', v)),
  memory: rising((s, v) =>
    reading({
      Quantity: 'memory',
      Domain: 'working_set',
      WorkloadKind: 'container',
      WorkloadId: 'A',
      Timestamp: at(s),
      Value: v,
    }),
  ),
  power: rising((s, v) =>
    reading({ Quantity: 'power', Domain: 'gpu-1', Timestamp: at(s), Value: v % 1_000_000n }),
  ),
})

const difference = (samples: readonly Reading[]): bigint => samples.at(-1)!.Value - samples[0]!.Value

test('all windows together hold exactly what the energy counters rose by', () => {
  fc.assert(
    fc.property(host, ({ power, ...series }) => {
      const run = drive()
      run.record(Object.values(series).flat())
      run.flush(3600)
      const metered = difference(series.package0) + difference(series.package1) + difference(series.dram)
      expect(totalUj(run.energy)).toBe(metered)
      const cpu = run.energy.reduce((total, row) => total + (row.Share === 'active' ? row.CpuUs : 0n), 0n)
      expect(cpu).toBe(difference(series.a) + difference(series.b))
      expect(run.late).toEqual([])
      expect(run.energy.every(row => row.EnergyUj >= 0n && row.Coverage >= 0 && row.Coverage <= 1)).toBe(true)
    }),
    { numRuns: runs(25) },
  )
})

test('order and duplicates within the lateness change no row', () => {
  const scene = host.chain(series => {
    const samples = Object.values(series).flat()
    const twice = [...samples, ...samples]
    return fc.record({
      samples: fc.constant(samples),
      shuffled: fc.shuffledSubarray(twice, { minLength: twice.length }),
      cut: fc.nat(twice.length),
    })
  })
  fc.assert(
    fc.property(scene, ({ samples, shuffled, cut }) => {
      // All samples lie within the lateness: windows close at the end, as the order is the only thing to differ.
      const options = { metering: { lateness: 3600 } }
      const [plain, mixed] = [drive(options), drive(options)]
      plain.record(samples)
      mixed.record(shuffled.slice(0, cut))
      mixed.record(shuffled.slice(cut))
      plain.flush(3600)
      mixed.flush(3600)
      expect(mixed.energy).toEqual(plain.energy)
      expect(mixed.late).toEqual([])
    }),
    { numRuns: runs(15) },
  )
})

/** Samples in order of time, cut into records: windows close on the way. */
const stream = fc.tuple(host, fc.array(fc.nat(120), { maxLength: 12 })).map(([series, cuts]) => {
  const samples = Object.values(series)
    .flat()
    .sort((a, b) => (a.Timestamp < b.Timestamp ? -1 : a.Timestamp > b.Timestamp ? 1 : 0))
  const edges = [0, ...cuts.filter(cut => cut < samples.length).sort((a, b) => a - b), samples.length]
  return edges.slice(1).map((edge, index) => samples.slice(edges[index], edge))
})

test('a crash after any record gives the same rows and the same bytes', () => {
  fc.assert(
    fc.property(stream, records => {
      const [steady, crashing] = [drive(), drive({ roundTrip: true })]
      for (const record of records) {
        steady.record(record)
        crashing.record(record)
        expect(crashing.bytes()).toEqual(steady.bytes())
      }
      steady.flush(3600)
      crashing.flush(3600)
      expect(crashing.energy).toEqual(steady.energy)
      expect(crashing.late).toEqual(steady.late)
      expect(crashing.bytes()).toEqual(steady.bytes())
    }),
    { numRuns: runs(15) },
  )
})

test('what windows and late parts hold is together what the counters rose by, however slow a meter is', () => {
  fc.assert(
    fc.property(stream, records => {
      const run = drive({ metering: { lateness: 0 } })
      for (const record of records) run.record(record)
      run.flush(7200)
      const samples = records.flat()
      const energySamples = samples.filter(({ Quantity }) => Quantity === 'energy')
      const rose = [...new Set(energySamples.map(({ Domain }) => Domain))]
        .map(domain => difference(energySamples.filter(({ Domain }) => Domain === domain)))
        .reduce((a, b) => a + b, 0n)
      const late = run.late.filter(({ Quantity }) => Quantity === 'energy')
      const gpu = run.energy.filter(({ Component }) => Component === 'gpu')
      const metered = totalUj(run.energy) - totalUj(gpu)
      expect(metered + late.reduce((total, { Value }) => total + Value, 0n)).toBe(rose)
    }),
    { numRuns: runs(25) },
  )
})

test('a wrapping counter gives the same as one that never wraps', () => {
  fc.assert(
    fc.property(
      rising((s, v) => energyAt(s, v)),
      samples => {
        const range = 60_000_000n
        const wrapped = samples.map(sample => ({ ...sample, Value: sample.Value % range, RangeMax: range }))
        const [plain, wrapping] = [drive(), drive()]
        plain.record(samples)
        wrapping.record(wrapped)
        plain.flush(3600)
        wrapping.flush(3600)
        expect(wrapping.energy).toEqual(plain.energy)
      },
    ),
    { numRuns: runs(25) },
  )
})
