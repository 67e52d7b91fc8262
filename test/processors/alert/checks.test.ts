// Guarantees: every built-in check says of the rows of its own tenant and window what docs/alerts.md promises, to the minute; what
// is unknown is not 0, and what has no data says so.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BUILT_IN_CHECKS } from '../../../core/alerts/checks.ts'
import { parseDecimal } from '../../../core/model/decimal.ts'
import { factor } from '../../../core/model/factor.ts'
import { lateReadings, traces } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { spanRow } from '../../query/support/rows.ts'
import { KWH, minutes, NOON, openRuleRig, type RuleRig, SETTINGS } from './rule-rig.ts'

let rig: RuleRig

beforeAll(async () => {
  rig = await openRuleRig()
  const hour = minutes(-60, 0)
  await rig.book([
    ...hour.map(WindowStart => ({ WindowStart, Namespace: 'shop', EnergyUj: KWH / 60n })),
    // Two workloads and a host of another account; the last minute ends at noon.
    { WindowStart: -1, Namespace: 'lab', WorkloadId: 'B', WorkloadName: '', EnergyUj: KWH / 60n },
    { WindowStart: -1, Namespace: 'lab', WorkloadId: 'C', WorkloadName: 'c_1', EnergyUj: KWH / 30n },
    // Not closed yet.
    { WindowStart: 0, Namespace: 'shop', EnergyUj: 1000n * KWH },
    { WindowStart: -1, Tenant: 'other', Namespace: 'shop', EnergyUj: 7n * KWH },
    { WindowStart: -100, Namespace: 'past', Host: 'h2', HostName: 'two' },
    { WindowStart: -20, Namespace: 'past', Host: 'h3', HostName: 'three', Coverage: 1 },
    { WindowStart: -5, Namespace: 'past', Host: 'h3', HostName: 'three', Coverage: 0.5 },
    { WindowStart: 5, Namespace: 'past', Host: 'h3', HostName: 'three', Coverage: 0.5 },
  ])
  const unpriced = { ...rig.settings, factors: { pue: '1' }, tariffs: {} }
  await rig.book([{ WindowStart: -2, Namespace: 'dark', Zone: 'XX', EnergyUj: KWH }], unpriced)
  const embodied = { ...SETTINGS, factors: { ...SETTINGS.factors, embodied_kg: '1000000' } }
  await rig.book([{ WindowStart: -3, Namespace: 'made', EnergyUj: KWH }], embodied)
})

afterAll(() => rig.store.close())

const valuesOf = async (rule: object, at = NOON): Promise<Readonly<Record<string, number | null>>> =>
  Object.fromEntries(
    (await rig.values(rule, at)).map(({ labels, value }) => [
      Object.values(labels).join(' '),
      value === null ? null : Number(value.toPrecision(5)),
    ]),
  )

describe('energy, carbon and cost', () => {
  it('are per hour, by account', async () => {
    expect(await valuesOf({ check: 'energy', window: '1h', above: 1 })).toMatchObject({ shop: 1, lab: 0.05 })
    expect(await valuesOf({ check: 'energy', window: '5m', above: 1 })).toMatchObject({ shop: 1, lab: 0.6 })
    expect(await valuesOf({ check: 'carbon', window: '1h', above: 1 })).toMatchObject({ shop: 500, lab: 25 })
    // As in budgets: with what making the machine emitted, and beside it without.
    const where = { account: 'made' }
    const operational = await valuesOf({ check: 'carbon_operational', window: '1h', above: 1, where })
    expect(operational).toEqual({ made: 500 })
    const both = await valuesOf({ check: 'carbon', window: '1h', above: 1, where })
    expect(both['made']).toBeGreaterThan(501)
    expect(await valuesOf({ check: 'cost', window: '1h', above: 1 })).toMatchObject({
      'shop EUR': 0.25,
      'lab EUR': 0.0125,
    })
  })

  it('see whole minutes only, and their own tenant', async () => {
    const rule = { check: 'energy', window: '1m', above: 1 }
    expect(await valuesOf(rule, NOON + 59)).toMatchObject({ shop: 1 })
    expect(await valuesOf(rule, NOON + 60)).toEqual({ shop: 60_000 })
    expect((await rig.values(rule, NOON, 'other')).map(({ value }) => value)).toEqual([420])
  })

  it('sum by labels of choice, and a part that patterns choose', async () => {
    const rule = { check: 'energy', window: '1h', above: 1, by: ['namespace', 'workload'] }
    expect(await valuesOf({ ...rule, where: { namespace: 'l*b' } })).toEqual({
      'lab B': 0.016667,
      'lab c_1': 0.033333,
    })
    expect(await valuesOf({ ...rule, where: { workload: 'c_*' } })).toEqual({ 'lab c_1': 0.033333 })
    expect(await valuesOf({ ...rule, where: { workload: "c'; DROP" } })).toEqual({})
    expect(await valuesOf({ ...rule, by: [], where: { workload: 'x%' } })).toEqual({})
    expect(await valuesOf({ ...rule, by: [], where: { account: 'lab' } })).toEqual({ '': 0.05 })
  })

  it('have no value where nothing is priced', async () => {
    const where = { account: 'dark' }
    expect(await valuesOf({ check: 'carbon', window: '1h', above: 1, where })).toEqual({ dark: null })
    expect(Object.values(await valuesOf({ check: 'cost', window: '1h', above: 1, where }))).toEqual([null])
    expect(await valuesOf({ check: 'energy', window: '1h', above: 1, where })).toEqual({ dark: 1 })
  })
})

describe('hosts', () => {
  it('have a coverage, which can fall', async () => {
    expect(await valuesOf({ check: 'coverage', window: '10m', below: 0.9 })).toMatchObject({
      one: 1,
      three: 0.5,
    })
    expect(await valuesOf({ check: 'coverage_fall' })).toEqual({ one: 0, three: 0.5 })
    expect(await rig.changes({ check: 'coverage_fall' }, [0, 11])).toEqual([
      '0 firing three',
      '11 resolved three',
    ])
  })

  it('that fall silent are noticed while they are in the window', async () => {
    expect(await valuesOf({ check: 'host_silent' })).toEqual({ one: 0, two: 99 * 60, three: 240 })
    expect(
      await rig.changes(
        { check: 'host_silent', gone_after: '10m', window: '2h', above: 1_000 },
        [0, 15, 32, 42],
      ),
    ).toEqual(['0 firing two', '32 firing one', '32 firing three', '42 resolved two'])
  })
})

describe('what is unpriced', () => {
  it('is known by zone and reason; that all is priced is a value, too', async () => {
    expect(await valuesOf({ check: 'unpriced', window: '1h', above: 0 })).toEqual({
      'DE ': 0,
      'XX no_intensity,no_tariff': 1,
    })
  })

  it('ends its alert once corrections have priced it', async () => {
    const rule = { check: 'unpriced', window: '10m', above: 0 }
    expect(await rig.changes(rule, [0, 1, 10])).toEqual([
      '0 firing XX no_intensity,no_tariff',
      '10 resolved XX no_intensity,no_tariff',
    ])
  })
})

describe('late readings', () => {
  it('are counted by host; none are good news', async () => {
    const late: RowOf<typeof lateReadings> = {
      Tenant: 'default',
      Host: 'h1',
      WindowStart: NOON - 600,
      Quantity: 'energy',
      Domain: 'package-0',
      Device: '',
      WorkloadKind: '',
      WorkloadId: '',
      Value: 1n,
      Timestamp: BigInt(NOON - 100) * 1_000_000_000n,
      Reason: 'closed',
    }
    await rig.store.insert(lateReadings, [late, { ...late, Value: 2n }])
    const rule = { check: 'late_readings', above: 1 }
    expect(await valuesOf(rule)).toEqual({ h1: 2 })
    expect(await rig.changes(rule, [-10, 0, 5])).toEqual(['0 firing h1', '5 resolved h1'])
  })
})

describe('GPUs that are reserved and idle', () => {
  const gpu = (WindowStart: number, WorkloadName: string, used: bigint, idle: bigint) => ({
    WindowStart,
    Namespace: 'ml',
    WorkloadId: WorkloadName,
    WorkloadName,
    Component: 'gpu',
    GpuUs: used * 1_000_000n,
    GpuReservedIdleUs: idle * 1_000_000n,
  })

  it('are a share of what a workload has reserved; nothing reserved is no bad news', async () => {
    const rule = { check: 'gpu_idle', for: '10m' }
    expect(await rig.changes(rule, [0])).toEqual([])
    await rig.book([
      ...minutes(60, 90).flatMap(at => [
        gpu(at, 'busy', 50n, 10n),
        gpu(at, 'idle', 1n, 59n),
        gpu(at, 'cpu', 0n, 0n),
      ]),
      ...minutes(90, 120).flatMap(at => [gpu(at, 'busy', 50n, 10n), gpu(at, 'idle', 60n, 0n)]),
    ])
    expect(await valuesOf(rule, NOON + 90 * 60)).toEqual({ 'ml ml busy': 0.16667, 'ml ml idle': 0.98333 })
    expect(await rig.changes(rule, [80, 90, 120])).toEqual([
      '80 pending ml ml idle',
      '90 firing ml ml idle',
      '120 resolved ml ml idle',
    ])
  })
})

describe('intensity', () => {
  it('of the energy used', async () => {
    expect(await valuesOf({ check: 'intensity', above: 1 })).toEqual({ DE: 500 })
  })

  it('in force can be followed up and down, and ends with its values', async () => {
    const value = (from: number, text: string, kind: 'average' | 'marginal' = 'average') =>
      factor('test', {
        value: parseDecimal(text),
        unit: 'gCO2e/kWh',
        zone: 'SE-SE3',
        validFrom: NOON + from * 60,
        validTo: NOON + (from + 60) * 60,
        source: 'test',
        kind,
        state: 'final',
      })
    rig.intensities = [value(-60, '40.5'), value(0, '55'), value(-60, '80', 'marginal')]
    const above = { check: 'grid_intensity', above: 50, no_data: 'alert' }
    expect(await valuesOf(above, NOON - 1)).toEqual({ 'SE-SE3 average': 40.5, 'SE-SE3 marginal': 80 })
    expect(await valuesOf(above, NOON)).toEqual({ 'SE-SE3 average': 55 })
    expect(await rig.changes({ check: 'grid_intensity', below: 50 }, [-1, 0])).toEqual([
      '-1 firing SE-SE3 average',
      '0 resolved SE-SE3 average',
    ])
    expect(await rig.changes(above, [0, 60])).toEqual(['0 firing SE-SE3 average', '60 firing true'])
  })
})

describe('lag', () => {
  it('is the age of what each reader has not read', async () => {
    expect(await valuesOf({ check: 'lag' })).toEqual({ 'store ledger': 0 })
    rig.oldestPendingMs = (NOON - 301) * 1000
    expect(await rig.changes({ check: 'lag' }, [0])).toEqual(['0 firing store ledger'])
    rig.oldestPendingMs = null
    expect(await rig.changes({ check: 'lag' }, [1])).toEqual(['1 resolved store ledger'])
  })
})

describe('traces', () => {
  const span = (more: Partial<RowOf<typeof traces>>): RowOf<typeof traces> =>
    spanRow({
      Tenant: 'default',
      Timestamp: BigInt(NOON - 30) * 1_000_000_000n,
      ServiceName: 'cart',
      SpanKind: 'Server',
      StatusCode: 'Ok',
      Duration: 5_000_000n,
      ...more,
    })

  it('have a share of errors and a latency, by service, of what servers and consumers did', async () => {
    await rig.store.insert(traces, [
      ...Array.from({ length: 3 }, () => span({})),
      span({ StatusCode: 'Error', Duration: 900_000_000n }),
      span({ StatusCode: 'Error', SpanKind: 'Internal' }),
      span({ StatusCode: 'Error', ServiceName: 'mail', SpanKind: 'Consumer' }),
    ])
    expect(await valuesOf({ check: 'trace_errors', above: 0.1 })).toEqual({ cart: 0.25, mail: 1 })
    const { cart = 0, mail } = await valuesOf({ check: 'trace_latency', above: 100 })
    expect(mail).toBe(5)
    expect(cart).toBeGreaterThan(800)
  })

  it('that are missing are no data: after `for`, and what fired goes on', async () => {
    const rule = { check: 'trace_errors', above: 0.5, for: '2m', keep_firing_for: '2m' }
    expect(await rig.changes(rule, [0, 1, 2, 5, 6, 7, 8, 9])).toEqual([
      '0 pending mail',
      '2 firing mail',
      '5 pending true',
      '7 firing true',
    ])
  })
})

it('tests every check that there is', () => {
  const tested =
    'energy carbon carbon_operational cost budget_burn_fast budget_burn_slow budget_used coverage coverage_fall host_silent unpriced late_readings ' +
    'gpu_idle intensity grid_intensity lag trace_errors trace_latency'
  expect(Object.keys(BUILT_IN_CHECKS).toSorted()).toEqual(tested.split(' ').toSorted())
})
