/**
 * Guarantees: hosts that send CPU time alone get an estimate by their family's power curve where the configuration names
 * them, marked, with its error band, and split like measured energy; never beside a meter that includes the processors.
 */
import { describe, expect, test } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { drive, energyAt, grid, modeAt, type Reading, totalUj, workAt } from './support.ts'

/** Four CPUs for a minute, of whose 240 s 24 were busy: 18 by A, 6 by nobody known. */
const CPU: readonly Reading[] = [
  modeAt(0, 'user', 0n),
  modeAt(60, 'user', 24_000_000n),
  modeAt(0, 'idle', 0n),
  modeAt(60, 'idle', 216_000_000n),
  workAt(0, 'A', 0n),
  workAt(60, 'A', 18_000_000n),
]

type Estimates = (typeof configSchema)['_output']['metering']['estimates']
const estimatesOf = (estimates: readonly object[]): Estimates =>
  configSchema.parse({ metering: { estimates } }).metering.estimates

function minute(estimates: readonly object[], readings: readonly Reading[] = CPU) {
  const run = drive({ metering: { estimates: estimatesOf(estimates) } })
  run.record(readings)
  run.flush(60)
  return run.energy
}

describe('a host that sends CPU time alone', () => {
  test('is not estimated unless it is named', () => {
    for (const estimates of [[], [{ hosts: ['vm-*'] }], [{ tenants: ['other'] }]]) {
      const rows = minute(estimates)
      expect([totalUj(rows), new Set(rows.map(row => row.EnergyQuality))]).toEqual([0n, new Set(['none'])])
    }
  })

  test('gets the energy of its family at its load, split as if it were measured', () => {
    const rows = minute([{ hosts: ['one'], family: 'Cascade Lake' }])
    // 240 s x (0.690 W + 3.373 W x 0.213) = 338.02776 J; a tenth of it active, three quarters of that by A.
    expect(grid(rows)).toEqual([
      'cpu active A 25352082',
      'cpu idle - 304224984',
      'cpu unattributed - 8450694',
    ])
    expect(totalUj(rows)).toBe(338_027_760n)
    const [row] = rows
    expect([row!.EnergyQuality, row!.EnergySource, row!.Coverage, row!.Boundary]).toEqual([
      'estimated',
      'estimate:cpu_time',
      1,
      'components',
    ])
    const band = rows.reduce((sum, { EnergyErrorUj }) => sum + (EnergyErrorUj ?? 0n), 0n)
    expect(band >= (totalUj(rows) * 35n) / 100n && band <= (totalUj(rows) * 35n) / 100n + 4n).toBe(true)
  })

  test('by the first rule that names it, with figures of its own', () => {
    const rules = [
      { hosts: ['h2'] },
      { tenants: ['def*'], idle_watts: 1, max_watts: 2 },
      { family: 'Haswell' },
    ]
    // 240 s x (1 W + 1 W x 0.224)
    expect(totalUj(minute(rules))).toBe(293_760_000n)
  })

  test('for the part of the minute that its CPU times cover', () => {
    const half = [
      modeAt(0, 'user', 0n),
      modeAt(30, 'user', 30_000_000n),
      modeAt(0, 'idle', 0n),
      modeAt(30, 'idle', 0n),
    ]
    const rows = minute([{ idle_watts: 1, max_watts: 2 }], half)
    expect([totalUj(rows), rows[0]!.Coverage]).toEqual([60_000_000n, 0.5])
  })
})

describe('beside meters', () => {
  const named = [{ hosts: ['*'] }]
  const metered = (domain: string) =>
    minute(named, [...CPU, energyAt(0, 0n, { Domain: domain }), energyAt(60, 6_000_000n, { Domain: domain })])

  test.each(['host', 'package-1', 'core-0', 'psys'])('%s: no estimate', domain => {
    expect(totalUj(metered(domain))).toBe(6_000_000n)
  })

  test.each(['gpu-1', 'dram-0'])('%s does not include the processors', domain => {
    const rows = metered(domain)
    // The average row: 240 s x (0.740 W + 2.760 W x 0.224) = 325.9776 J.
    expect(totalUj(rows)).toBe(6_000_000n + 325_977_600n)
    expect(totalUj(rows.filter(row => row.EnergyQuality === 'measured'))).toBe(6_000_000n)
  })
})
