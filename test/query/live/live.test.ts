/**
 * Guarantees of the live view: milliwatts of all series sum to what the meters counted in each interval; wraps count on;
 * a new boot, a gap or a missing domain is null and not a number; small workloads are folded, never dropped. The SQL is
 * run on the real engine.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LiveAnswer, LiveSeries } from '../../../core/model/answers.ts'
import { readings } from '../../../core/model/streams/index.ts'
import { configSchema } from '../../../core/runtime/config/schema.ts'
import { silentEvents } from '../../../core/runtime/events.ts'
import { countedBetween, stepsOf } from '../../../query/live/counter.ts'
import { toIntervals } from '../../../query/live/intervals.ts'
import { toSeries } from '../../../query/live/series.ts'
import type { CounterRow } from '../../../query/live/statements.ts'
import { createQueryServer } from '../../../query/server.ts'
import { nano, readingRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const counter = (row: Partial<CounterRow>, samples: readonly (readonly [number, number])[]): CounterRow => ({
  Quantity: 'energy',
  Domain: 'package-0',
  Device: '',
  WorkloadKind: '',
  WorkloadId: '',
  BootId: 'b1',
  Attributes: {},
  Source: 'rapl',
  Quality: 'measured',
  RangeMax: '0',
  ...row,
  samples: samples.map(([time, value]) => [String(time), String(value)] as const),
})
const cpu = (id: string, samples: readonly (readonly [number, number])[]): CounterRow =>
  counter({ Quantity: 'cpu_time', Domain: '', WorkloadKind: 'process', WorkloadId: id }, samples)
const mode = (name: string, samples: readonly (readonly [number, number])[]): CounterRow =>
  counter({ Quantity: 'cpu_time', Domain: name }, samples)

const at = (series: readonly LiveSeries[], index: number): number | null =>
  series.reduce<number | null>((sum, line) => {
    const value = line.milliwatts[index] ?? null
    return value === null ? sum : (sum ?? 0) + value
  }, null)

describe('counters', () => {
  it('wrap where the range is known, and are unknown where not', () => {
    expect(
      stepsOf(
        [
          [0, 90n],
          [10, 5n],
        ],
        100n,
      )[0]!.amount,
    ).toBe(15n)
    expect(
      stepsOf(
        [
          [0, 90n],
          [10, 5n],
        ],
        0n,
      )[0]!.amount,
    ).toBeNull()
  })

  it('count whole steps exactly and cut ones by time', () => {
    const steps = stepsOf(
      [
        [0, 0n],
        [10, 100n],
        [20, 300n],
      ],
      0n,
    )
    expect(countedBetween(steps, 0, 20, 60)).toBe(300n)
    expect(countedBetween(steps, 5, 15, 60)).toBe(150n)
    expect(countedBetween(steps, 20, 30, 60)).toBeUndefined()
    expect(countedBetween(steps, 0, 20, 9)).toBeUndefined()
  })
})

describe('intervals', () => {
  it('split as the meter does: 60 W, a quarter busy', () => {
    const rows = [
      counter({}, [
        [0, 0],
        [5_000, 300_000_000],
      ]),
      counter({ Domain: 'core-0' }, [
        [0, 0],
        [5_000, 200_000_000],
      ]),
      mode('user', [
        [0, 0],
        [5_000, 10_000_000],
      ]),
      mode('idle', [
        [0, 0],
        [5_000, 30_000_000],
      ]),
      cpu('a', [
        [0, 0],
        [5_000, 5_000_000],
      ]),
      cpu('b', [
        [0, 0],
        [5_000, 2_500_000],
      ]),
    ]
    const live = toIntervals(rows, 25_000)
    const series = toSeries(live)
    expect(live.boundary).toBe('components')
    expect(series.map(line => [line.share, line.workload_id, line.milliwatts[0], line.cpus_used[0]])).toEqual(
      [
        ['active', 'a', 7_500, 1],
        ['active', 'b', 3_750, 0.5],
        ['unattributed', '', 3_750, 0.5],
        ['idle', '', 45_000, null],
      ],
    )
  })

  it('take the host meter alone when there is one', () => {
    const rows = [
      counter({ Domain: 'host' }, [
        [0, 0],
        [1_000, 100_000],
      ]),
      counter({}, [
        [0, 0],
        [1_000, 60_000],
      ]),
    ]
    const live = toIntervals(rows, 25_000)
    expect(live.boundary).toBe('host')
    // Without CPU capacity nothing tells idle from active.
    expect(toSeries(live).map(line => [line.share, line.milliwatts[0]])).toEqual([
      ['unattributed', 100],
      ['idle', 0],
    ])
  })

  it('are null across a new boot, a gap, and where a domain is missing', () => {
    const boots = [
      counter({}, [
        [0, 0],
        [1_000, 5],
      ]),
      counter({ BootId: 'b2' }, [
        [2_000, 0],
        [3_000, 9_000],
      ]),
    ]
    expect(toSeries(toIntervals(boots, 25_000)).at(-2)!.milliwatts).toEqual([0, null, 9])
    const gap = [
      counter({}, [
        [0, 0],
        [1_000, 1_000],
        [2_000, 2_000],
        [90_000, 9_000],
        [91_000, 10_000],
      ]),
    ]
    expect(toSeries(toIntervals(gap, 25_000)).at(-2)!.milliwatts).toEqual([1, 1, null, 1])
    const missing = [
      counter({}, [
        [0, 0],
        [1_000, 5],
        [2_000, 9],
      ]),
      counter({ Domain: 'dram-0' }, [
        [1_000, 0],
        [2_000, 5],
      ]),
    ]
    expect(toSeries(toIntervals(missing, 25_000)).at(-2)!.milliwatts).toEqual([null, 0])
  })

  it('fold what is beyond the top into one series, and always sum to the meter', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.array(fc.integer({ min: 0, max: 5_000_000 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 40_000_000 }),
        (energyUj, workloads, busy) => {
          const rows = [
            {
              ...counter({}, []),
              samples: [
                ['0', '0'],
                ['5000', energyUj.toString()],
              ] as const,
            },
            mode('user', [
              [0, 0],
              [5_000, busy],
            ]),
            mode('idle', [
              [0, 0],
              [5_000, 40_000_000 - busy],
            ]),
            ...workloads.map((used, index) =>
              cpu(`w${index}`, [
                [0, 0],
                [5_000, used],
              ]),
            ),
          ]
          const series = toSeries(toIntervals(rows, 25_000))
          expect(at(series, 0)).toBe(Number((energyUj + 2_500n) / 5_000n))
          expect(series.length).toBeLessThanOrEqual(15)
          expect(series.some(line => line.workload_kind === 'rest')).toBe(workloads.length > 12)
        },
      ),
    )
  })
})

describe('GET /api/v1/live', () => {
  let store: TestWarehouse
  const start = nano('2026-11-20T12:00:00Z')
  const later = (seconds: number): bigint => start + BigInt(seconds) * 1_000_000_000n

  beforeAll(async () => {
    store = await openTestWarehouse()
    const rounds = [0, 5, 10, 15].flatMap((second, index) => {
      const Timestamp = later(second)
      const estimated = { Quality: 'estimated', Source: 'estimate:ccf', Attributes: { error_band: '0.35' } }
      return [
        readingRow({ Timestamp, Value: BigInt(index) * 300_000_000n, ...estimated }),
        readingRow({ Timestamp, Quantity: 'cpu_time', Domain: 'user', Value: BigInt(index) * 10_000_000n }),
        readingRow({ Timestamp, Quantity: 'cpu_time', Domain: 'idle', Value: BigInt(index) * 10_000_000n }),
        readingRow({
          Timestamp,
          Quantity: 'cpu_time',
          Domain: '',
          WorkloadKind: 'systemd',
          WorkloadId: 'ssh.service',
          Value: BigInt(index) * 5_000_000n,
          Attributes: { 'workload.name': 'ssh' },
        }),
        readingRow({ Tenant: 'other', Host: 'spy', Timestamp, Value: 1n }),
      ]
    })
    await store.insert(readings, [
      ...rounds,
      readingRow({ Host: 'h2', HostName: 'two', Timestamp: later(10) }),
    ])
  })
  afterAll(() => store.close())

  it('answers watts per interval of the named host, with hosts, prices and quality', async () => {
    const server = createQueryServer({
      config: configSchema.parse({ factors: { zone: 'DE' }, tariffs: { price_per_kwh: '0.25' } }),
      warehouse: store.warehouse,
      events: silentEvents,
      readiness: async () => ({}),
      page: new Map(),
      version: '0',
      started: new Date(),
      now: () => Date.parse('2026-11-20T12:00:20Z'),
    })
    const { port } = await server.listen('127.0.0.1', 0)
    try {
      const base = `http://127.0.0.1:${port}/api/v1/live`
      const answer = (await (await fetch(`${base}?minutes=5`)).json()) as LiveAnswer
      expect(answer).toMatchObject({
        host: 'h1',
        host_name: 'one',
        hosts: [
          { host: 'h1', host_name: 'one' },
          { host: 'h2', host_name: 'two' },
        ],
        cpus: 4,
        energy_quality: 'estimated',
        energy_source: 'estimate:ccf',
        boundary: 'components',
        error_band: 0.35,
        zone: 'DE',
        price_per_kwh: '0.25',
        currency: 'EUR',
        times_ms: [5, 10, 15].map(second => Date.parse('2026-11-20T12:00:00Z') + second * 1000),
      })
      expect(Number(answer.intensity_g_per_kwh)).toBeGreaterThan(0)
      expect(answer.series.map(line => [line.share, line.workload_name, line.milliwatts])).toEqual([
        ['active', 'ssh', [15_000, 15_000, 15_000]],
        ['unattributed', '', [15_000, 15_000, 15_000]],
        ['idle', '', [30_000, 30_000, 30_000]],
      ])
      const hour = (await (await fetch(`${base}?host=h1&minutes=60`)).json()) as LiveAnswer
      expect(hour.series.length).toBe(3)
      expect((await fetch(`${base}?host=spy`)).status).toBe(404)
      expect((await fetch(`${base}?minutes=0`)).status).toBe(400)
    } finally {
      await server.stop()
    }
  })
})
