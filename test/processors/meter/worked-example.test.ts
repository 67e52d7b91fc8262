/** Guarantees: the worked example of the accounting rules to the last digit, however its samples arrive. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drive, energyAt, grid, modeAt, WORKED_EXAMPLE, WORKED_EXAMPLE_ROWS, workAt } from './support.ts'

test('one record and a flush give exactly the rows of the example', () => {
  const run = drive()
  run.record(WORKED_EXAMPLE)
  expect(run.energy).toEqual([])
  run.flush(60)
  expect(grid(run.energy)).toEqual(WORKED_EXAMPLE_ROWS)
  expect(run.energy[0]).toEqual({
    Tenant: 'default',
    Host: 'h1',
    HostName: 'one',
    WindowStart: 1_767_268_800,
    WorkloadKind: 'container',
    WorkloadId: 'A',
    WorkloadName: 'name of A',
    Namespace: '',
    Component: 'cpu',
    Share: 'active',
    EnergyUj: 450_000_000n,
    CpuUs: 60_000_000n,
    MemoryByteSeconds: 0n,
    GpuUs: 0n,
    Coverage: 1,
    EnergyQuality: 'measured',
    EnergySource: 'test',
    Method: 'ratio',
    IdlePolicy: 'none',
    Boundary: 'components',
    Labels: { 'workload.name': 'name of A' },
    Zone: '',
    CapacityUs: 480_000_000n,
    EnergyErrorUj: null,
    OverBusy: false,
    CpuRequestUs: 0n,
    MemoryRequestByteSeconds: 0n,
    GpuRequestUs: 0n,
    IdleSharedUj: 0n,
    IdleBeforeUj: 0n,
    GpuReservedIdleUs: 0n,
    GpuCapacityUs: 0n,
    GpuIdlePower: '',
  })
  expect(run.energy.map(row => row.CpuUs)).toEqual([60_000_000n, 30_000_000n, 0n, 30_000_000n])
  expect(run.late).toEqual([])
})

test('each sample twice, in any order, cut into records anywhere, stored and loaded between them: the same', () => {
  const twice = [...WORKED_EXAMPLE, ...WORKED_EXAMPLE]
  const shuffled = fc.shuffledSubarray(twice, { minLength: twice.length })
  const cuts = fc.array(fc.nat(twice.length), { maxLength: 6 })
  fc.assert(
    fc.property(shuffled, cuts, fc.boolean(), (samples, where, roundTrip) => {
      const run = drive({ roundTrip })
      const edges = [0, ...where.sort((a, b) => a - b), samples.length]
      edges.slice(1).forEach((edge, index) => {
        run.record(samples.slice(edges[index], edge))
      })
      run.flush(60)
      expect(grid(run.energy)).toEqual(WORKED_EXAMPLE_ROWS)
      expect(run.late).toEqual([])
    }),
    { numRuns: 60 },
  )
})

test('later readings close the window once they are beyond its end by the lateness', () => {
  const run = drive()
  run.record(WORKED_EXAMPLE)
  run.record([energyAt(89.999999999, 5_000_000_000n)])
  expect(run.energy).toEqual([])
  run.record([energyAt(90, 5_000_000_000n)])
  expect(grid(run.energy)).toEqual(WORKED_EXAMPLE_ROWS)
})

test('a case that does not divide evenly sums to the meter', () => {
  const run = drive()
  run.record([
    energyAt(0, 0n),
    energyAt(60, 1_000_000_007n),
    modeAt(0, 'user', 0n),
    modeAt(60, 'user', 7_000_000n),
    modeAt(0, 'idle', 0n),
    modeAt(60, 'idle', 413_000_000n),
    workAt(0, 'A', 0n),
    workAt(60, 'A', 3_000_000n),
    workAt(0, 'B', 0n),
    workAt(60, 'B', 1_000_000n),
  ])
  run.flush(60)
  expect(grid(run.energy)).toEqual([
    'cpu active A 7142857',
    'cpu active B 2380953',
    'cpu idle - 983333340',
    'cpu unattributed - 7142857',
  ])
})
