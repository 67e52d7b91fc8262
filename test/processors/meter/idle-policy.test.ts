/**
 * Guarantees: idle energy of a minute goes to who a policy names, to the microjoule and in sum what it was; a policy changes
 * neither active rows nor any sum; rows tell the policy and the place of each share.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { shared } from '../../books/oracle.ts'
import { runs } from '../../support/runs.ts'
import {
  at,
  drive,
  energyAt,
  grid,
  modeAt,
  type Reading,
  reading,
  totalUj,
  WORKED_EXAMPLE,
  workAt,
} from './support.ts'

type Metering = ReturnType<typeof configSchema.parse>['metering']

function metered(rows: readonly Reading[], metering: Partial<Metering>): EnergyRow[] {
  const run = drive({ metering })
  run.record(rows)
  run.flush(60)
  return run.energy
}

const gauge = (quantity: string, id: string, value: bigint): readonly Reading[] =>
  [0, 60].map(seconds =>
    reading({
      Quantity: quantity,
      WorkloadKind: 'container',
      WorkloadId: id,
      Timestamp: at(seconds),
      Value: value,
    }),
  )

test('by usage: 2,700 J idle, A twice as much as B', () => {
  const rows = metered(WORKED_EXAMPLE, { idle_policy: 'by_usage' })
  expect(grid(rows)).toEqual([
    'cpu active A 450000000',
    'cpu active B 225000000',
    'cpu idle A 1800000000',
    'cpu idle B 900000000',
    'cpu unattributed - 225000000',
  ])
  expect(rows.map(row => row.IdlePolicy)).toEqual(rows.map(() => 'by_usage'))
  expect(rows.map(row => [row.IdleSharedUj, row.IdleBeforeUj])).toEqual([
    ...[
      [0n, 0n],
      [0n, 0n],
      [2_700_000_000n, 0n],
      [2_700_000_000n, 1_800_000_000n],
      [0n, 0n],
    ],
  ])
  expect(rows[2]).toMatchObject({
    WorkloadName: 'name of A',
    Labels: { 'workload.name': 'name of A' },
    CpuUs: 0n,
  })
})

test('by request: of eight cores A has reserved two and C one, which C does not use; the operator takes the other five', () => {
  const rows = [
    ...WORKED_EXAMPLE,
    ...[workAt(0, 'C', 0n), workAt(60, 'C', 0n)],
    ...[...gauge('cpu_request', 'A', 2_000n), ...gauge('cpu_request', 'C', 1_000n)],
  ]
  expect(grid(metered(rows, { idle_policy: 'by_request' }))).toEqual([
    'cpu active A 450000000',
    'cpu active B 225000000',
    'cpu active C 0',
    'cpu idle A 675000000',
    'cpu idle C 337500000',
    'cpu idle - 1687500000',
    'cpu unattributed - 225000000',
  ])
})

test('requests beyond the capacity share all of it', () => {
  const rows = [...WORKED_EXAMPLE, ...gauge('cpu_request', 'A', 9_000n), ...gauge('cpu_request', 'B', 3_000n)]
  expect(grid(metered(rows, { idle_policy: 'by_request' })).filter(row => row.includes('idle'))).toEqual([
    'cpu idle A 2025000000',
    'cpu idle B 675000000',
  ])
})

test('memory idles for those that hold it, where that is known', () => {
  const rows = [
    ...WORKED_EXAMPLE,
    ...[energyAt(0, 0n, { Domain: 'dram-0' }), energyAt(60, 480n, { Domain: 'dram-0' })],
    ...[...gauge('memory', 'A', 1_000n), ...gauge('memory', 'B', 3_000n)],
  ]
  expect(grid(metered(rows, { idle_policy: 'by_usage' })).filter(row => row.startsWith('dram idle'))).toEqual(
    ['dram idle A 90', 'dram idle B 270'],
  )
})

test('what nobody can take stays with the operator', () => {
  const alone = WORKED_EXAMPLE.filter(row => row.WorkloadKind === '')
  for (const idle_policy of ['by_usage', 'by_request'] as const) {
    const [idle] = metered(alone, { idle_policy })
    expect(idle).toMatchObject({ Share: 'idle', WorkloadId: '', EnergyUj: 2_700_000_000n, IdleSharedUj: 0n })
    expect(idle!.IdlePolicy).toBe(idle_policy)
  }
  // No requests at all.
  expect(grid(metered(WORKED_EXAMPLE, { idle_policy: 'by_request' }))).toContain('cpu idle - 2700000000')
})

test('tenants and hosts have policies of their own; the first rule that names both applies', () => {
  const idle_policies = [
    { tenants: ['lab-*'], policy: 'none' as const },
    { hosts: ['o*'], tenants: ['*'], policy: 'by_usage' as const },
  ]
  const policyOf = (facts: Partial<Reading>): string =>
    metered(
      WORKED_EXAMPLE.map(row => ({ ...row, ...facts })),
      { idle_policies, idle_policy: 'by_request' },
    )[0]?.IdlePolicy ?? ''
  // By name; `drive` flushes host h1 of tenant default.
  expect(policyOf({})).toBe('by_usage')
  expect(policyOf({ HostName: 'two' })).toBe('by_request')
  expect(() => configSchema.parse({ metering: { idle_policies: [{ policy: 'all' }] } })).toThrow()
})

test('minutes can be closed by another policy than the one that is configured, as recompute does with booked ones', () => {
  const run = drive({ metering: { idle_policy: 'by_request' } })
  run.record(WORKED_EXAMPLE)
  run.flush(60, { asBooked: { idlePolicy: 'by_usage', gpuIdlePower: undefined } })
  expect(run.energy).toEqual(metered(WORKED_EXAMPLE, { idle_policy: 'by_usage' }))
})

test('on random minutes: shares by largest remainder, ties to the first; sums and other rows as without a policy', () => {
  const amount = fc.oneof(fc.bigInt({ min: 0n, max: 20n }), fc.bigInt({ min: 0n, max: 10n ** 9n }))
  const workload = fc.record({ us: amount, request: fc.bigInt({ min: 0n, max: 4_000n }) })
  const minute = fc.record({ uj: amount, idle: amount, of: fc.array(workload, { maxLength: 7 }) })
  fc.assert(
    fc.property(
      minute,
      fc.constantFrom('by_usage' as const, 'by_request' as const),
      ({ uj, idle, of }, policy) => {
        const busy = of.reduce((sum, { us }) => sum + us, 0n)
        const rows = [
          ...[energyAt(0, 0n), energyAt(60, uj), modeAt(0, 'user', 0n), modeAt(60, 'user', busy)],
          ...[modeAt(0, 'idle', 0n), modeAt(60, 'idle', idle)],
          ...of.flatMap(({ us, request }, index) => [
            ...[workAt(0, `w${index}`, 0n), workAt(60, `w${index}`, us)],
            ...gauge('cpu_request', `w${index}`, request),
          ]),
        ]
        const [without, withPolicy] = [metered(rows, {}), metered(rows, { idle_policy: policy })]
        expect(totalUj(withPolicy)).toBe(uj)
        const others = (all: readonly EnergyRow[]) =>
          all.filter(row => row.Share !== 'idle').map(row => ({ ...row, IdlePolicy: '' }))
        expect(others(withPolicy)).toEqual(others(without))
        const whole = without.find(row => row.Share === 'idle')?.EnergyUj ?? 0n
        const requested = of.map(({ request }) => request * 60_000n)
        const rest = busy + idle - requested.reduce((sum, us) => sum + us, 0n)
        const weights = policy === 'by_usage' ? of.map(({ us }) => us) : [...requested, rest > 0n ? rest : 0n]
        const isShared = (policy === 'by_usage' ? busy : requested.reduce((sum, us) => sum + us, 0n)) > 0n
        if (!isShared || busy + idle === 0n) return
        const parts = shared(whole, weights)
        const got = new Map(
          withPolicy.filter(row => row.Share === 'idle').map(row => [row.WorkloadId, row.EnergyUj]),
        )
        expect(of.map((_, index) => got.get(`w${index}`) ?? 0n)).toEqual(parts.slice(0, of.length))
        expect(got.get('') ?? 0n).toBe(policy === 'by_usage' ? 0n : parts[of.length])
      },
    ),
    { numRuns: runs(50) },
  )
})
