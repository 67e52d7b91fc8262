// Guarantees, on the real engine: metrics become one number by their newest values or by their rate, of the tenant alone; usage, power
// of a replica and effects are what the ledger has, computed by hand here; what is not one number is refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { ledger, metricsGauge, metricsSum } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import type { NumberSource, WorkloadFilter } from '../../../core/scaling/policy.ts'
import { measureReplica } from '../../../processors/scale/costs.ts'
import { measureEffects } from '../../../processors/scale/effects.ts'
import { oneNumber, type ReadRows, readRowsOf } from '../../../processors/scale/read.ts'
import { sourceStatement } from '../../../processors/scale/sources.ts'
import { policyOf } from '../../core/scaling/fixture.ts'
import { ledgerRow } from '../../query/support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'

const AT = Date.parse('2026-11-20T12:10:00Z') / 1000
const MINUTE = AT - 600
let store: TestWarehouse
let read: ReadRows
const signal = new AbortController().signal

const EXEMPLARS = {
  'Exemplars.FilteredAttributes': [],
  'Exemplars.TimeUnix': [],
  'Exemplars.Value': [],
  'Exemplars.SpanId': [],
  'Exemplars.TraceId': [],
}
const gauge = (row: Partial<RowOf<typeof metricsGauge>>): RowOf<typeof metricsGauge> => ({
  Tenant: 'shop',
  ResourceAttributes: { 'service.name': 'cart' },
  ResourceSchemaUrl: '',
  ScopeName: '',
  ScopeVersion: '',
  ScopeAttributes: {},
  ScopeDroppedAttrCount: 0,
  ScopeSchemaUrl: '',
  ServiceName: 'cart',
  MetricName: 'queue',
  MetricDescription: '',
  MetricUnit: '',
  Attributes: {},
  StartTimeUnix: 0n,
  TimeUnix: BigInt(AT) * 1_000_000_000n,
  Value: 0,
  Flags: 0,
  ...EXEMPLARS,
  ...row,
})
const sum = (row: Partial<RowOf<typeof metricsSum>>): RowOf<typeof metricsSum> => ({
  ...gauge({ MetricName: 'requests' }),
  AggregationTemporality: 2,
  IsMonotonic: true,
  ...row,
})
const ago = (seconds: number): bigint => BigInt(AT - seconds) * 1_000_000_000n

beforeAll(async () => {
  store = await openTestWarehouse()
  read = readRowsOf(store.warehouse, configSchema.parse({}).limits.sql)
  await store.insert(metricsGauge, [
    gauge({ Attributes: { shard: 'a' }, Value: 100, TimeUnix: ago(30) }),
    gauge({ Attributes: { shard: 'a' }, Value: 7, TimeUnix: ago(10) }),
    gauge({ Attributes: { shard: 'b' }, Value: 3, TimeUnix: ago(20) }),
    gauge({ Attributes: { shard: 'c' }, Value: 50, TimeUnix: ago(90) }),
    gauge({ Tenant: 'bank', Attributes: { shard: 'a' }, Value: 1_000 }),
  ])
  await store.insert(metricsSum, [
    // 20 in 20 s; a restart: 5 more.
    sum({ Attributes: { pod: '1' }, Value: 100, TimeUnix: ago(40) }),
    sum({ Attributes: { pod: '1' }, Value: 120, TimeUnix: ago(20) }),
    sum({ Attributes: { pod: '1' }, Value: 5, TimeUnix: ago(0) }),
    // 80 in 40 s.
    sum({ Attributes: { pod: '2' }, Value: 1_000, TimeUnix: ago(45) }),
    sum({ Attributes: { pod: '2' }, Value: 1_080, TimeUnix: ago(5) }),
    // One value says nothing of its rate.
    sum({ Attributes: { pod: '3' }, Value: 9, TimeUnix: ago(5) }),
    sum({ MetricName: 'deltas', AggregationTemporality: 1, Value: 30, TimeUnix: ago(50) }),
    sum({ MetricName: 'deltas', AggregationTemporality: 1, Value: 60, TimeUnix: ago(10) }),
  ])
  const pod = (minute: number, id: string, energyUj: bigint, over: Partial<RowOf<typeof ledger>> = {}) =>
    ledgerRow({
      Tenant: 'shop',
      WindowStart: MINUTE + minute * 60,
      WorkloadKind: 'pod',
      WorkloadId: id,
      WorkloadName: `cart-${id}`,
      EnergyUj: energyUj,
      CpuUs: 30_000_000n,
      CarbonOperationalUg: 1_000_000n,
      CarbonEmbodiedUg: 200_000n,
      CostEnergyNano: 3_000_000n,
      CostResourceNano: 1_000_000n,
      Pue: '1.5',
      Zone: 'FR',
      ...over,
    })
  await store.insert(ledger, [
    // 60 J and 120 J in minute 0: 1 W and 2 W.
    pod(0, 'a', 60_000_000n),
    pod(0, 'b', 90_000_000n),
    pod(0, 'b', 30_000_000n, { Component: 'dram', EnergyQuality: 'estimated', CpuUs: 0n }),
    // 180 J in minute 1: 3 W.
    pod(1, 'a', 180_000_000n),
    // Use is known, energy is not: no replica to divide by.
    pod(1, 'c', 0n, { EnergyQuality: 'none', CarbonOperationalUg: null, CostEnergyNano: null }),
    pod(0, 'd', 999_000_000n, { WorkloadName: 'other' }),
    pod(0, 'a', 999_000_000n, { Tenant: 'bank' }),
  ])
})
afterAll(() => store.close())

const ask = async (source: NumberSource, windowSeconds = 60, at = AT): Promise<number | null> =>
  oneNumber(await read('shop', sourceStatement(source, { at, windowSeconds, ledgerDelay: 0 }), signal))
const metric = (name: string, aggregate: 'sum' | 'avg' | 'max' | 'min' | 'rate', labels = {}) =>
  ask({ kind: 'metric', name, aggregate, labels })

describe('metrics', () => {
  it('are the newest values of series within the window', async () => {
    expect(await metric('queue', 'sum')).toBe(10)
    expect(await metric('queue', 'avg')).toBe(5)
    expect(await metric('queue', 'max')).toBe(7)
    expect(await metric('queue', 'min')).toBe(3)
    expect(await metric('requests', 'max', { pod: '2' })).toBe(1_080)
  })

  it('are chosen by attributes of the series or of its resource', async () => {
    expect(await metric('queue', 'sum', { shard: 'b', 'service.name': 'cart' })).toBe(3)
    expect(await metric('queue', 'sum', { shard: 'z' })).toBeNull()
    expect(await metric("queue' OR 1 --", 'sum')).toBeNull()
  })

  it('become rates: steps of counters, also over restarts, and sums of deltas', async () => {
    expect(await metric('requests', 'rate')).toBeCloseTo(25 / 40 + 80 / 40, 9)
    expect(await metric('deltas', 'rate')).toBeCloseTo(1.5, 9)
    expect(await metric('nothing', 'rate')).toBeNull()
  })
})

const CART: WorkloadFilter = { account: '', namespace: 'shop', name: 'cart-*', kind: 'pod' }

describe('the ledger', () => {
  it.each([
    ['watts', 3],
    ['cpu_cores', 1],
    ['grams_per_hour', 3 * 1.2 * 60],
    ['cost_per_hour', 3 * 0.004 * 60],
  ] as const)('gives %s of workloads', async (measure, expected) => {
    const found = await ask({ kind: 'usage', measure, workloads: CART }, 60, MINUTE + 60)
    expect(found).toBeCloseTo(expected, 9)
    expect(
      await ask({ kind: 'usage', measure, workloads: { ...CART, name: 'cart_*' } }, 60, MINUTE + 60),
    ).toBeNull()
  })

  it('gives the power of a replica: energy over minutes of replicas', async () => {
    const replica = { ...policyOf().replica, workloads: CART }
    const found = await measureReplica(read, policyOf({ replica }), AT, signal)
    // 360 J in three minutes of replicas.
    expect(found).toMatchObject({ at: AT, watts: 2, replicaMinutes: 3, isEstimated: false, zone: 'FR' })
    expect(found?.pue).toBeCloseTo(1.5, 12)
    expect(found?.embodiedGramsPerHour).toBeCloseTo((5 * 0.2 * 60) / 3, 9)
    expect(found?.resourceCostPerHour).toBeCloseTo((5 * 0.001 * 60) / 3, 9)
    const none = { ...replica, workloads: { ...CART, name: 'nothing' } }
    expect(await measureReplica(read, policyOf({ replica: none }), AT, signal)).toBeNull()
  })

  it('gives effects by the minutes after each decision', async () => {
    const policy = policyOf({ intervalSeconds: 30, replica: { ...policyOf().replica, workloads: CART } })
    const pending = [0, 90, 300].map(after => ({
      id: `d${after}`,
      at: MINUTE + after,
      replicas: 2,
      policyVersion: 'v1',
    }))
    const [first, second, none] = await measureEffects(read, policy, pending, signal)
    expect(first).toMatchObject({ from: MINUTE, to: MINUTE + 60, replicas: 2, watts: 3, currency: 'EUR' })
    expect([first?.carbonUg, first?.costNano]).toEqual([3_600_000, 12_000_000])
    // One of its entries has neither carbon nor cost.
    expect(second).toMatchObject({ from: MINUTE + 60, replicas: 2, watts: 3, carbonUg: null, costNano: null })
    expect(none).toMatchObject({ replicas: null, watts: null, carbonUg: null })
  })
})

it('takes one number, and nothing else', async () => {
  const sql = (text: string) => ask({ kind: 'sql', sql: text })
  expect(await sql('SELECT 2.5')).toBe(2.5)
  expect(await sql('SELECT toUInt64(18446744073709551615)')).toBeCloseTo(1.8e19, -18)
  expect(await sql('SELECT NULL')).toBeNull()
  expect(await sql('SELECT nan')).toBeNull()
  expect(await sql('SELECT inf')).toBeNull()
  expect(await sql('SELECT 1 WHERE 0')).toBeNull()
  expect(await sql('SELECT toUnixTimestamp({to:DateTime}) - toUnixTimestamp({from:DateTime})')).toBe(60)
  for (const wrong of ['SELECT 1, 2', "SELECT 'many'", 'SELECT 1 UNION ALL SELECT 1', "SELECT ''"])
    await expect(sql(wrong)).rejects.toMatchObject({ code: 'scaling_input_failed' })
  await expect(sql('SELECT count() FROM system.processes')).rejects.toMatchObject({ code: 'sql_refused' })
})
