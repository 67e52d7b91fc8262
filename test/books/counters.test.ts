// Guarantees: impossible counts are not booked, and real ones are, whatever the counter shows in between and in any
// order of arrival: wraps, restarts, odd readings, two collectors, starts, splits at minutes.
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { MAX_POWER_ATTRIBUTE } from '../../core/books/plausible.ts'
import {
  at,
  drive,
  energyAt,
  grid,
  modeAt,
  type Reading,
  reading,
  totalUj,
  workAt,
} from '../processors/meter/support.ts'
import { runs } from '../support/runs.ts'
import { delivered, every, joulesByMinute, live } from './delivered.ts'

const J = 1_000_000n
const RANGE = 262_143_328_850n
const SMALL_RANGE = 65_532_610_987n

/** J at seconds, booked together; rounded to J by minute, with coverage of the first minute. */
function booked(
  samples: readonly (readonly [seconds: number, joules: number])[],
  facts: Partial<Reading> = {},
) {
  const run = drive()
  run.record(samples.map(([seconds, joules]) => energyAt(seconds, BigInt(Math.round(joules * 1e6)), facts)))
  run.flush(3_600)
  const late = run.late.map(({ Reason, Value }) => `${Reason} ${Value / J}`)
  return { joules: joulesByMinute(run.energy), late, coverage: run.energy[0]?.Coverage ?? 0 }
}

const steady = (from: number, step: number, watts = 60): [number, number][] =>
  every(step, 0, 60).map(second => [second, from + watts * second])

const named = (milliwatts: number): Partial<Reading> => ({
  Attributes: { [MAX_POWER_ATTRIBUTE]: `${milliwatts}` },
})

describe('a counter', () => {
  it('continues when it wraps at its range', () => {
    const samples = steady(262_000, 5).map(([second, joules]) => [second, joules % 262_143.32885] as const)
    expect(booked(samples, { RangeMax: RANGE })).toEqual({ joules: [3_600], late: [], coverage: 1 })
  })

  it('restarts when it falls without a known range: less time is covered, nothing is invented', () => {
    const samples = steady(262_000, 15).map(([second, joules]) => [second, joules % 262_143.32885] as const)
    expect(booked(samples)).toEqual({ joules: [2_700], late: [], coverage: 0.75 })
  })

  it('that restarts in a zone of 5 W is not treated as wrapped', () => {
    const samples: [number, number][] = [
      [0, 3_402],
      [60, 1.5],
      [120, 301.5],
    ]
    for (const facts of [{ RangeMax: SMALL_RANGE }, { RangeMax: SMALL_RANGE, ...named(5_000) }]) {
      expect(booked(samples, facts).joules).toEqual([0, 300])
    }
    const often = every(5, 0, 120).map((second): [number, number] => [
      second,
      second < 60 ? 3_402 + second * 5 : second * 5 - 300,
    ])
    expect(booked(often, { RangeMax: SMALL_RANGE, ...named(5_000) }).joules).toEqual([275, 300])
  })

  it.each([
    ['one reading of 0', [0]],
    ['one reading of far too much', [9e9]],
  ])('ignores %s among large values and keeps the rest', (_, [odd]) => {
    const samples = steady(1_000_000, 5)
    samples[6] = [30, odd!]
    expect(booked(samples)).toEqual({ joules: [3_600], late: ['implausible 0'], coverage: 1 })
    expect(booked(samples, { RangeMax: 2n ** 62n })).toEqual({
      joules: [3_600],
      late: ['implausible 0'],
      coverage: 1,
    })
  })

  it('that shows 0 for a while loses only the unknown part, and reports it', () => {
    const samples = steady(1_000_000, 5).map(([second, joules]): [number, number] => [
      second,
      second >= 20 && second <= 40 ? 0 : joules,
    ])
    expect(booked(samples)).toEqual({
      joules: [15 * 60 + 15 * 60],
      late: ['implausible 1002700'],
      coverage: 50 / 60,
    })
  })

  it('that rises by more than its zone can draw is not booked as measured', () => {
    const samples = steady(500, 10, 5)
    samples.push([70, 62_500], [120, 62_750])
    const { joules, late } = booked(samples, named(5_000))
    expect(joules).toEqual([300, 250])
    expect(late).toEqual(['implausible 61700'])
  })

  it.each([
    [[10, 12, 3, 15], 14],
    [[10, 12, 11, 15], 6],
    [[3, 15, 1, 2], 13],
  ])('received as %j in any order gives %i J', (values, joules) => {
    const samples = values.map((value, index) => energyAt(index * 10, BigInt(value) * J))
    for (const order of permutations([...samples, samples[2]!])) {
      const run = drive()
      for (const sample of order) run.record([sample], 0)
      run.flush(60)
      expect(totalUj(run.energy)).toBe(BigInt(joules) * J)
    }
  })

  it('with two values for one instant counts the larger one, in any order of arrival', () => {
    const samples = [
      energyAt(0, 0n),
      energyAt(10, 5n * J),
      energyAt(10, 6n * J),
      energyAt(20, 5n * J),
      energyAt(30, 9n * J),
    ]
    for (const order of permutations(samples)) {
      const run = drive()
      for (const sample of order) run.record([sample], 0)
      run.flush(60)
      expect([totalUj(run.energy), run.energy[0]!.Coverage]).toEqual([10n * J, 20 / 60])
    }
  })
})

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map(rest => [item, ...rest]))
}

test('gives the same rows in any order of arrival: falls, repeats, equal instants, gauges', () => {
  const sample = fc.record({
    second: fc.integer({ min: 0, max: 170 }),
    value: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2_000_000 })),
    which: fc.constantFrom('energy', 'user', 'A', 'power', 'memory', 'other epoch'),
  })
  const rowOf = ({ second, value, which }: { second: number; value: number; which: string }): Reading => {
    const amount = BigInt(value) * J
    if (which === 'energy') return energyAt(second, amount)
    if (which === 'other epoch') return energyAt(second, amount, { BootId: 'boot-2' })
    if (which === 'user') return modeAt(second, 'user', amount)
    if (which === 'A') return workAt(second, 'A', amount)
    if (which === 'power')
      return reading({ Quantity: 'power', Domain: 'gpu-1', Timestamp: at(second), Value: BigInt(value) })
    const memory = { Quantity: 'memory', Domain: 'rss', WorkloadKind: 'container', WorkloadId: 'A' } as const
    return reading({
      ...memory,
      Timestamp: at(second),
      Value: amount,
      Attributes: { 'workload.name': 'name of A' },
    })
  }
  const scene = fc.array(sample, { minLength: 2, maxLength: 40 }).chain(samples =>
    fc.record({
      samples: fc.constant(samples),
      shuffled: fc.shuffledSubarray([...samples, ...samples], { minLength: samples.length * 2 }),
      cuts: fc.array(fc.nat(samples.length * 2), { maxLength: 5 }),
    }),
  )
  fc.assert(
    fc.property(scene, ({ samples, shuffled, cuts }) => {
      const options = { metering: { lateness: 3_600 } }
      const [plain, mixed] = [drive(options), drive({ ...options, roundTrip: true })]
      plain.record(samples.map(rowOf))
      const edges = [0, ...cuts.sort((a, b) => a - b), shuffled.length]
      edges.slice(1).forEach((edge, index) => {
        const part = shuffled.slice(edges[index], edge)
        if (part.length > 0) mixed.record(part.map(rowOf), Number(at(200) / J))
      })
      plain.flush(600)
      mixed.flush(600)
      expect(mixed.energy).toEqual(plain.energy)
      expect(mixed.late).toEqual(plain.late)
    }),
    { numRuns: runs(100) },
  )
})

describe('one meter read by two collectors', () => {
  const collector = (start: number, from: number, to: number, step = 5) =>
    live(every(step, from, to), (taken, dated) => [
      energyAt(dated, BigInt(60 * taken) * J, { BootId: `otlp:${start}` }),
      modeAt(dated, 'user', BigInt(2 * taken) * J, { BootId: `otlp:${start}` }),
      modeAt(dated, 'idle', BigInt(6 * taken) * J, { BootId: `otlp:${start}` }),
      workAt(dated, 'A', BigInt(taken) * J, { BootId: `otlp:${start}` }),
    ])
  const booked_ = (...parts: ReturnType<typeof collector>[]) => {
    const { energy } = delivered(parts.flat())
    const minutes = joulesByMinute(energy)
    const cpuUs = energy.reduce((sum, { CpuUs, Share }) => sum + (Share === 'active' ? CpuUs : 0n), 0n)
    return { minutes, cpuUs, coverage: energy.map(({ Coverage }) => Coverage) }
  }

  it('that start at different times is counted once, and so are its workloads', () => {
    const { minutes, cpuUs } = booked_(collector(1, 0, 180), collector(2, 2, 182))
    expect(minutes.slice(0, 3)).toEqual([3_600, 3_600, 3_600])
    expect(cpuUs).toBe(182n * J)
  })

  it('is complete when one hands over to the other within a minute', () => {
    const { minutes, cpuUs, coverage } = booked_(collector(1, 0, 95), collector(2, 70, 180))
    expect(minutes).toEqual([3_600, 3_600, 3_600])
    expect(cpuUs).toBe(180n * J)
    expect(new Set(coverage)).toEqual(new Set([1]))
  })

  it('adds up when one follows the other, without the time between them', () => {
    const { minutes } = booked_(collector(1, 0, 90), collector(2, 100, 180))
    expect(minutes).toEqual([3_600, 3_000, 3_600])
  })
})

describe('a counter with a start time', () => {
  const startAt = (seconds: number) => ({ BootId: `otlp:${at(seconds)}` })
  const machine = [
    ...[0, 60].map(second => energyAt(second, BigInt(60 * second) * J)),
    ...[0, 60].flatMap(second => [
      modeAt(second, 'user', BigInt(2 * second) * J),
      modeAt(second, 'idle', BigInt(6 * second) * J),
    ]),
  ]
  const activeOf = (rows: Reading[]): bigint => {
    const run = drive()
    run.record([...machine, ...rows])
    run.flush(60)
    return run.energy
      .filter(({ Share }) => Share === 'active')
      .reduce((sum, { EnergyUj }) => sum + EnergyUj, 0n)
  }

  it('counts from its start', () => {
    expect(activeOf([workAt(45, 'A', 30n * J, startAt(15)), workAt(60, 'A', 45n * J, startAt(15))])).toBe(
      337_500_000n,
    )
  })

  it.each([
    [
      'shows more than all CPUs could have done since',
      [workAt(45, 'A', 300n * J, startAt(15)), workAt(60, 'A', 315n * J, startAt(15))],
    ],
    [
      'started long before',
      [workAt(45, 'A', 30n * J, startAt(-1_000)), workAt(60, 'A', 45n * J, startAt(-1_000))],
    ],
    [
      'goes on from an epoch before',
      [
        workAt(45, 'A', 30n * J, startAt(15)),
        workAt(60, 'A', 45n * J, startAt(15)),
        workAt(-600, 'A', 29n * J, startAt(-700)),
      ],
    ],
  ])('counts from its first sample where it %s', (_, rows) => {
    expect(activeOf(rows)).toBe(112_500_000n)
  })
})

describe('impossible CPU time', () => {
  const machine = [
    ...[0, 60].map(second => energyAt(second, BigInt(60 * second) * J)),
    ...[0, 60].flatMap(second => [
      modeAt(second, 'user', BigInt(2 * second) * J),
      modeAt(second, 'idle', BigInt(6 * second) * J),
    ]),
    ...[0, 60].map(second => workAt(second, 'A', BigInt(second) * J)),
  ]
  const book = (rows: Reading[]) => {
    const run = drive()
    run.record([...machine, ...rows])
    run.flush(60)
    return run
  }

  it('of a workload, above what the host has, is excluded and reported', () => {
    const { energy, late } = book([workAt(0, 'B', 0n), workAt(60, 'B', 600n * J)])
    expect(grid(energy)).toEqual([
      'cpu active A 450000000',
      'cpu idle - 2700000000',
      'cpu unattributed - 450000000',
    ])
    expect(late.map(({ WorkloadId, Reason, Value }) => [WorkloadId, Reason, Value])).toEqual([
      ['B', 'implausible', 600n * J],
    ])
  })

  it('of a process beside its container, without a link, takes nothing from the container, and the rows show it', () => {
    const process = { WorkloadKind: 'process', Attributes: {} }
    const { energy } = book([workAt(0, 'node', 0n, process), workAt(60, 'node', 100n * J, process)])
    expect(grid(energy)).toEqual([
      'cpu active A 450000000',
      'cpu active node 450000000',
      'cpu idle - 2700000000',
    ])
    expect(new Set(energy.map(({ Method }) => Method))).toEqual(new Set(['ratio+over_busy']))
    expect(energy.reduce((sum, { CpuUs }) => sum + CpuUs, 0n)).toBe(120n * J)
  })
})

describe('an interval across several minutes', () => {
  const samples = [energyAt(14.406, 0n), energyAt(121.337, 36n)]

  it('is split the same way whenever its minutes are closed', () => {
    const whole = drive()
    whole.record(samples)
    whole.flush(300)
    const stepwise = drive({ roundTrip: true })
    stepwise.record(samples)
    for (const seconds of [60, 120, 180]) stepwise.flush(seconds)
    expect(whole.energy.map(({ EnergyUj }) => EnergyUj)).toEqual([15n, 20n, 1n])
    expect(stepwise.energy).toEqual(whole.energy)
  })

  it('of a gauge is split too', () => {
    const power = (seconds: number, milliwatts: bigint) =>
      reading({ Quantity: 'power', Domain: 'gpu-1', Timestamp: at(seconds), Value: milliwatts })
    const [whole, stepwise] = [drive(), drive({ roundTrip: true })]
    for (const run of [whole, stepwise]) run.record([power(10, 1_000n), power(200, 90_001n)])
    whole.flush(300)
    for (const seconds of [60, 120, 180, 240]) stepwise.flush(seconds)
    expect(stepwise.energy).toEqual(whole.energy)
  })
})

it('an odd reading that is the newest when windows must close takes nothing from later readings', () => {
  // A value every minute; then one odd value, and none for longer than windows wait. The host's other meter continues.
  const seconds = [...every(60, 0, 180), 480, 540, 600]
  const shown = (taken: number): bigint => (taken === 180 ? 1n << 55n : BigInt(taken * 10) * J)
  const run = delivered([
    ...live(seconds, (taken, dated) => [energyAt(dated, shown(taken))]),
    ...live(every(5, 0, 600), (_, dated) => [modeAt(dated, 'user', BigInt(dated) * 1_000_000n)]),
  ])
  const late = run.late.filter(({ Quantity, Reason }) => Quantity === 'energy' && Reason === 'closed')
  const told = late.reduce((sum, { Value }) => sum + Value, 0n)
  expect(totalUj(run.energy) + told).toBe(6_000n * J)
  expect(late.length).toBeGreaterThan(0)
})
