/**
 * Guarantees of the live view: milliwatts of all series sum to what the meters counted in each interval; wraps are
 * counted through; a new boot, a gap or a missing domain is null and not a number; small workloads are merged, never
 * dropped. The SQL runs on the real engine.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LiveAnswer, LiveSeries } from '../../../core/api/answers.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { hostClocks, ledger, readings } from '../../../core/model/streams/index.ts'
import { countedBetween, counterSteps } from '../../../query/live/counter.ts'
import { joinHosts } from '../../../query/live/hosts.ts'
import { toIntervals } from '../../../query/live/intervals.ts'
import { toSeries } from '../../../query/live/series.ts'
import type { CounterRow } from '../../../query/live/statements.ts'
import { createQueryServer } from '../../../query/server.ts'
import { ledgerRow, nano, readingRow } from '../support/rows.ts'
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

const MOST = 10n ** 12n

const at = (series: readonly LiveSeries[], index: number): number | null =>
  series.reduce<number | null>((sum, line) => {
    const value = line.milliwatts[index] ?? null
    return value === null ? sum : (sum ?? 0) + value
  }, null)

describe('counters', () => {
  it('wrap if the range is known, and are unknown if not', () => {
    expect(
      counterSteps(
        [
          [0, 90n],
          [10, 5n],
        ],
        { rangeMax: 100n, most: MOST },
      )[0]!.amount,
    ).toBe(15n)
    expect(
      counterSteps(
        [
          [0, 90n],
          [10, 5n],
        ],
        { rangeMax: 0n, most: MOST },
      )[0]!.amount,
    ).toBeNull()
  })

  it('count whole steps exactly and partial ones by time', () => {
    const steps = counterSteps(
      [
        [0, 0n],
        [10, 100n],
        [20, 300n],
      ],
      { rangeMax: 0n, most: MOST },
    )
    expect(countedBetween(steps, 0, 20, 60)).toEqual({ amount: 300n, seenMs: 20 })
    expect(countedBetween(steps, 5, 15, 60)).toEqual({ amount: 150n, seenMs: 10 })
    expect(countedBetween(steps, 20, 30, 60)).toBeUndefined()
    expect(countedBetween(steps, 0, 20, 9)).toBeUndefined()
  })
})

describe('intervals', () => {
  it('are split like the meter does: 60 W, a quarter busy', () => {
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
    const live = toIntervals(rows, { gapMs: 25_000 })
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
    const live = toIntervals(rows, { gapMs: 25_000 })
    expect(live.boundary).toBe('host')
    // Without CPU capacity idle and active cannot be separated.
    expect(toSeries(live).map(line => [line.share, line.milliwatts[0]])).toEqual([
      ['unattributed', 100],
      ['idle', 0],
    ])
  })

  it('are null across a new boot, a gap, and a missing domain', () => {
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
    expect(toSeries(toIntervals(boots, { gapMs: 25_000 })).at(-2)!.milliwatts).toEqual([0, null, 9])
    const gap = [
      counter({}, [
        [0, 0],
        [1_000, 1_000],
        [2_000, 2_000],
        [90_000, 9_000],
        [91_000, 10_000],
      ]),
    ]
    expect(toSeries(toIntervals(gap, { gapMs: 25_000 })).at(-2)!.milliwatts).toEqual([1, 1, null, 1])
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
    expect(toSeries(toIntervals(missing, { gapMs: 25_000 })).at(-2)!.milliwatts).toEqual([null, 0])
  })

  it('merge what is below the top into one series, and always sum to the meter', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 4n * 10n ** 9n }),
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
          const series = toSeries(toIntervals(rows, { gapMs: 25_000 }))
          expect(at(series, 0)).toBe(Number((energyUj + 2_500n) / 5_000n))
          expect(series.length).toBeLessThanOrEqual(15)
          expect(series.some(line => line.workload_kind === 'rest')).toBe(workloads.length > 12)
        },
      ),
    )
  })
})

describe('intervals by the rules of the books', () => {
  const every = [0, 5_000, 10_000]
  const rising = (wattsOrCpus: number, from = 0) =>
    every.map(ms => [ms, from + Math.round(wattsOrCpus * ms * 1000)] as const)
  const machine = [counter({}, rising(60)), mode('user', rising(2)), mode('idle', rising(6))]
  const watts = (rows: readonly CounterRow[]): Record<string, number | null | undefined> =>
    Object.fromEntries(
      toSeries(toIntervals(rows, { gapMs: 25_000 })).map(line => [
        line.workload_id || line.share,
        line.milliwatts[1],
      ]),
    )
  const used = (id: string, cpus: number, row: Partial<CounterRow>) => ({
    ...cpu(id, rising(cpus, 5)),
    ...row,
  })

  it('count once a meter from two sources or two epochs', () => {
    const kepler = { Source: 'kepler:kepler_node_cpu_joules_total', BootId: '' }
    const twice = [
      ...machine,
      counter(kepler, rising(60, 7)),
      counter({ BootId: 'otlp:1', Source: 'rapl' }, rising(60, 9)),
    ]
    expect(watts(twice)).toEqual({ unattributed: 15_000, idle: 45_000 })
  })

  it('leave psys out beside a package, and use it as the host when alone', () => {
    expect(watts([...machine, counter({ Domain: 'psys' }, rising(5))])).toEqual(watts(machine))
    expect(watts([...machine.slice(1), counter({ Domain: 'psys' }, rising(5))])).toEqual({
      unattributed: 1250,
      idle: 3750,
    })
  })

  it('show a gauge of the host, its rest beyond the package, and leave out what is not one of its meters', () => {
    const bmc = counter(
      { Quantity: 'power', Domain: 'host', BootId: '' },
      every.map(ms => [ms, 300_000]),
    )
    expect(watts([...machine, bmc])).toEqual({ unattributed: 75_000, idle: 225_000 })
    const fan = counter({ Domain: 'fan-1' }, rising(3))
    expect(watts([...machine, bmc, fan])).toEqual({ unattributed: 75_000, idle: 225_000 })
    expect(watts([...machine, fan])).toEqual({ unattributed: 15_750, idle: 47_250 })
  })

  it('leave the energy of devices unassigned', () => {
    const gpu = counter({ Domain: 'gpu-a' }, rising(100))
    expect(watts([...machine, gpu, used('a', 2, {})])).toEqual({
      a: 15_000,
      unattributed: 100_000,
      idle: 45_000,
    })
  })

  it('assign each CPU second to one workload, for any sources', () => {
    const container = {
      WorkloadKind: 'container',
      Source: 'cadvisor:x',
      Attributes: { 'workload.name': 'web' },
    }
    const byKepler = { WorkloadKind: 'container', Source: 'kepler:y', BootId: '' }
    const process = { Source: 'otlp:process.cpu.time' }
    const rows = [...machine, used('c', 1, container), used('c', 1, byKepler), used('nginx', 1, process)]
    expect(watts(rows)).toEqual({ c: 7_500, unattributed: 7_500, idle: 45_000 })
  })

  it('do not count guests twice, and leave out impossible values', () => {
    expect(watts([...machine, mode('guest', rising(1))])).toEqual(watts(machine))
    const broken = [machine[0]!, ...machine.slice(1), counter({ Domain: 'dram-0' }, rising(1_000_000))]
    expect(watts(broken)).toEqual({ unattributed: null, idle: null })
  })

  it('take idle energy from a calibrated host, and active energy from Kepler if CPUs are unknown', () => {
    const live = toIntervals(machine, { gapMs: 25_000, idleMicrowatts: 20_000_000n })
    expect(toSeries(live).map(line => [line.share, line.milliwatts[1]])).toEqual([
      ['unattributed', 40_000],
      ['idle', 20_000],
    ])
    const told = [
      counter({ Quantity: 'energy_active' }, rising(15)),
      counter({ Quantity: 'energy_idle' }, rising(45)),
    ]
    expect(watts([machine[0]!, ...told, used('a', 1, {})])).toEqual({
      a: 15_000,
      unattributed: 0,
      idle: 45_000,
    })
  })
})

describe('hosts', () => {
  it('are one by id and by name, unless two claim the name', () => {
    const [id, name, other] = [
      { host: 'id-1', host_name: 'n1' },
      { host: 'n1', host_name: 'n1' },
      { host: 'id-2', host_name: 'n1' },
    ]
    expect(joinHosts([id!, name!])).toEqual([{ ...id, hosts: ['id-1', 'n1'] }])
    expect(joinHosts([name!])).toEqual([{ ...name, hosts: ['n1'] }])
    const node = { host: 'n1', host_name: '', aliases: ['10.0.0.1'] }
    const address = { host: '10.0.0.1', host_name: '10.0.0.1' }
    expect(joinHosts([id!, node, address])).toEqual([{ ...id, hosts: ['id-1', '10.0.0.1'] }])
    expect(joinHosts([node, address])).toEqual([{ host: 'n1', host_name: 'n1', hosts: ['10.0.0.1'] }])
    const bmc = { host: 'bmc-1', host_name: 'bmc-1' }
    const rules = { aliases: { 'bmc-1': 'n1' }, separate: ['10.0.0.1'] }
    expect(joinHosts([id!, node, address, bmc], rules).map(({ hosts }) => hosts)).toEqual([
      ['id-1', 'bmc-1'],
      ['10.0.0.1'],
    ])
    expect(joinHosts([id!, name!, other!]).map(({ hosts }) => hosts)).toEqual([['id-1'], ['n1'], ['id-2']])
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
    const clock = { Tenant: 'default', Host: 'h1', HostName: 'one', Time: Number(start / 1_000_000_000n) }
    await store.insert(hostClocks, [
      { ...clock, Time: clock.Time - 3_600, State: 'behind', OffsetMs: -1_000_000n },
      { ...clock, State: 'ahead', OffsetMs: 42_000n },
      { ...clock, Host: 'h2', State: 'ahead', OffsetMs: 7_000n },
      { ...clock, Host: 'h2', Time: clock.Time + 5, State: 'right', OffsetMs: 0n },
      { ...clock, Tenant: 'other', Time: clock.Time + 9, State: 'right', OffsetMs: 0n },
    ])
  })
  afterAll(() => store.close())

  it('answers watts per interval of the named host, with hosts, prices and quality', async () => {
    let nowMs = Date.parse('2026-11-20T12:00:20Z')
    const server = createQueryServer({
      config: configSchema.parse({
        factors: { zone: 'DE' },
        tariffs: {
          price_per_kwh: '0.25',
          lists: [{ name: 'north', zone: 'SE', currency: 'SEK', price_per_kwh: '0.5' }],
        },
      }),
      warehouse: store.warehouse,
      events: silentEvents,
      readiness: async () => ({}),
      page: new Map(),
      version: '0',
      started: new Date(),
      now: () => nowMs,
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
        hosts_total: 2,
        clock_offset_ms: 42_000,
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
      const two = (await (await fetch(`${base}?host=h2`)).json()) as LiveAnswer
      expect(two).toMatchObject({ clock_offset_ms: null, zone: 'DE', currency: 'EUR' })
      const rated = (WindowStart: string, zone: string) =>
        ledgerRow({ Host: 'h2', WindowStart: Date.parse(WindowStart) / 1000, Zone: zone, EnergyUj: 1n })
      await store.insert(ledger, [rated('2026-11-20T10:10:00Z', 'FR'), rated('2026-11-20T11:58:00Z', 'SE')])
      // What the books say is asked for once a minute.
      nowMs += 60_000
      const moved = (await (await fetch(`${base}?host=h2`)).json()) as LiveAnswer
      expect(moved).toMatchObject({ zone: 'SE', currency: 'SEK', price_per_kwh: '0.5' })
      expect(Number(moved.intensity_g_per_kwh)).toBeLessThan(Number(answer.intensity_g_per_kwh))
      const hour = (await (await fetch(`${base}?host=h1&minutes=60`)).json()) as LiveAnswer
      expect(hour.series.length).toBe(3)
      expect((await fetch(`${base}?host=spy`)).status).toBe(404)
      expect((await fetch(`${base}?minutes=0`)).status).toBe(400)
    } finally {
      await server.stop()
    }
  })
})
