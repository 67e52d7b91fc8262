// Guarantees: wrong clocks of a host lose no energy and book none twice: samples ahead of time, exporters that drift
// apart, agents with a wrong clock for a while, meters with different intervals, the centre's own clock.
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { AssignedPartition } from '../../core/broker/broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../core/columns/rows.ts'
import { energy, lateReadings, readings } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'
import { Step } from '../../processors/loop/step.ts'
import { createMeter, type Flush } from '../../processors/meter/meter.ts'
import { createMeterProcessor } from '../../processors/meter/processor.ts'
import { StateBudget } from '../../processors/meter/state/budget.ts'
import {
  at,
  energyAt,
  modeAt,
  NOON_SECONDS,
  type Reading,
  totalUj,
  workAt,
} from '../processors/meter/support.ts'
import { type Delivery, delivered, every, joulesByMinute, joulesOf, live } from './delivered.ts'

const J = 1_000_000n
const joules = (seconds: number): bigint => BigInt(Math.round(seconds * 60 * 1e6))
const us = (seconds: number): bigint => BigInt(Math.round(seconds * 1e6))

/** 60 W, 8 CPUs of which 2 work, half of them for A. */
const host = (taken: number, dated = taken): Reading[] => [
  energyAt(dated, joules(taken)),
  modeAt(dated, 'user', us(2 * taken)),
  modeAt(dated, 'idle', us(6 * taken)),
  workAt(dated, 'A', us(taken)),
]
const meterAlone = (taken: number, dated = taken): Reading[] => [energyAt(dated, joules(taken))]

const slow = (taken: number, dated = taken): Reading[] => [energyAt(dated, joules(taken), { Source: 'slow' })]

const FIVE = every(5, 0, 240)

describe('a sample ahead of time', () => {
  const strays: [string, Reading[]][] = [
    ['of one meter, with what it shows now', [energyAt(3_600, joules(30))]],
    ['of one meter, with what it will show then', [energyAt(3_600, joules(3_600))]],
    ['of a workload', [workAt(3_500, 'A', us(31))]],
    ['of all meters', host(30, 3_630)],
    ['of four minutes', host(30, 270)],
  ]
  it.each(strays)('%s closes nothing', (_, rows) => {
    const run = delivered([...live(FIVE, host), { arrives: 31, rows }])
    expect(joulesByMinute(run.energy).slice(0, 3)).toEqual([3_600, 3_600, 3_600])
    const three = run.energy.filter(({ WindowStart }) => WindowStart < NOON_SECONDS + 180)
    expect(joulesOf(three, 'A')).toBeCloseTo(10_800 / 8, 3)
    // A value that its counter reaches by then is valid.
    const isTrue = rows[0]!.Value === joules(3_600)
    expect(run.late.map(({ Reason }) => Reason)).toEqual(isTrue ? [] : rows.map(() => 'ahead'))
  })

  it('does not close minutes either when they all arrive at once', () => {
    const arrives = 3_600
    const rows = (seconds: number[]): Delivery[] =>
      seconds.map(second => ({ arrives: arrives + second / 1_000, rows: meterAlone(second) }))
    const run = delivered([...rows(FIVE), { arrives: arrives + 0.031, rows: [energyAt(1_200, joules(30))] }])
    expect(joulesByMinute(run.energy).slice(0, 4)).toEqual([3_600, 3_600, 3_600, 3_600])
  })
})

describe('exporters that drift apart', () => {
  it.each([-240, -60, -7, 7, 60, 150, 600])('by %i s lose nothing', apart => {
    const cpu = (taken: number, dated: number): Reading[] => host(taken, dated).slice(1)
    const run = delivered([
      ...live(every(5, 0, 900), meterAlone),
      ...live(every(5, 1, 901), cpu, () => apart),
    ])
    expect(totalUj(run.energy)).toBe(joules(900))
    expect(run.energy.reduce((sum, { CpuUs, Share }) => sum + (Share === 'active' ? CpuUs : 0n), 0n)).toBe(
      us(900),
    )
    expect(run.late).toEqual([])
    // They are closed without waiting for the end.
    expect(totalUj(run.closedByThen)).toBeGreaterThanOrEqual(joules(900 - 120 - 60 - Math.abs(apart)))
  })
})

describe('an agent with a wrong clock for a while', () => {
  const wrong = (by: number) => (taken: number) => (taken >= 120 && taken < 480 ? by : 0)
  it.each([[86_400], [3_000], [600], [90], [12]])(
    '%i s ahead loses nothing after the clock is right again',
    by => {
      const run = delivered(live(every(5, 0, 900), host, wrong(by)))
      expect(totalUj(run.energy.filter(({ WindowStart }) => WindowStart < NOON_SECONDS + 900))).toBe(
        joules(900),
      )
      expect(new Set(run.late.map(({ Reason }) => Reason))).toEqual(new Set(['ahead']))
      expect(run.late.every(({ Value }) => Value === 0n)).toBe(true)
      expect(totalUj(run.closedByThen)).toBeGreaterThan(joules(720))
    },
  )

  it.each([[-600], [-90]])('%i s behind: energy is in the books or reported as late', by => {
    const run = delivered(live(every(5, 0, 900), meterAlone, wrong(by)))
    const late = run.late.reduce((sum, { Value }) => sum + Value, 0n)
    expect(totalUj(run.energy) + late).toBeGreaterThanOrEqual(joules(900) - 30n * 60n * J)
    expect(totalUj(run.energy) + late).toBeLessThanOrEqual(joules(900))
    expect(run.late.length).toBeGreaterThan(0)
  })

  it.each([[-86_400], [-3_600]])('%i s behind in its first minute: counted once in the books', by => {
    for (const until of [40, 100]) {
      const behind = (taken: number): number => (taken >= 20 && taken < until ? by : 0)
      const run = delivered(live(every(5, 0, 900), host, behind))
      expect(totalUj(run.energy)).toBe(joules(900))
      expect(run.late.length).toBeGreaterThan(0)
      expect(run.late.every(({ Value }) => Value === 0n)).toBe(true)
    }
  })

  it('is metered by its own clock if it stays ahead', () => {
    const run = delivered(live(every(5, 0, 900), host, () => 1_200))
    expect(totalUj(run.energy)).toBe(joules(900))
    expect(run.late).toEqual([])
  })
})

describe('meters with different intervals', () => {
  it.each([
    [5, 60],
    [60, 60],
    [5, 15],
    [5, 300],
    [15, 120],
  ])('every %i s and every %i s lose nothing', (one, other) => {
    fc.assert(
      fc.property(fc.nat(1_000 * other - 1), fc.nat(4_000), (phaseMs, delayMs) => {
        const phase = phaseMs / 1_000
        const run = delivered([
          ...live(every(one, 0, 1_200), (taken, dated) => host(taken, dated).slice(1)),
          ...live(every(other, phase, 1_200), slow).map(({ arrives, rows }) => ({
            arrives: arrives + delayMs / 1_000,
            rows,
          })),
        ])
        const seen = Math.floor((1_200 - phase) / other) * other
        expect(run.late).toEqual([])
        expect(totalUj(run.energy)).toBe(joules(seen + phase) - joules(phase))
      }),
      { numRuns: 2 },
    )
  })

  it('a container that ends delays the host no longer than its interval allows', () => {
    const run = delivered([
      ...live(every(5, 0, 600), host),
      ...live(every(5, 0, 200), (taken, dated) => [workAt(dated, 'gone', us(taken / 10))]),
    ])
    expect(totalUj(run.closedByThen)).toBe(joules(540))
  })
})

interface Watched {
  /** How far the centre's clock is ahead, s. */
  readonly centre?: (second: number) => number
  /** How far the host's clock is ahead, s. */
  readonly clock?: (second: number) => number
  readonly isSilent: (second: number) => boolean
  readonly until: number
  readonly metering?: Partial<ReturnType<typeof configSchema.parse>['metering']>
}

/** A worker as the loop runs it: a record and a check of the clock at fixed intervals. */
async function watched({ centre = () => 0, clock = () => 0, isSilent, until, metering = {} }: Watched) {
  const flushes: Flush[] = []
  const worker = await createMeterProcessor({
    meter: createMeter({
      metering: { ...configSchema.parse({}).metering, ...metering },
      isSensor: () => false,
    }),
    retentionNano: 30n * 86_400_000_000_000n,
    events: silentEvents,
    budget: new StateBudget(Number.POSITIVE_INFINITY, silentEvents),
    appendFlushes: async (_, some) => void flushes.push(...some),
    partitions: 1,
  }).open({ partition: 0, loadState: async () => new Map() } as unknown as AssignedPartition)
  let bookedUj = 0n
  const late: RowOf<typeof lateReadings>[] = []
  const take = async (value: Uint8Array, headers: Record<string, string>, timestampMs: number) => {
    const step = new Step()
    await worker.apply({ value, headers, offset: 0n, timestampMs }, step)
    await worker.finish?.(step)
    for (const { stream, record } of step.outputs) {
      if (stream === energy.name) bookedUj += totalUj(decodeRows(energy, record.value))
      if (stream === lateReadings.name) late.push(...decodeRows(lateReadings, record.value))
      // Names announced by the worker, here to itself.
      if (stream === readings.name) await take(record.value, record.headers ?? {}, timestampMs)
    }
  }
  for (let second = 0; second <= until; second++) {
    const nowMs = Number(at(second) / 1_000_000n) + centre(second) * 1_000
    if (second % 5 === 0 && !isSilent(second)) {
      await take(encodeRows(readings, host(second, second + clock(second))), {}, nowMs)
    }
    await worker.tick?.(nowMs)
    for (const flush of flushes.splice(0))
      await take(Buffer.from(JSON.stringify(flush)), { kind: 'flush' }, nowMs)
  }
  return { bookedUj, late }
}

test.each([
  ['right', () => 0],
  ['a day ahead from then on', (second: number) => (second < 301 ? 0 : 86_400)],
  ['a day ahead for a while', (second: number) => (second < 301 || second > 600 ? 0 : 86_400)],
  ['a day behind for a while', (second: number) => (second < 301 || second > 600 ? 0 : -86_400)],
  ['ten minutes ahead for a moment', (second: number) => (second === 303 ? 600 : 0)],
])("the centre's clock: %s", async (_, centre) => {
  const run = await watched({ centre, isSilent: second => second >= 900, until: 1_300 })
  expect(run).toEqual({ bookedUj: joules(895), late: [] })
})

describe('the clock of the centre, which also dates the readings of its own sensors', () => {
  const leap = (seconds: number) => (second: number) => (second < 301 || second > 600 ? 0 : seconds)
  test.each([
    ['an hour', 3_700],
    ['ten hours', 36_000],
    ['a day', 86_400],
    ['a month', 30 * 86_400],
  ])('is %s ahead for five minutes without losing energy or making it late', async (_, seconds) => {
    const clock = leap(seconds)
    const run = await watched({ centre: clock, clock, isSilent: second => second >= 900, until: 1_300 })
    expect(run.bookedUj).toBe(joules(895))
    // Readings of future times, which the counters bridge.
    expect(told(run.late)).toEqual(['ahead 0'])
  })

  it('is a day ahead permanently: minutes close after a quarter of an hour', async () => {
    const clock = (second: number): number => (second < 301 ? 0 : 86_400)
    const run = await watched({ centre: clock, clock, isSilent: () => false, until: 1_500 })
    expect(run.late).toEqual([])
    expect(run.bookedUj >= joules(1_320)).toBe(true)
  })
})

const told = (rows: readonly RowOf<typeof lateReadings>[]): string[] => [
  ...new Set(rows.map(({ Reason, Value }) => `${Reason} ${Value}`)),
]

describe('a host that goes silent while its clock is ahead', () => {
  const ahead = (second: number): number => (second >= 120 && second < 600 ? 86_400 : 0)

  it('loses nothing when it comes back with a correct clock', async () => {
    const metering = { idle_flush: 60, gap: 120 }
    const isSilent = (second: number) => (second >= 150 && second < 600) || second >= 1_000
    const run = await watched({ clock: ahead, isSilent, until: 1_400, metering })
    // The rest of the minute that was closed by silence is late.
    const late = run.late.filter(({ Quantity }) => Quantity === 'energy')
    expect(run.bookedUj + late.reduce((sum, { Value }) => sum + Value, 0n)).toBe(joules(995))
    expect(run.bookedUj).toBe(joules(990))
  })

  it('is metered when time has caught up, if it never comes back', async () => {
    const metering = { idle_flush: 60, gap: 120 }
    const run = await watched({ clock: () => 900, isSilent: second => second >= 300, until: 2_000, metering })
    expect(run).toEqual({ bookedUj: joules(295), late: [] })
  })

  it('leaves a record of its readings when it is forgotten', async () => {
    const days = (second: number): number => (second >= 120 ? 2 * 86_400 - 600 : 0)
    const centre = (second: number): number => second * 60
    const clock = (second: number): number => centre(second) + days(second)
    const run = await watched({ centre, clock, isSilent: second => second >= 150, until: 1_700 })
    expect(told(run.late)).toEqual(['ahead 0'])
  })
})
