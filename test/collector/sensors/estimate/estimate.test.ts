/**
 * Guarantees: the estimate is the documented linear model in exact integers, computed only from what the kernel
 * remembers, so it never falls and no restart loses anything; it is always marked, with its error band; processors are
 * matched to the published table by the numbers that hypervisors do not change.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AVERAGE_ROW,
  type CpuModel,
  POWER_ROWS,
  parseCpuInfo,
  powerModelOf,
} from '../../../../collector/sensors/estimate/cpu-families.ts'
import {
  type EstimateInputs,
  estimateSensor,
  memoryEnergy,
  packageEnergy,
} from '../../../../collector/sensors/estimate/estimate.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { machine, tree } from '../tree.ts'

const zero = { user: 0n, nice: 0n, system: 0n, idle: 0n, iowait: 0n, interrupt: 0n, softirq: 0n, steal: 0n }
const model = { ...POWER_ROWS.cascadeLake, errorBand: '0.35' }
const inputs = (more: Partial<EstimateInputs>): EstimateInputs => ({
  uptimeTicks: 0n,
  cpus: 4n,
  cpuTime: zero,
  memoryKib: 8n * 1_048_576n,
  ...more,
})

describe('the model', () => {
  test('idle: four CPUs for 100 s at 0.690 W; memory: 8 GiB at 0.392 W', () => {
    const idle = inputs({ uptimeTicks: 10_000n })
    expect(packageEnergy(model, idle)).toBe(276_000_000n)
    expect(memoryEnergy(idle)).toBe(313_600_000n)
  })

  test('at full load it gives the full-load power; waiting, idle and stolen time add nothing', () => {
    const full = inputs({
      uptimeTicks: 10_000n,
      cpuTime: { ...zero, user: 300_000_000n, system: 100_000_000n },
    })
    expect(packageEnergy(model, full)).toBe(4n * 100n * 4_063_000n)
    const other = inputs({
      uptimeTicks: 10_000n,
      cpuTime: { ...zero, idle: 9n, iowait: 9n, steal: 9_000_000n },
    })
    expect(packageEnergy(model, other)).toBe(276_000_000n)
  })

  test('never falls while uptime and busy time rise', () => {
    const step = fc.record({ ticks: fc.bigInt(0n, 500n), busyUs: fc.bigInt(0n, 20_000_000n) })
    fc.assert(
      fc.property(fc.array(step), fc.constantFrom(...Object.values(POWER_ROWS)), (steps, power) => {
        let at = inputs({})
        for (const { ticks, busyUs } of steps) {
          const next = inputs({
            uptimeTicks: at.uptimeTicks + ticks,
            cpuTime: { ...zero, user: at.cpuTime.user + busyUs },
          })
          const estimated = { ...power, errorBand: '0' }
          expect(packageEnergy(estimated, next) >= packageEnergy(estimated, at)).toBe(true)
          expect(memoryEnergy(next) >= memoryEnergy(at)).toBe(true)
          at = next
        }
      }),
    )
  })
})

describe('estimateSensor', () => {
  test('two marked counters, from files alone; other hardware is another counter', () => {
    const fixture = tree(machine(1000))
    const files = kernelFiles()
    const identity = hostIdentity(files, fixture.roots, 'acme', {})
    const open = () => estimateSensor({ files, roots: fixture.roots, identity })
    const first = open().read({ timestampUnixNano: 1n })
    expect(first.map(reading => [reading.Domain, reading.Value, reading.Quality, reading.Source])).toEqual([
      // 2 CPUs x 1,000 s x 0.690 W, and 1.63 s busy x 3.373 W
      ['package-0', 1_380_000_000n + 5_497_990n, 'estimated', 'estimate:ccf'],
      ['dram-0', 784_000_000n, 'estimated', 'estimate:ccf'],
    ])
    expect(first.map(reading => reading.Attributes['error_band'])).toEqual(['0.35', '0.6'])
    // A restart of the process changes nothing.
    expect(open().read({ timestampUnixNano: 1n })).toEqual(first)
    fixture.write({ 'proc/stat': 'cpu  163 0 0 0 0 0 0 0\ncpu0 1 0\ncpu1 1 0\ncpu2 1 0\n' })
    expect(open().read({ timestampUnixNano: 1n })[0]!.BootId).not.toBe(first[0]!.BootId)
  })

  test('a machine that does not identify itself gets the average row', () => {
    const fixture = tree({ ...machine(), 'proc/cpuinfo': '' })
    const files = kernelFiles()
    const identity = hostIdentity(files, fixture.roots, 'acme', {})
    expect(estimateSensor({ files, roots: fixture.roots, identity }).model).toEqual({
      ...AVERAGE_ROW,
      errorBand: '0.6',
    })
  })
})

describe('families', () => {
  const INTEL = 'GenuineIntel'
  const AMD = 'AuthenticAMD'
  test.each<[string, number, number, number, string, string]>([
    [INTEL, 6, 45, 7, 'Sandy Bridge', '0.35'],
    [INTEL, 6, 62, 4, 'Ivy Bridge', '0.35'],
    [INTEL, 6, 63, 2, 'Haswell', '0.35'],
    [INTEL, 6, 79, 1, 'Broadwell', '0.35'],
    [INTEL, 6, 85, 4, 'Skylake', '0.35'],
    [INTEL, 6, 85, 7, 'Cascade Lake', '0.35'],
    [INTEL, 6, 158, 10, 'Coffee Lake', '0.35'],
    [INTEL, 6, 106, 6, 'Ice Lake', '0.35'],
    [INTEL, 6, 143, 8, 'Sapphire Rapids', '0.35'],
    [INTEL, 6, 207, 2, 'Emerald Rapids', '0.35'],
    [INTEL, 6, 173, 1, 'Granite Rapids', '0.35'],
    [AMD, 23, 1, 2, 'EPYC 1st Gen', '0.35'],
    [AMD, 23, 49, 0, 'EPYC 2nd Gen', '0.35'],
    [AMD, 25, 1, 1, 'EPYC 3rd Gen', '0.35'],
    [AMD, 25, 17, 1, 'EPYC 4th Gen', '0.35'],
    [AMD, 26, 2, 1, 'EPYC 4th Gen', '0.6'],
    [AMD, 99, 1, 1, 'average', '0.6'],
    [INTEL, 25, 1, 1, 'average', '0.6'],
    ['', -1, -1, -1, 'average', '0.6'],
  ])('%s family %i model %i stepping %i is %s ±%s', (vendor, family, number, stepping, expected, band) => {
    const cpu: CpuModel = { vendor, family, model: number, stepping, part: '' }
    expect([powerModelOf(cpu).family, powerModelOf(cpu).errorBand]).toEqual([expected, band])
  })

  test('ARM servers are identified by implementer and part', () => {
    const cpu = parseCpuInfo('processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n')
    expect(powerModelOf(cpu).family).toBe('Graviton')
  })

  test('every row draws more at full load than idle, and rows that are used lie within the wide band at full load', () => {
    for (const power of Object.values(POWER_ROWS)) {
      expect(power.maxMilliwatts).toBeGreaterThan(power.idleMilliwatts)
    }
    const modern = [
      POWER_ROWS.haswell,
      POWER_ROWS.broadwell,
      POWER_ROWS.skylake,
      POWER_ROWS.iceLake,
      POWER_ROWS.epyc2,
      POWER_ROWS.epyc4,
    ]
    for (const power of modern) {
      const ratio = Number(power.maxMilliwatts) / Number(AVERAGE_ROW.maxMilliwatts)
      expect(Math.abs(ratio - 1)).toBeLessThanOrEqual(0.6)
    }
  })
})
