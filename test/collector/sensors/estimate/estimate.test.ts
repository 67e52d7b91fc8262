/**
 * Guarantees: the estimate is the documented power curve in exact integers and never falls; it is always marked, with
 * its error band; processors are matched to the published table by the numbers that hypervisors do not change.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCpuInfo } from '../../../../collector/sensors/estimate/cpu-info.ts'
import {
  type EstimateInputs,
  estimateSensor,
  memoryEnergy,
  packageEnergy,
} from '../../../../collector/sensors/estimate/estimate.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { hostIdentity } from '../../../../collector/sensors/host/host-identity.ts'
import { AVERAGE_ROW, type CpuModel, POWER_ROWS, powerModelOf } from '../../../../core/books/cpu-families.ts'
import { curveEnergy, PICOJOULES } from '../../../../core/books/power-curve.ts'
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
  const during = (ticks: bigint, cpuTime: Partial<typeof zero>) =>
    packageEnergy(model, inputs({}), inputs({ uptimeTicks: ticks, cpuTime: { ...zero, ...cpuTime } }))

  test('idle: four CPUs for 100 s at 0.690 W; memory: 8 GiB at 0.392 W', () => {
    expect(during(10_000n, {})).toBe(276_000_000n * PICOJOULES)
    expect(memoryEnergy(inputs({ uptimeTicks: 10_000n }))).toBe(313_600_000n)
  })

  test('at full load it gives the full-load power; waiting, idle and stolen time add nothing', () => {
    const full = 4n * 100n * 4_063_000n * PICOJOULES
    expect(during(10_000n, { user: 300_000_000n, system: 100_000_000n })).toBe(full)
    expect(during(10_000n, { idle: 9n, iowait: 9n, steal: 9_000_000n })).toBe(276_000_000n * PICOJOULES)
    // The two files are not read at the same moment: no more than all CPUs can work.
    expect(during(10_000n, { user: 401_000_000n })).toBe(full)
  })

  test('between: the points of the curve, and straight lines between them', () => {
    // 0.690 + (4.063 - 0.690) x share, for 400 CPU seconds.
    const joules = (share: number) => BigInt(Math.round(400 * (690 + 3373 * share) * 1000))
    const points: readonly (readonly [busySeconds: bigint, share: number])[] = [
      [40n, 0.213],
      [200n, 0.686],
      [20n, 0.1065],
      [120n, 0.4495],
      [300n, 0.843],
    ]
    for (const [seconds, share] of points) {
      expect(during(10_000n, { user: seconds * 1_000_000n }) / PICOJOULES).toBe(joules(share))
    }
  })

  test('every curve rises from idle to full power, and parts of an interval at one load sum to the whole', () => {
    const rows = fc.constantFrom(...Object.values(POWER_ROWS))
    const loads = fc.tuple(fc.bigInt(0n, 10_000n), fc.bigInt(0n, 10_000n))
    fc.assert(
      fc.property(rows, loads, (power, [a, b]) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        const of = (busyUs: bigint, times = 1n) =>
          curveEnergy(power, { capacityUs: 10_000n * times, busyUs: busyUs * times })
        expect(of(low) <= of(high)).toBe(true)
        expect(of(0n)).toBe(power.idleMilliwatts * 10_000_000n)
        expect(of(10_000n)).toBe(power.maxMilliwatts * 10_000_000n)
        const apart = of(low, 7n) - 7n * of(low)
        expect(apart >= 0n && apart <= 7n * power.maxMilliwatts).toBe(true)
      }),
    )
  })
})

describe('estimateSensor', () => {
  test('two marked counters; other hardware, another run or a suspend is another counter', () => {
    const fixture = tree(machine(1000))
    const files = kernelFiles()
    const identity = hostIdentity(files, fixture.roots, 'acme', {})
    const open = (runId: string) => estimateSensor({ files, roots: fixture.roots, identity, runId })
    const sensor = open('r1')
    const first = sensor.read({ timestampUnixNano: 1n })
    expect(first.map(reading => [reading.Domain, reading.Value, reading.Quality, reading.Source])).toEqual([
      ['package-0', 0n, 'estimated', 'estimate:ccf'],
      ['dram-0', 784_000_000n, 'estimated', 'estimate:ccf'],
    ])
    expect(first.map(reading => reading.Attributes['error_band'])).toEqual(['0.35', '0.6'])
    // Ten seconds later, of whose 20 CPU seconds 2 s were busy: 20 x 0.690 W + 20 x 3.373 W x 0.213.
    fixture.write({
      ...machine(1010),
      'proc/stat': 'cpu  300 20 30 5800 50 6 7 8 90 10\ncpu0 1 0\ncpu1 1 0\n',
    })
    const second = sensor.read({ timestampUnixNano: 2n })
    expect(second[0]!.Value).toBe(13_800_000n + 14_368_980n)
    expect(second[0]!.BootId).toBe(first[0]!.BootId)
    const slept = sensor.read({ timestampUnixNano: 3n, suspends: 1 })
    const others = [slept, open('r2').read({ timestampUnixNano: 4n })]
    fixture.write({ 'proc/stat': 'cpu  300 0 0 0 0 0 0 0\ncpu0 1 0\ncpu1 1 0\ncpu2 1 0\n' })
    others.push(open('r1').read({ timestampUnixNano: 5n }))
    expect(new Set([first, ...others].map(([one]) => one!.BootId)).size).toBe(4)
  })

  test('a machine that does not identify itself gets the average row', () => {
    const fixture = tree({ ...machine(), 'proc/cpuinfo': '' })
    const files = kernelFiles()
    const identity = hostIdentity(files, fixture.roots, 'acme', {})
    expect(estimateSensor({ files, roots: fixture.roots, identity, runId: 'r' }).model).toEqual({
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
