/**
 * Guarantees: of several meters of a whole host one counts, the one that encloses most; its counter or its gauge, whichever
 * saw the minute; processors, memory and devices inside it are never added; what they leave is `other`, what they exceed
 * it by is signed skew; and each minute sums to the differences of the meter that counts.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareSources, isPowerBetter } from '../../../core/books/source-choice.ts'
import { at, drive, energyAt, modeAt, type Reading, reading, totalUj } from './support.ts'

const STEPS = [0, 10, 20, 30, 40, 50, 60]

const cpu = (seconds: number): Reading[] => [
  modeAt(seconds, 'user', BigInt(seconds) * 1_000_000n),
  modeAt(seconds, 'idle', BigInt(seconds) * 3_000_000n),
]
const power = (source: string, milliwatts: bigint, times: readonly number[] = STEPS): Reading[] =>
  times.map(seconds =>
    reading({
      Quantity: 'power',
      Domain: 'host',
      Source: source,
      BootId: '',
      Timestamp: at(seconds),
      Value: milliwatts,
    }),
  )
const counter = (domain: string, watts: bigint, facts: Partial<Reading> = {}, times = STEPS): Reading[] =>
  times.map(seconds => energyAt(seconds, BigInt(seconds) * watts * 1_000_000n, { Domain: domain, ...facts }))

function minute(...readings: (readonly Reading[])[]) {
  const run = drive()
  run.record([...readings.flat(), ...STEPS.flatMap(cpu)])
  run.flush(60)
  const joules = (component: string) =>
    Number(totalUj(run.energy.filter(row => row.Component === component))) / 1e6
  return {
    total: Number(totalUj(run.energy)) / 1e6,
    joules,
    boundary: [...new Set(run.energy.map(row => row.Boundary))],
    sources: [...new Set(run.energy.map(row => row.EnergySource))],
    skew: Number(totalUj(run.energy.filter(row => row.Share === 'skew'))) / 1e6,
  }
}

describe('a controller above RAPL', () => {
  const inside = [
    counter('package-0', 60n),
    counter('package-1', 50n),
    counter('dram-0', 20n),
    counter('gpu-1', 70n),
  ]

  test('counts once: what its parts leave is other', () => {
    const found = minute(power('redfish', 300_000n), ...inside)
    expect(found).toMatchObject({ total: 18_000, skew: 0, boundary: ['host'] })
    expect(['cpu', 'dram', 'gpu', 'other'].map(found.joules)).toEqual([6_600, 1_200, 4_200, 6_000])
  })

  test('below its parts: signed skew, and the sum is still the controller', () => {
    const found = minute(power('ipmi', 150_000n), ...inside)
    expect(found).toMatchObject({ total: 9_000, skew: -3_000 })
  })
})

describe('several meters of one host', () => {
  const all: readonly (readonly [string, bigint])[] = [
    ['pdu', 320_000n],
    ['redfish', 310_000n],
    ['ipmi', 305_000n],
    ['prometheus:ipmi_dcmi_power_consumption_watts', 304_000n],
    ['hwmon', 300_000n],
    ['rapl:psys', 200_000n],
    ['battery', 190_000n],
  ]

  test.each(all.map(([source], index) => [source, index] as const))(
    '%s before those inside it',
    (source, index) => {
      const found = minute(
        ...all
          .slice(index)
          .toReversed()
          .map(([name, watts]) => power(name, watts)),
      )
      expect(found.total).toBe(Number(all[index]![1]) * 0.06)
      expect(found.sources).toEqual([source])
    },
  )

  test('one that saw more of the minute counts', () => {
    const found = minute(power('redfish', 310_000n, [40, 50, 60]), power('hwmon', 300_000n))
    expect(found.total).toBe(18_000)
  })

  test('a counter counts before a gauge of the same meter', () => {
    expect(minute(power('redfish', 310_000n), counter('host', 305n, { Source: 'redfish' })).total).toBe(
      18_300,
    )
  })

  test('a counter that has just appeared does not take the minute from a gauge', () => {
    const late = counter('host', 305n, { Source: 'redfish' }, [50, 60])
    expect(minute(power('redfish', 310_000n), late).total).toBe(18_600)
  })

  test('a counter of a part of the board does not take the place of the controller', () => {
    const psys = counter('host', 120n, { Source: 'rapl:psys' })
    expect(minute(power('redfish', 310_000n), psys).total).toBe(18_600)
  })

  test('an estimate never takes the place of a measurement', () => {
    const estimate = counter('host', 305n, { Source: 'model', Quality: 'estimated' })
    expect(minute(power('battery', 10_000n), estimate).total).toBe(600)
  })
})

test('the choice is an order, whatever is compared', () => {
  const one = fc.record({
    source: fc.constantFrom(
      'pdu',
      'redfish',
      'ipmi',
      'ipmi:local',
      'hwmon',
      'rapl:psys',
      'battery',
      'kepler:x',
      'a',
    ),
    quality: fc.constantFrom('measured', 'estimated'),
    seenNs: fc.constantFrom(0, 30, 60),
  })
  fc.assert(
    fc.property(one, one, one, (a, b, c) => {
      expect(Math.sign(compareSources(a, b))).toBe(-Math.sign(compareSources(b, a)) + 0)
      if (compareSources(a, b) <= 0 && compareSources(b, c) <= 0)
        expect(compareSources(a, c)).toBeLessThanOrEqual(0)
      if (isPowerBetter(a, b)) expect(isPowerBetter(b, a) && a.quality !== b.quality).toBe(false)
    }),
  )
})

test('of random meters, each minute sums to the differences of the one that counts', () => {
  const watts = fc.bigInt(1n, 400n)
  fc.assert(
    fc.property(
      fc.array(watts, { minLength: 6, maxLength: 6 }),
      watts,
      watts,
      (steps, packageWatts, dramWatts) => {
        let uj = 0n
        const host = STEPS.map((seconds, index) => {
          if (index > 0) uj += steps[index - 1]! * 10_000_000n
          return energyAt(seconds, uj, { Domain: 'host', Source: 'redfish' })
        })
        const found = minute(
          host,
          power('ipmi', 5_000n),
          counter('package-0', packageWatts),
          counter('dram-0', dramWatts),
        )
        // The oracle: the sum of the differences of the host's counter.
        expect(found.total).toBe(Number(steps.reduce((sum, step) => sum + step * 10n, 0n)))
        const rest = Number(uj) / 1e6 - Number(packageWatts + dramWatts) * 60
        expect(found.skew).toBe(Math.min(0, rest))
      },
    ),
    { numRuns: 40 },
  )
})
