/**
 * Guarantees: what workloads used in a minute is shared over their spans as the rules of docs/requests.md say, to the last µJ,
 * µg and nano, whatever spans overlap, cross edges of minutes, are skewed, last no time, come twice or late; and whatever
 * entries come late. Sums by workload and minute are the ledger's. Stops in the middle change nothing.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledger, traces } from '../../../core/model/streams/index.ts'
import {
  type Entry,
  expectedRows,
  readRow,
  rowsStatement,
  type Span,
} from '../../processors/requests/oracle.ts'
import { openRig, type RequestsRig } from '../../processors/requests/rig.ts'
import { ledgerRow, spanRow } from '../../query/support/rows.ts'

const START = Date.parse('2026-11-20T12:00:00Z') / 1000
const MINUTES = [START, START + 60, START + 120]
const SECOND = 1_000_000_000n

let rig: RequestsRig
beforeAll(async () => {
  rig = await openRig((START + 300) * 1000)
})
afterAll(() => rig.close())

const id = (number: number, digits: number): string => (number + 1).toString(16).padStart(digits, '0')

/** A moment of the three minutes, often on or near one of a few round ones, so that edges meet. */
const moment = fc.oneof(
  fc.integer({ min: -8, max: 190 }).map(second => BigInt(START + second) * SECOND),
  fc.bigInt({ min: -8n * SECOND, max: 190n * SECOND }).map(offset => BigInt(START) * SECOND + offset),
)
const duration = fc.oneof(
  fc.constant(0n),
  fc.integer({ min: 1, max: 20 }).map(seconds => BigInt(seconds) * SECOND),
  fc.bigInt({ min: 1n, max: 3n * SECOND }),
  fc.bigInt({ min: 60n * SECOND, max: 70n * SECOND }),
)
const span = (tenant: string) =>
  fc
    .record({
      trace: fc.integer({ min: 0, max: 2 }),
      parent: fc.integer({ min: -1, max: 9 }),
      at: moment,
      Duration: duration,
      workload: fc.constantFrom('a', 'b', 'c', 'nowhere'),
      SpanName: fc.constantFrom('op-1', 'op-2'),
      SpanKind: fc.constantFrom('Server', 'Client', 'Internal', 'Consumer'),
    })
    .map(({ trace, parent, at, workload, ...rest }) => ({
      ...rest,
      Tenant: tenant,
      TraceId: id(trace, 32),
      ParentSpanId: parent < 0 ? '' : id(parent, 16),
      Timestamp: at,
      ServiceName: `service-${workload}`,
      ResourceAttributes: { 'service.name': `service-${workload}`, 'container.id': workload },
    }))
/** Span ids are numbers of one trace: some are parents of others, and some parents are not there. */
const spans = (tenant: string): fc.Arbitrary<Span[]> =>
  fc.array(span(tenant), { minLength: 1, maxLength: 24 }).map(some => {
    const counts = new Map<string, number>()
    return some.map(one => {
      const number = counts.get(one.TraceId) ?? 0
      counts.set(one.TraceId, number + 1)
      return spanRow({
        ...one,
        SpanId: id(number, 16),
        ParentSpanId: one.ParentSpanId === id(number, 16) ? '' : one.ParentSpanId,
      })
    })
  })
const amount = fc.option(fc.bigInt({ min: -50n, max: 4_000_000_000n }), { nil: null, freq: 5 })
const entries = (tenant: string): fc.Arbitrary<Entry[]> =>
  fc.array(
    fc
      .record({
        minute: fc.constantFrom(...MINUTES),
        WorkloadId: fc.constantFrom('a', 'b', 'c', 'd'),
        Component: fc.constantFrom('cpu', 'dram'),
        EnergyUj: fc.bigInt({ min: 0n, max: 9_000_000_000n }),
        EnergyQuality: fc.constantFrom('measured', 'estimated', 'none'),
        CarbonOperationalUg: amount,
        CarbonEmbodiedUg: amount,
        CostEnergyNano: amount,
        CostResourceNano: amount,
      })
      .map(({ minute, ...rest }) =>
        ledgerRow({
          ...rest,
          EnergyUj: rest.EnergyQuality === 'none' ? 0n : rest.EnergyUj,
          Tenant: tenant,
          WindowStart: minute,
        }),
      ),
    { maxLength: 14 },
  )

const CASES = 24
const drawn = Array.from({ length: CASES }, (_, index) => {
  const tenant = `t${index}`
  const [first] = fc.sample(
    fc.record({
      early: spans(tenant),
      entries: entries(tenant),
      late: spans(tenant),
      corrected: entries(tenant),
    }),
    { numRuns: 1, seed: 20261130 + index },
  )
  return { tenant, ...first! }
})
/** Ids of late spans begin where those of early ones of their trace ended: some have early parents. */
const lateSpans = (early: readonly Span[], late: readonly Span[]): Span[] =>
  late.slice(0, 8).map((one, index) => ({
    ...one,
    SpanId: id(early.length + index, 16),
    ParentSpanId: one.ParentSpanId === id(early.length + index, 16) ? '' : one.ParentSpanId,
  }))

async function expectRows(tenant: string, all: readonly Span[], booked: readonly Entry[]): Promise<void> {
  for (const minute of MINUTES) {
    const range = { from: BigInt(minute) * SECOND, to: BigInt(minute + 60) * SECOND }
    const expected = expectedRows(
      all,
      booked.filter(({ WindowStart }) => WindowStart === minute),
      range,
    )
    const found = new Map(
      (await rig.store.warehouse.query<Record<string, string | null>>(rowsStatement(tenant, minute))).map(
        readRow,
      ),
    )
    // Nothing of nothing has no row.
    for (const [key, row] of expected) {
      if (row.spans === 0 && !Object.values(row).some(value => typeof value === 'bigint' && value !== 0n))
        expected.delete(key)
    }
    for (const [key, row] of found) {
      if (row.spans === 0 && !Object.values(row).some(value => typeof value === 'bigint' && value !== 0n))
        found.delete(key)
    }
    expect({ tenant, minute, rows: found }).toEqual({ tenant, minute, rows: expected })
  }
}

test('shares are those of the rules, also once spans and entries have come late', async () => {
  await rig.store.insert(
    traces,
    drawn.flatMap(({ early }) => early),
  )
  await rig.store.insert(
    ledger,
    drawn.flatMap(one => one.entries),
  )
  await rig.settled()
  for (const one of drawn) await expectRows(one.tenant, one.early, one.entries)

  // Late ones, some rows a second time, and corrections that take back.
  const late = drawn.map(one => lateSpans(one.early, one.late))
  await rig.store.insert(traces, [...late.flat(), ...drawn.flatMap(({ early }) => early.slice(0, 2))])
  const corrected = drawn.map(one =>
    one.corrected.map(
      (row): Entry => ({ ...row, EntryKind: 'correction', Revision: 1, EnergyUj: -row.EnergyUj }),
    ),
  )
  await rig.store.insert(ledger, corrected.flat())
  await rig.settled()
  for (const [index, one] of drawn.entries()) {
    await expectRows(one.tenant, [...one.early, ...late[index]!], [...one.entries, ...corrected[index]!])
  }
})

test('sums by workload and minute are those of the ledger', async () => {
  const sums = (table: string): string =>
    `SELECT Tenant, WindowStart, WorkloadId, toString(sum(EnergyUj)) AS energy, toString(sum(CarbonOperationalUg)) AS carbon,
       toString(sum(CarbonEmbodiedUg)) AS embodied, toString(sum(CostEnergyNano)) AS cost, toString(sum(CostResourceNano)) AS resources
     FROM wattline.${table} WHERE WorkloadKind != '' GROUP BY Tenant, WindowStart, WorkloadId
     HAVING arrayExists(x -> ifNull(x, '0') != '0', [energy, carbon, embodied, cost, resources]) ORDER BY ALL`
  const zero = (rows: readonly Record<string, string | null>[]) =>
    rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? '0'])))
  const booked = await rig.store.warehouse.query<Record<string, string | null>>(sums('ledger'))
  expect(zero(await rig.store.warehouse.query(sums('request_energy')))).toEqual(zero(booked))
  expect(booked.length).toBeGreaterThan(2 * CASES)
})
