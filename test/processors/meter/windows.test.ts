/** Guarantees: what windows get from gaps, epochs, gauges, late samples, several sources and the tree of meters. */
import { expect, test } from 'vitest'
import { decodeHostState, encodeHostState } from '../../../processors/meter/codec/codec.ts'
import { countOf } from '../../../processors/meter/samples/samples.ts'
import {
  at,
  drive,
  energyAt,
  grid,
  modeAt,
  NOON_SECONDS,
  type Reading,
  reading,
  totalUj,
  WORKED_EXAMPLE,
  workAt,
} from './support.ts'

const minuteOf = (seconds: number): number => (seconds - NOON_SECONDS) / 60

test('an interval over an edge is cut by time, to the microjoule', () => {
  const run = drive()
  run.record([energyAt(50, 0n), energyAt(65, 10n)])
  run.flush(180)
  expect(run.energy.map(row => [minuteOf(row.WindowStart), row.EnergyUj])).toEqual([
    [0, 7n],
    [1, 3n],
  ])
  expect(run.energy.map(row => row.Coverage)).toEqual([10 / 60, 5 / 60])
})

test('a gap longer than trusted is spread and marked; the counter still says how much', () => {
  const run = drive({ metering: { gap: 60 } })
  run.record([energyAt(0, 0n), energyAt(180, 300n)])
  run.flush(300)
  expect(run.energy.map(row => [row.EnergyUj, row.EnergyQuality, row.Coverage])).toEqual([
    [100n, 'interpolated', 1],
    [100n, 'interpolated', 1],
    [100n, 'interpolated', 1],
  ])
  const sensor = drive({ isSensor: true, metering: { sensor_gap: 25, gap: 600 } })
  sensor.record([energyAt(0, 0n), energyAt(26, 300n), energyAt(51, 600n)])
  sensor.flush(60)
  expect(sensor.energy.map(row => [row.EnergyUj, row.EnergyQuality])).toEqual([[600n, 'interpolated']])
})

test('nothing is invented across a boot or a fall without a range', () => {
  const run = drive()
  run.record([
    energyAt(0, 100n),
    energyAt(10, 200n),
    energyAt(30, 5n),
    energyAt(40, 25n),
    energyAt(50, 1000n, { BootId: 'boot-2' }),
    energyAt(60, 1007n, { BootId: 'boot-2' }),
  ])
  run.flush(60)
  expect(totalUj(run.energy)).toBe(100n + 20n + 7n)
  expect(run.energy[0]!.Coverage).toBe(0.5)
})

test('a gauge of power is the area under its line, and invents nothing over a gap', () => {
  const power = (seconds: number, milliwatts: bigint): Reading =>
    reading({ Quantity: 'power', Domain: 'host', Timestamp: at(seconds), Value: milliwatts })
  const run = drive({ metering: { gap: 30 } })
  run.record([power(0, 1000n), power(10, 3000n), power(50, 3000n), power(70, 1000n)])
  run.flush(120)
  // 2 W x 10 s; nothing from 10 to 50; 3 -> 1 W over 20 s, half of the time each side of the edge.
  expect(run.energy.map(row => [row.Component, row.EnergyUj, row.Coverage])).toEqual([
    ['host', 20_000_000n + 25_000_000n, 20 / 60],
    ['host', 15_000_000n, 10 / 60],
  ])
})

test('power is not used where an energy counter is', () => {
  const run = drive()
  run.record([
    energyAt(0, 0n),
    energyAt(60, 50n),
    reading({ Quantity: 'power', Domain: 'package-0', Timestamp: at(0), Value: 9_000n }),
    reading({ Quantity: 'power', Domain: 'package-0', Timestamp: at(60), Value: 9_000n }),
  ])
  run.flush(60)
  expect(totalUj(run.energy)).toBe(50n)
})

test('memory is integrated, and shares memory energy', () => {
  const memory = (seconds: number, id: string, bytes: bigint, domain = 'working_set'): Reading =>
    reading({
      Quantity: 'memory',
      Domain: domain,
      WorkloadKind: 'container',
      WorkloadId: id,
      Timestamp: at(seconds),
      Value: bytes,
    })
  const run = drive()
  run.record([
    ...WORKED_EXAMPLE,
    energyAt(0, 0n, { Domain: 'dram-0' }),
    energyAt(60, 1_200n, { Domain: 'dram-0' }),
    ...[0, 60].flatMap(second => [
      memory(second, 'A', 100n),
      memory(second, 'A', 900n, 'usage'),
      memory(second, 'B', 300n),
    ]),
  ])
  run.flush(60)
  const dram = run.energy.filter(row => row.Component === 'dram')
  // Active: 1200 x 120/480 = 300; unknown 75; known 225 by 6000 : 18000 byte-seconds.
  expect(grid(dram)).toEqual([
    'dram active A 56',
    'dram active B 169',
    'dram idle - 900',
    'dram unattributed - 75',
  ])
  expect(dram.map(row => row.MemoryByteSeconds)).toEqual([6000n, 18000n, 0n, 0n])
  expect(run.energy.filter(row => row.Component === 'cpu').every(row => row.MemoryByteSeconds === 0n)).toBe(
    true,
  )
})

test.each([
  [
    'children are not added to their parent',
    { 'package-0': 100n, 'core-0': 60n, 'uncore-0': 20n },
    ['cpu 100'],
  ],
  ['a child counts where its parent is not metered', { 'package-0': 100n, 'core-1': 60n }, ['cpu 160']],
  [
    'beyond its children a host is other',
    { host: 300n, 'package-0': 100n, 'dram-0': 50n },
    ['cpu 100', 'dram 50', 'other 150'],
  ],
  ['a host alone is host', { host: 300n }, ['host 300']],
  ['children above the host are skew', { host: 90n, 'package-0': 100n }, ['cpu 100', 'other 0', 'other -10']],
  [
    'a fan is inside what the host shows',
    { host: 300n, 'package-0': 100n, 'fan-1': 5n },
    ['cpu 100', 'other 200'],
  ],
  ['without a host it is other', { 'package-0': 100n, 'fan-1': 5n }, ['cpu 100', 'other 5']],
  ['an instance is inside its board', { 'gpu-a': 100n, 'mig-1': 40n }, ['gpu 100']],
])('%s', (_, domains, expected) => {
  const run = drive()
  run.record(
    Object.entries(domains).flatMap(([Domain, value]) => [
      energyAt(0, 0n, { Domain }),
      energyAt(60, value, { Domain }),
    ]),
  )
  run.flush(60)
  expect(run.energy.map(row => `${row.Component} ${row.EnergyUj}`)).toEqual(expected)
  const boundary = 'host' in domains ? 'host' : 'components'
  expect(run.energy.every(row => row.Boundary === boundary)).toBe(true)
  expect(run.energy.map(row => row.Share).includes('skew')).toBe(expected.includes('other -10'))
})

test('a host meter that saw less of the minute than its children does not count for it', () => {
  const run = drive()
  run.record([
    energyAt(0, 0n),
    energyAt(60, 100n),
    energyAt(30, 0n, { Domain: 'host' }),
    energyAt(60, 80n, { Domain: 'host' }),
  ])
  run.flush(60)
  expect(run.energy.map(row => [row.Component, row.EnergyUj, row.Boundary])).toEqual([
    ['cpu', 100n, 'components'],
  ])
})

test('without CPU capacity nothing tells idle from active: unattributed, not lost', () => {
  const run = drive()
  run.record([energyAt(0, 0n), energyAt(60, 100n), workAt(0, 'A', 0n), workAt(60, 'A', 5n)])
  run.flush(60)
  expect(run.energy.map(row => [row.Share, row.EnergyUj, row.CpuUs, row.Method])).toEqual([
    ['active', 0n, 5n, 'none'],
    ['unattributed', 100n, 0n, 'none'],
  ])
})

test('without any meter the use is known and the energy is not', () => {
  const run = drive()
  run.record([modeAt(0, 'user', 0n), modeAt(60, 'user', 9n), workAt(0, 'A', 0n), workAt(60, 'A', 5n)])
  run.flush(60)
  expect(
    run.energy.map(row => [row.Share, row.EnergyUj, row.CpuUs, row.EnergyQuality, row.Coverage]),
  ).toEqual([
    ['active', 0n, 5n, 'none', 0],
    ['idle', 0n, 0n, 'none', 0],
    ['unattributed', 0n, 4n, 'none', 0],
  ])
})

test('what is simulated is never counted where something was measured, and says so on its rows', () => {
  const simulated = { Source: 'simulated:hw.energy', Quality: 'simulated', BootId: 's' }
  const run = drive()
  run.record([...WORKED_EXAMPLE, energyAt(0, 0n, simulated), energyAt(60, 77n, simulated)])
  run.flush(60)
  expect(run.energy.map(row => row.EnergyQuality)).not.toContain('simulated')
  const alone = drive()
  alone.record([
    ...WORKED_EXAMPLE.map(sample => ({ ...sample, Quality: 'simulated' })),
    energyAt(600, 4_600_000_000n, { Quality: 'simulated' }),
  ])
  alone.flush(60)
  expect(alone.energy.length).toBeGreaterThan(0)
  expect(new Set(alone.energy.map(row => row.EnergyQuality))).toEqual(new Set(['simulated']))
})

test('the same thing from two sources is counted once: measured before estimated, then who saw more', () => {
  const run = drive()
  const other = { Source: 'estimate', Quality: 'estimated', BootId: 'x' }
  run.record([...WORKED_EXAMPLE, energyAt(0, 0n, other), energyAt(60, 77n, other)])
  const twin = { Source: 'a twin', BootId: 'y' }
  run.record(
    WORKED_EXAMPLE.filter(({ Quantity }) => Quantity === 'cpu_time').map(sample => ({
      ...sample,
      ...twin,
      Timestamp: sample.Timestamp === at(0) ? at(30) : sample.Timestamp,
    })),
  )
  run.flush(60)
  expect(grid(run.energy)).toEqual([
    'cpu active A 450000000',
    'cpu active B 225000000',
    'cpu idle - 2700000000',
    'cpu unattributed - 225000000',
  ])
})

test('a pod steps back for its containers', () => {
  const pod = { WorkloadKind: 'pod', Attributes: {} }
  const inside = { Attributes: { 'k8s.pod.uid': 'P' } }
  const run = drive()
  run.record([
    ...WORKED_EXAMPLE.filter(({ WorkloadKind }) => WorkloadKind === ''),
    workAt(0, 'P', 0n, pod),
    workAt(60, 'P', 70_000_000n, pod),
    workAt(0, 'A', 0n, inside),
    workAt(60, 'A', 60_000_000n, inside),
  ])
  run.flush(60)
  expect(grid(run.energy)).toEqual([
    'cpu active A 450000000',
    'cpu idle - 2700000000',
    'cpu unattributed - 450000000',
  ])
})

test('guest time is part of user time, and the whole machine stands before its single CPUs', () => {
  const modes = (device: string, us: bigint) => [
    modeAt(0, 'user', 0n, { Device: device }),
    modeAt(60, 'user', us, { Device: device }),
    modeAt(0, 'guest', 0n, { Device: device }),
    modeAt(60, 'guest', us, { Device: device }),
    modeAt(0, 'iowait', 0n, { Device: device }),
    modeAt(60, 'iowait', us, { Device: device }),
  ]
  const parts = drive()
  parts.record([energyAt(0, 0n), energyAt(60, 100n), ...modes('0', 10n), ...modes('1', 30n)])
  parts.flush(60)
  expect(parts.energy[0]!.CapacityUs).toBe(80n)
  const whole = drive()
  whole.record([
    energyAt(0, 0n),
    energyAt(60, 100n),
    ...modes('0', 10n),
    ...modes('1', 30n),
    ...modes('', 41n),
  ])
  whole.flush(60)
  expect(whole.energy[0]!.CapacityUs).toBe(82n)
  expect(whole.energy.map(row => [row.Share, row.EnergyUj])).toEqual([
    ['idle', 50n],
    ['unattributed', 50n],
  ])
})

test('method baseline: calibrated idle power first, capped at what was metered', () => {
  const run = drive({ metering: { method: 'baseline', idle_watts: 20 } })
  run.record(WORKED_EXAMPLE)
  run.flush(60)
  expect(run.energy.map(row => [row.Share, row.EnergyUj, row.Method])).toEqual([
    ['active', 1_200_000_000n, 'baseline'],
    ['active', 600_000_000n, 'baseline'],
    ['idle', 1_200_000_000n, 'baseline'],
    ['unattributed', 600_000_000n, 'baseline'],
  ])
})

test('what comes after its window closed is counted and named, never in the ledger', () => {
  const run = drive({ metering: { gap: 60 } })
  run.record([energyAt(0, 0n), energyAt(10, 100n), modeAt(10, 'user', 0n)])
  for (let second = 20; second <= 100; second += 10) run.record([modeAt(second, 'user', BigInt(second))])
  expect(totalUj(run.energy)).toBe(100n)
  run.record([energyAt(50, 140n)])
  run.record([energyAt(70, 160n)])
  run.record([energyAt(5, 50n)])
  run.flush(120)
  expect(totalUj(run.energy)).toBe(110n)
  const words = run.late.map(row => [
    minuteOf(row.WindowStart),
    row.Domain,
    row.Value,
    row.Reason,
    row.Timestamp,
  ])
  // From 10 to 50 s 40 µJ, then 10 of the 20 µJ up to 70 s: found when the next window closed.
  expect(words).toEqual([
    [0, 'package-0', 0n, 'closed', at(5)],
    [0, 'package-0', 50n, 'closed', at(70)],
  ])
})

test('an older sample inside an interval that a closed window already used changes nothing, and says so', () => {
  const run = drive()
  run.record([energyAt(50, 0n), energyAt(100, 100n)])
  run.record([energyAt(80, 90n)])
  run.flush(120)
  expect(run.late.map(row => [row.Value, row.Reason])).toEqual([[0n, 'out_of_order']])
  expect(run.energy.map(row => row.EnergyUj)).toEqual([20n, 80n])
})

test('silence closes whole minutes first, the last one when no trusted interval can leave it, then all is forgotten', () => {
  const run = drive({ metering: { idle_flush: 120, gap: 300 } })
  const asked = (nowSeconds: number) => run.meter.silent(run.states, nowSeconds * 1000)
  const closes = (seconds: number) => ({
    tenant: 'default',
    host: 'h1',
    untilUnixNano: at(seconds).toString(),
  })
  run.record([energyAt(0, 0n), energyAt(70, 70n)], 1_000)
  expect(asked(120)).toEqual([])
  expect(asked(121)).toEqual([closes(60)])
  run.flush(60)
  expect(totalUj(run.energy)).toBe(60n)
  expect(asked(300)).toEqual([])
  expect(asked(301)).toEqual([closes(120)])
  run.flush(120)
  expect(totalUj(run.energy)).toBe(70n)
  expect(asked(86_400)).toEqual([])
  expect(asked(86_401)).toEqual([{ ...closes(120), forget: true }])
  run.flush(120, { forget: true })
  expect(asked(999_999)).toEqual([])
})

test('what comes for a closed window just before the host falls silent for good is told as late, once', () => {
  const run = drive({ metering: { idle_flush: 8, gap: 12 } })
  const silence = (nowSeconds: number): number => {
    const flushes = run.meter.silent(run.states, nowSeconds * 1000)
    for (const { untilUnixNano } of flushes) run.flush(0, { untilUnixNano })
    return flushes.length
  }
  run.record([energyAt(0, 0n), energyAt(40, 40n)], 1_000)
  expect(silence(20)).toBe(1)
  expect(totalUj(run.energy)).toBe(40n)
  run.record([energyAt(45, 45n), energyAt(58, 58n)], 21_000)
  expect(silence(30)).toBe(0)
  expect(silence(33)).toBe(1)
  expect(totalUj(run.energy)).toBe(40n)
  expect(run.late.reduce((sum, row) => sum + row.Value, 0n)).toBe(18n)
  expect(silence(1_000)).toBe(0)
})

test('a clock that was ahead and is set back does not hold up the silence of a host', () => {
  const run = drive({ metering: { idle_flush: 120, gap: 300 } })
  run.record([energyAt(0, 0n)], 86_400_000)
  run.record([energyAt(70, 70n)], 1_000)
  expect(run.meter.silent(run.states, 121_000)).toHaveLength(1)
})

test('a host that reports every few minutes loses nothing to lateness', () => {
  const run = drive({ metering: { idle_flush: 120, gap: 300 } })
  for (let round = 0; round < 4; round++) {
    run.record([energyAt(7 + round * 290, BigInt(round) * 290n)], round * 290_000)
    for (const { untilUnixNano } of run.meter.silent(run.states, round * 290_000 + 289_000)) {
      run.flush(0, { untilUnixNano })
    }
  }
  run.flush(3600)
  expect(totalUj(run.energy)).toBe(3n * 290n)
  expect(run.late).toEqual([])
})

test('a window that silence closed stays closed: what comes for it later is late', () => {
  const run = drive()
  run.record([energyAt(0, 0n), energyAt(10, 10n)])
  run.flush(60)
  run.record([energyAt(110, 110n)])
  run.flush(120)
  expect(totalUj(run.energy)).toBe(60n)
  expect(run.late.map(row => row.Value)).toEqual([50n])
})

test('counters that fell silent are forgotten, so that state stays small', () => {
  const run = drive()
  run.record(WORKED_EXAMPLE)
  run.record([energyAt(2 * 3600, 4_600_000_001n)])
  run.flush(2 * 3600)
  const [state] = [...run.states.values()]
  expect([...state!.series.values()].map(({ identity }) => identity.workloadId)).toEqual(['', '', '', ''])
  expect(state!.workloads.size).toBe(0)
})

test('a sample a second keeps those of the windows that are open', () => {
  const run = drive({ metering: { lateness: 60 } })
  for (let second = 0; second < 600; second += 10) {
    run.record(Array.from({ length: 10 }, (_, index) => energyAt(second + index, BigInt(second + index))))
  }
  const [state] = [...run.states.values()]
  expect(countOf([...state!.series.values()][0]!.samples)).toBeLessThanOrEqual(121)
  run.flush(600)
  expect(totalUj(run.energy)).toBe(599n)
})

test('state of another version or cut short is refused', () => {
  const run = drive()
  run.record(WORKED_EXAMPLE)
  const { names, numbers } = encodeHostState([...run.states.values()][0]!)
  for (const half of ['names', 'numbers'] as const) {
    const whole = { names, numbers }
    const decodeWith = (bytes: Uint8Array) => decodeHostState({ ...whole, [half]: bytes })
    expect(() => decodeWith(whole[half].slice(0, -1))).toThrow(/cannot be read/)
    expect(() => decodeWith(Uint8Array.of(9, ...whole[half].slice(1)))).toThrow(/version 9/)
    expect(() => decodeWith(Uint8Array.of(...whole[half], 0))).toThrow(/left over/)
  }
  expect(() => decodeHostState({ names: undefined, numbers })).toThrow(/names are missing/)
  run.record([workAt(61, 'C', 1n)])
  const later = encodeHostState([...run.states.values()][0]!)
  expect(() => decodeHostState({ names, numbers: later.numbers })).toThrow(/names are those of another state/)
})

test('what the meter does not use moves no window, and keeps nobody from falling silent', () => {
  const run = drive({ metering: { idle_flush: 120, gap: 300 } })
  run.record(WORKED_EXAMPLE)
  const since = NOON_SECONDS * 1000 + 60_000
  run.record([reading({ Quantity: 'cpu_wait', Timestamp: at(180) })])
  expect(run.energy).toEqual([])
  expect(run.meter.silent(run.states, since + 120_000)).toHaveLength(1)
})
