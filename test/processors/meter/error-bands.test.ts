/**
 * Guarantees: rows carry how far off their energy may be, as far as its meters are known, and null where that is not published;
 * bands of a window add up to at least what its meters may be off; stored state keeps what meters state.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { drive, energyAt, modeAt, type Reading, WORKED_EXAMPLE, workAt } from './support.ts'

const bands = (rows: readonly EnergyRow[]): string[] =>
  rows.map(row => [row.Component, row.Share, row.WorkloadId || '-', row.EnergyErrorUj].join(' '))
const estimated = { Quality: 'estimated', Source: 'estimate:ccf', Attributes: { error_band: '0.35' } }
const stated = (facts: Partial<Reading>): readonly Reading[] =>
  WORKED_EXAMPLE.map(row => (row.Quantity === 'energy' ? { ...row, ...facts } : row))

test('of estimates: that of their model, by the energy of each row, also after the state was stored', () => {
  for (const roundTrip of [false, true]) {
    const run = drive({ roundTrip })
    const rows = stated(estimated)
    run.record(rows.filter(row => row.Timestamp % 2n === 0n).slice(0, 4))
    run.record(rows)
    run.flush(60)
    expect(bands(run.energy)).toEqual([
      'cpu active A 157500000',
      'cpu active B 78750000',
      'cpu idle - 945000000',
      'cpu unattributed - 78750000',
    ])
    expect(run.energy.every(row => row.EnergyQuality === 'estimated')).toBe(true)
  }
})

test('of meters without a published bound: unknown, and of one that states its own: that', () => {
  const run = drive()
  run.record(WORKED_EXAMPLE)
  run.flush(60)
  expect(run.energy.map(row => row.EnergyErrorUj)).toEqual([null, null, null, null])
  const meter = drive()
  meter.record(stated({ Source: 'otlp:hw.energy', Attributes: { error_band: '0.0105' } }))
  meter.flush(60)
  expect(meter.energy[0]!.EnergyErrorUj).toBe(4_725_000n)
  const nonsense = drive()
  nonsense.record(stated({ Attributes: { error_band: '-1' } }))
  nonsense.flush(60)
  expect(nonsense.energy[0]!.EnergyErrorUj).toBe(null)
})

test('of boards read through NVML: 5 %, also where power stands for energy', () => {
  const run = drive()
  const board = { Domain: 'gpu-1', Source: 'dcgm:DCGM_FI_DEV_POWER_USAGE', Quantity: 'power' } as const
  run.record([energyAt(0, 100_000n, board), energyAt(60, 100_000n, board)])
  run.flush(60)
  expect(bands(run.energy)).toEqual(['gpu unattributed - 300000000'])
})

test('over a gap a minute is only claimed to lie between nothing and twice its share', () => {
  const run = drive({ metering: { gap: 60 } })
  run.record([energyAt(0, 0n, estimated), energyAt(180, 300n, estimated)])
  run.flush(180)
  expect(run.energy.map(row => [row.EnergyUj, row.EnergyErrorUj])).toEqual([
    [100n, 100n],
    [100n, 100n],
    [100n, 100n],
  ])
})

test("of the rest of a host's meter: that meter's and its children's; of skew the same", () => {
  const host = { Domain: 'host', Attributes: { error_band: '0.01' } }
  const children = { Attributes: { error_band: '0.1' } }
  const run = drive()
  run.record([
    ...[energyAt(0, 0n, host), energyAt(60, 1_000n, host), energyAt(120, 1_500n, host)],
    ...[energyAt(0, 0n, children), energyAt(60, 600n, children), energyAt(120, 1_400n, children)],
  ])
  run.flush(120)
  const rows = run.energy.map(row => [row.Component, row.Share, row.EnergyUj, row.EnergyErrorUj].join(' '))
  // 1 % of 1,000 and 10 % of 600; in the second minute 1 % of 500 and 10 % of 800.
  expect(rows).toEqual([
    ...['cpu unattributed 600 60', 'other unattributed 400 70'],
    ...['cpu unattributed 800 80', 'other unattributed 0 0', 'other skew -300 85'],
  ])
})

test('bands of the rows of a window sum to at least the band of its meters, and to less than a unit a row more', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 9n })
  fc.assert(
    fc.property(
      amount,
      fc.integer({ min: 0, max: 10 ** 6 }),
      fc.array(amount, { maxLength: 6 }),
      (uj, ppm, work) => {
        const run = drive()
        const meter = { Attributes: { error_band: String(ppm / 1e6) } }
        const busy = work.reduce((sum, us) => sum + us, 0n)
        run.record([
          ...[
            energyAt(0, 0n, meter),
            energyAt(60, uj, meter),
            modeAt(0, 'user', 0n),
            modeAt(60, 'user', busy),
          ],
          ...[modeAt(0, 'idle', 0n), modeAt(60, 'idle', 10n ** 9n)],
          ...work.flatMap((us, index) => [workAt(0, `w${index}`, 0n), workAt(60, `w${index}`, us)]),
        ])
        run.flush(60)
        const sum = run.energy.reduce((total, row) => total + row.EnergyErrorUj!, 0n)
        const band = uj * BigInt(ppm)
        expect(sum * 1_000_000n >= band).toBe(true)
        expect(sum * 1_000_000n - band < 1_000_000n * BigInt(run.energy.length + 1)).toBe(true)
      },
    ),
    { numRuns: 60 },
  )
})

test('rows say where workloads showed more CPU time than the host was busy', () => {
  const run = drive()
  run.record([...WORKED_EXAMPLE, workAt(0, 'C', 0n), workAt(60, 'C', 100_000_000n)])
  run.flush(60)
  expect(run.energy.map(row => [row.OverBusy, row.Method])).toEqual(
    run.energy.map(() => [true, 'ratio+over_busy']),
  )
})
