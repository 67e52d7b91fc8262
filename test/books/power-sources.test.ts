/**
 * Guarantees: energy from power exporters is booked once, with the right value, in any order of arrival. The inputs are
 * like those of public bug reports about exporters of GPUs, RAPL, Kepler and IPMI.
 */
import { describe, expect, test } from 'vitest'
import type { LabelMap } from '../../core/model/label-text.ts'
import { type Booked, book, counting, exported, orders, type Samples, type Sent, steady } from './booking.ts'

const target = { instance: 'node-1:9100', job: 'exporter' }
const of = (name: string, labels: LabelMap, samples: Samples): Sent =>
  exported({ __name__: name, ...target, ...labels }, samples)

/** Half of one CPU is busy. */
const CPU = [
  of('node_cpu_seconds_total', { cpu: '0', mode: 'user' }, counting(1000, 0.5)),
  of('node_cpu_seconds_total', { cpu: '0', mode: 'idle' }, counting(5000, 0.5)),
]
const shares = ({ rows }: Booked): Record<string, number> =>
  Object.fromEntries(rows.map(row => [`${row.Component} ${row.Share}`, Number(row.EnergyUj) / 1e6]))

const gpu = { gpu: '0', UUID: 'GPU-1', Hostname: 'node-1' }

describe('one GPU board', () => {
  test('that reports its power for each pod that shares it is counted once', () => {
    const pods = ['p0', 'p1', 'p2', 'p3'].map(pod =>
      of('DCGM_FI_DEV_POWER_USAGE', { ...gpu, pod, namespace: 'n', container: 'c' }, steady(100)),
    )
    expect(book(pods).joules).toEqual({ gpu: 6000 })
  })

  test('whose instances each repeat its energy, slightly apart, is counted once', () => {
    const instances = [3, 4, 5, 6].map(id =>
      of(
        'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
        { ...gpu, GPU_I_PROFILE: '1g.6gb', GPU_I_ID: `${id}` },
        counting(1_000_000 + 7 * id, 100_000),
      ),
    )
    for (const order of orders(instances)) expect(book(order).total).toBeCloseTo(6000, 0)
  })

  test('continues without a gap when its pod changes', () => {
    const parts: [string, Samples][] = [
      [
        'a',
        [
          [0, 0],
          [15, 1_500_000],
          [30, 3_000_000],
        ],
      ],
      [
        'b',
        [
          [45, 4_500_000],
          [60, 6_000_000],
          [90, 9_000_000],
          [150, 15_000_000],
        ],
      ],
    ]
    const sent = parts.map(([exported_pod, samples]) =>
      of('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', { ...gpu, exported_pod }, samples),
    )
    for (const order of orders(sent)) expect(book(order).joules).toEqual({ gpu: 6000 })
  })

  test('without a value for a while has no gap in its energy', () => {
    const samples: Samples = [
      ...([
        [0, 100],
        [15, 9_223_372_036_854_775_794n],
        [30, 140_737_488_355_328],
        [40, Number.NaN],
      ] as const),
      ...([
        [45, 100],
        [60, 100],
        [75, 100],
        [90, 100],
        [150, 100],
      ] as const),
    ]
    const booked = book([of('DCGM_FI_DEV_POWER_USAGE', gpu, samples)])
    expect([booked.joules, booked.ignored]).toEqual([{ gpu: 6000 }, { sentinel: 2, not_finite: 1 }])
  })

  test('with a restarted counter gives only the energy that was seen', () => {
    const samples: Samples = [
      [0, 5_000_000],
      [30, 8_000_000],
      [45, 1000],
      [60, 1_501_000],
      [150, 9_000_000],
    ]
    const { rows, total } = book([of('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', gpu, samples)])
    expect([total, Math.max(...rows.map(row => row.Coverage))]).toEqual([4500, 0.75])
  })
})

const rapl = (zone: string, path: string, samples: Samples, index = '0'): Sent =>
  of(`node_rapl_${zone}_joules_total`, { index, path: `/sys/class/powercap/${path}` }, samples)

describe('RAPL from exporters', () => {
  const wrapping: Samples = [[0, 262_000], ...counting(-143, 10).filter(([seconds]) => seconds > 0)]

  test('a package read through two interfaces is one package, in any order of arrival', () => {
    const two = [
      rapl('package', 'intel-rapl:0', counting(1000, 10)),
      rapl('package', 'intel-rapl-mmio:0', wrapping),
    ]
    for (const order of orders([...CPU, ...two])) {
      const { rows, total } = book(order)
      expect([total, Math.max(...rows.map(row => row.Coverage))]).toEqual([600, 1])
    }
    expect(book([...CPU, two[1]!]).total).toBeCloseTo(600.33, 1)
    const kepler = ['intel-rapl-mmio:0', 'intel-rapl:0'].map((path, index) =>
      of('kepler_node_cpu_joules_total', { zone: 'package', path }, counting(1000 * index, 10)),
    )
    expect(book([...CPU, ...kepler]).total).toBe(600)
  })

  /** 50 W; after `at` seconds it falls from this number of J below a range to this number of J. */
  const falling = (range: number, below: number, to: number, watts = 50): Samples =>
    counting(0, watts).map(([seconds]) =>
      seconds <= 30
        ? [seconds, range - below - watts * (30 - seconds)]
        : [seconds, to + watts * (seconds - 45)],
    )

  test.each<[string, string, Samples, number]>([
    ['a package wraps where Linux says', 'package', falling(262_143.32885, 500, 250), 3000],
    ['a package of 65 kJ does not tell', 'package', falling(65_712.999613, 500, 250), 2250],
    ['memory wraps at the lesser range too', 'dram', falling(65_712.999613, 500, 250), 3000],
    ['a counter begins anew far below', 'package', falling(262_143.32885, 20_000, 250), 2250],
    ['a counter goes on far beyond', 'package', falling(262_143.32885, 500, 9000), 2250],
  ])('%s', (_, zone, samples, expected) => {
    const kepler = of('kepler_node_cpu_joules_total', { zone, path: 'intel-rapl:0' }, samples)
    for (const sent of [rapl(zone, 'intel-rapl:0', samples), kepler]) {
      const { total, rows } = book([...CPU, sent])
      expect(total).toBeCloseTo(expected, 0)
      expect(rows[0]!.Coverage).toBe(expected === 3000 ? 1 : 0.75)
    }
  })

  test('dies are separate meters', () => {
    const dies = [0, 1].map(die =>
      rapl(`package_0_die_${die}`, `intel-rapl:${die}`, counting(1000 + 5000 * die, 10)),
    )
    const { rows, joules } = book([...CPU, ...dies])
    expect(joules).toEqual({ cpu: 1200 })
    expect(new Set(rows.map(row => row.EnergyQuality))).toEqual(new Set(['measured']))
    const named = [0, 1].map(die =>
      rapl('package_0_die', `intel-rapl:${die}`, counting(7 * die, 10), `${die}`),
    )
    expect(book([...CPU, ...named]).joules).toEqual({ cpu: 1200 })
  })

  test('cores of dies are inside the dies, whatever their numbers', () => {
    const dies = [0, 1].map(die =>
      rapl(`package_0_die_${die}`, `intel-rapl:${die}`, counting(5000 * die, 10)),
    )
    const cores = [0, 1].map(die => rapl('core', `intel-rapl:${die}:0`, counting(300 * die, 5), `${die}`))
    expect(book([...CPU, ...dies, ...cores]).joules).toEqual({ cpu: 1200 })
  })

  test.each(['kepler', 'node_exporter'])(
    'psys by %s is ignored beside a package and is the host when alone',
    by => {
      const zone = (name: string, path: string, samples: Samples): Sent =>
        by === 'kepler'
          ? of('kepler_node_cpu_joules_total', { node_name: 'node-1', zone: name, path }, samples)
          : rapl(name, path, samples)
      const psys = zone('psys', 'intel-rapl:1', counting(500, 5))
      const booked = book([...CPU, zone('package', 'intel-rapl:0', counting(1000, 10)), psys])
      expect(shares(booked)).toEqual({ 'cpu unattributed': 300, 'cpu idle': 300 })
      const alone = book([...CPU, psys])
      expect([alone.joules, alone.rows[0]!.Boundary]).toEqual([{ host: 300 }, 'host'])
      const two = [psys, zone('psys', 'intel-rapl:3', counting(90_000, 7))]
      expect(book([...CPU, ...two]).joules).toEqual({ host: 720 })
    },
  )

  test('two sockets and their memory', () => {
    const sockets = ['0', '1'].flatMap(index => [
      rapl('package', `intel-rapl:${index}`, counting(1000, 10), index),
      rapl('dram', `intel-rapl:${index}:0`, counting(1000, 10), index),
    ])
    expect(book([...CPU, ...sockets]).joules).toEqual({ cpu: 1200, dram: 1200 })
  })
})

describe('Kepler before 0.10', () => {
  const zone = (name: string, mode: string, from: number, watts: number): Sent =>
    of(
      `kepler_node_${name}_joules_total`,
      { exported_instance: 'node-1', source: 'rapl-sysfs', mode, package: '0' },
      counting(from, watts),
    )

  test('a zone is the sum of its dynamic and idle energy', () => {
    const parts = [zone('package', 'dynamic', 100, 6), zone('package', 'idle', 100, 4)]
    const memory = [zone('dram', 'dynamic', 100, 1), zone('dram', 'idle', 100, 1)]
    const core = [zone('core', 'dynamic', 5, 3), zone('core', 'idle', 5, 3)]
    expect(book([...CPU, ...parts, ...memory, ...core]).joules).toEqual({ cpu: 600, dram: 120 })
  })

  test("platform energy is the host's", () => {
    const parts = [zone('platform', 'dynamic', 100, 60), zone('platform', 'idle', 100, 40)]
    expect(book([...CPU, ...parts, zone('package', 'dynamic', 1, 10)]).joules).toEqual({
      cpu: 600,
      other: 5400,
    })
  })
})

describe('meters of the whole machine', () => {
  test.each([
    ['ipmi_dcmi_power_consumption_watts', {}],
    ['node_hwmon_power_average_watt', { chip: 'lnxsybus_00_acpi000d_00', sensor: 'power1' }],
    ['kepler_platform_watts', { node_name: 'node-1', source: 'redfish', chassis_id: '1' }],
  ])('%s', (name, labels) => {
    const { joules, rows } = book([...CPU, of(name, labels, steady(300))])
    expect([joules, rows[0]!.Boundary]).toEqual([{ host: 18_000 }, 'host'])
    const beside = book([
      ...CPU,
      of(name, labels, steady(300)),
      rapl('package', 'intel-rapl:0', counting(0, 10)),
    ])
    expect(beside.joules).toEqual({ cpu: 600, other: 17_400 })
  })

  test('a BMC that shows nothing is not a meter', () => {
    const { joules, ignored } = book([
      ...CPU,
      of('ipmi_dcmi_power_consumption_watts', {}, steady(0)),
      rapl('package', 'intel-rapl:0', counting(0, 10)),
    ])
    expect([joules, ignored]).toEqual([{ cpu: 600 }, { sentinel: 8 }])
  })
})

describe('units', () => {
  test.each<[string, number]>([
    ['J', 10],
    ['mJ', 10_000],
    ['kWh', 10 / 3_600_000],
    ['', 10],
  ])('600 J in %j', (unit, perSecond) => {
    const labels = { 'hw.type': 'cpu', 'hw.id': '0' }
    const resource = { 'host.id': 'h1' }
    const { total } = book([{ name: 'hw.energy', unit, labels, resource, samples: counting(0, perSecond) }])
    expect(total).toBeCloseTo(600, 4)
  })
})
