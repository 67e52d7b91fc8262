/**
 * Guarantees of allocations, on the real engine: however the books are aggregated, stepped, accumulated and shared, their sums are those of
 * `/api/v1/usage` and of the ledger, to the last unit of every amount; filters divide them; names, properties, cores and costs are those
 * that OpenCost would give; accounts of others stay unseen.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Allocation, AllocationAnswer } from '../../../core/api/answers.ts'
import { ledger } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import { parseAllocationRequest } from '../../../query/allocation/request.ts'
import { answerAllocation } from '../../../query/allocation/service.ts'
import { isShared } from '../../../query/allocation/statement.ts'
import type { RawQuery } from '../../../query/http/parameters.ts'
import { parseUsageRequest } from '../../../query/usage/parse.ts'
import { answerUsage } from '../../../query/usage/service.ts'
import { ledgerRow, unixSeconds } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const START = unixSeconds('2026-11-20T00:00:00Z')
const NOW = unixSeconds('2026-11-21T12:00:30Z')
const WINDOW = '2026-11-20T00:00:00Z,2026-11-20T06:00:00Z'
let store: TestWarehouse

/** A tenant's books, from a seed: workloads of Kubernetes and others, idle and unattributed energy, corrections, unknown costs. */
function randomBooks(Tenant: string, seed: number): RowOf<typeof ledger>[] {
  const any = fc.sample(
    fc.record({
      minute: fc.integer({ min: 0, max: 359 }),
      host: fc.constantFrom('n1', 'n2', 'n3'),
      workload: fc.integer({ min: -2, max: 8 }),
      component: fc.constantFrom('cpu', 'dram', 'gpu', 'other', 'host'),
      energy: fc.bigInt({ min: -1_000_000n, max: 9_000_000_000n }),
      isIdle: fc.boolean(),
      known: fc.integer({ min: 0, max: 7 }),
      use: fc.bigInt({ min: 0n, max: 60_000_000n }),
      request: fc.bigInt({ min: 0n, max: 60_000_000n }),
    }),
    { seed, numRuns: 600 },
  )
  return any.map(({ minute, host, workload, component, energy, isIdle, known, use, request }, index) => {
    const named = workload >= 0
    const kube = workload > 1
    return ledgerRow({
      Tenant,
      Host: host,
      HostName: `host-${host}`,
      WindowStart: START + minute * 60,
      Component: component,
      WorkloadKind: named ? (kube ? 'container' : 'unit') : '',
      WorkloadId: named ? `id-${workload}` : '',
      WorkloadName: named ? `c${workload}` : '',
      Namespace: kube ? ['shop', 'bank', 'infra'][workload % 3]! : '',
      Account: named ? ['web', 'mobile'][workload % 2]! : 'operator',
      Share: named ? (isIdle && known > 5 ? 'idle' : 'active') : isIdle ? 'idle' : 'unattributed',
      EnergyUj: energy,
      CpuUs: component === 'cpu' ? use : 0n,
      CpuRequestUs: component === 'cpu' ? request : 0n,
      MemoryByteSeconds: component === 'dram' ? use * 1_000n : 0n,
      CarbonOperationalUg: known === 0 ? null : energy / 7n,
      CarbonEmbodiedUg: known === 1 ? null : 13n,
      CostEnergyNano: known === 2 ? null : energy / 11n,
      CostResourceNano: known < 4 ? null : use,
      EntryKind: energy < 0n ? 'correction' : 'original',
      EntryId: `${Tenant}-${index}`,
      Labels: kube
        ? {
            'k8s.cluster.name': 'one',
            'k8s.node.name': host,
            'k8s.namespace.name': ['shop', 'bank', 'infra'][workload % 3]!,
            'k8s.pod.name': `pod-${workload}`,
            'k8s.container.name': `c${workload}`,
            'k8s.owner.kind': workload % 2 === 0 ? 'Deployment' : 'Job',
            'k8s.owner.name': `app-${workload % 4}`,
            'k8s.pod.label.app.kubernetes.io/name': `app-${workload % 4}`,
            ...(workload % 3 === 0 ? { 'k8s.pod.label.team': 'red' } : {}),
            'k8s.pod.annotation.contact': 'ops',
          }
        : {},
    })
  })
}

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(ledger, [...randomBooks('default', 1), ...randomBooks('other', 2)])
})
afterAll(() => store.close())

async function allocations(
  query: RawQuery,
  accounts: readonly string[] | null = null,
): Promise<AllocationAnswer> {
  const request = parseAllocationRequest(query, { tenant: 'default', accounts }, NOW)
  return answerAllocation(store.reader('default', isShared(request) ? null : accounts), request)
}
const all = (answer: AllocationAnswer): readonly Allocation[] =>
  answer.data.flatMap(set => Object.values(set))
const EXACT = [
  'energyUj',
  'carbonOperationalUg',
  'carbonEmbodiedUg',
  'costEnergyNano',
  'costResourceNano',
] as const
const sums = (some: readonly Allocation[]): Record<string, string> =>
  Object.fromEntries(
    EXACT.map(name => [
      name,
      some.reduce((sum, { wattline }) => sum + BigInt(wattline[name] ?? 0), 0n).toString(),
    ]),
  )
async function books(query: RawQuery = {}): Promise<Record<string, string>> {
  const identity = { tenant: 'default', accounts: null }
  const request = parseUsageRequest({ window: WINDOW, ...query }, identity, NOW, 'operator')
  const { total } = await answerUsage(store.reader('default'), request, 'EUR')
  return {
    energyUj: total.energy_uj,
    carbonOperationalUg: total.carbon_operational_ug ?? '0',
    carbonEmbodiedUg: total.carbon_embodied_ug ?? '0',
    costEnergyNano: total.cost_energy_nano ?? '0',
    costResourceNano: total.cost_resource_nano ?? '0',
  }
}

describe('sums', () => {
  it('are those of the usage API, however they are asked for', async () => {
    const expected = await books()
    const questions = fc.sample(
      fc.record({
        aggregate: fc.constantFrom(
          ...[
            '',
            'cluster',
            'node',
            'namespace',
            'controllerKind',
            'controller',
            'pod',
            'container',
            'service',
          ],
          ...[
            'namespace,controller',
            'label:team',
            'label:app_kubernetes_io_name,node',
            'annotation:contact',
            'deployment',
          ],
          ...['product', 'account', 'providerID'],
        ),
        step: fc.constantFrom('', '1h', '7m', '1d', 'hour'),
        accumulate: fc.constantFrom('', 'true', 'false', 'day'),
        shareIdle: fc.constantFrom('', 'true', 'weighted', 'even', 'false'),
        idleByNode: fc.constantFrom('true', 'false'),
        shareNamespaces: fc.constantFrom('', 'infra', 'infra,bank', 'nothing'),
        shareLabels: fc.constantFrom('', 'team:red'),
        shareSplit: fc.constantFrom('', 'even', 'weighted'),
      }),
      { seed: 19, numRuns: 24 },
    )
    for (const question of questions) {
      const answer = await allocations({ window: WINDOW, includeIdle: 'true', ...question })
      expect([question, sums(all(answer))]).toEqual([question, expected])
    }
  })

  it('leave out idle energy that no workload takes, unless it is asked for', async () => {
    expect(sums(all(await allocations({ window: WINDOW, aggregate: 'namespace' })))).not.toEqual(
      await books(),
    )
    const { excluded_uj } = await answerUsage(
      store.reader('default'),
      parseUsageRequest(
        { window: WINDOW, include_idle: 'false', share_idle: 'booked' },
        { tenant: 'default', accounts: null },
        NOW,
        'operator',
      ),
      'EUR',
    )
    const [set] = (await allocations({ window: WINDOW, aggregate: 'namespace', includeIdle: 'true' })).data
    expect(BigInt(excluded_uj)).toBeGreaterThan(0n)
    expect(set?.['__idle__']?.wattline.energyUj).toBe(
      all({ code: 200, data: [set ?? {}] })
        .filter(({ name }) => name === '__idle__')
        .reduce((sum, { wattline }) => sum + BigInt(wattline.energyUj), 0n)
        .toString(),
    )
  })

  it('are those of each group', async () => {
    const [set] = (await allocations({ window: WINDOW, aggregate: 'account', includeIdle: 'true' })).data
    for (const account of ['web', 'mobile'])
      expect([account, sums([set![account]!])]).toEqual([
        account,
        await books({ filter: `account:${account}` }),
      ])
  })

  it('are divided by a filter and its opposite', async () => {
    const filters = [
      ['label[app.kubernetes.io/name]<~:"app-"', 'label[app_kubernetes_io_name]!<~:"app-"'],
      ['controllerKind:"Deployment"+node~:"1"', 'controllerKind!:"deployment"|node!~:"1"'],
      ['pod~>:"2"|team:"red"', 'pod!~>:"2"+team!:"red"'],
      ['namespace:"__unallocated__"', 'namespace!:"__unallocated__"'],
    ] as const
    const expected = await books()
    for (const [filter, opposite] of filters) {
      for (const more of [
        { includeIdle: 'true' },
        { includeIdle: 'true', shareNamespaces: 'infra', shareIdle: 'true' },
      ]) {
        const some = all(await allocations({ window: WINDOW, filter, ...more }))
        const others = all(await allocations({ window: WINDOW, filter: opposite, ...more }))
        expect(some.length).toBeGreaterThan(0)
        expect([filter, sums([...some, ...others])]).toEqual([filter, expected])
      }
    }
  })
})

describe('allocations', () => {
  it('have the names of OpenCost', async () => {
    const names = async (aggregate: string): Promise<string[]> =>
      Object.keys((await allocations({ window: WINDOW, aggregate, includeIdle: 'true' })).data[0]!).toSorted()
    expect(await names('namespace')).toEqual(['__idle__', '__unallocated__', 'bank', 'infra', 'shop'])
    expect(await names('controllerKind')).toEqual(['__idle__', '__unallocated__', 'deployment', 'job'])
    expect(await names('controller')).toContain('deployment:app-2')
    expect(await names('job')).toEqual(['__idle__', '__unallocated__', 'app-1', 'app-3'])
    expect(await names('label:team')).toEqual(['__idle__', '__unallocated__', 'red'])
    expect(await names('namespace,label:app.kubernetes.io/name')).toContain('shop/app-3')
    expect(await names('')).toContain('one/n1/bank/pod-4/c4')
  })

  it('have properties that all of their parts share, and labels where they are one container', async () => {
    const [set] = (await allocations({ window: WINDOW })).data
    expect(set?.['one/n1/bank/pod-4/c4']?.properties).toEqual({
      cluster: 'one',
      node: 'n1',
      namespace: 'bank',
      controllerKind: 'deployment',
      controller: 'app-0',
      pod: 'pod-4',
      container: 'c4',
      labels: { app_kubernetes_io_name: 'app-0' },
      annotations: { contact: 'ops' },
    })
    const [shop] = (await allocations({ window: WINDOW, aggregate: 'namespace' })).data
    expect(shop?.['shop']?.properties).toEqual({ cluster: 'one', namespace: 'shop' })
  })

  it('bill the larger of use and reservation, workload by workload', async () => {
    const container = (await allocations({ window: WINDOW })).data[0]!['one/n1/bank/pod-4/c4']!
    const rows = randomBooks('default', 1).filter(row => row.Host === 'n1' && row.WorkloadId === 'id-4')
    const sum = (name: 'CpuUs' | 'CpuRequestUs'): number =>
      Number(rows.reduce((total, row) => total + row[name], 0n))
    const [used, reserved] = [sum('CpuUs'), sum('CpuRequestUs')]
    expect(container.cpuCoreHours).toBeCloseTo(Math.max(used, reserved) / 3.6e9, 9)
    expect(container.cpuEfficiency).toBeCloseTo(used / reserved, 9)
    expect(container.cpuCores).toBeCloseTo((container.cpuCoreHours * 60) / container.minutes, 9)
    const parts = ['cpuCost', 'ramCost', 'gpuCost', 'externalCost', 'sharedCost'] as const
    expect(parts.reduce((total, name) => total + (container[name] ?? 0), 0)).toBeCloseTo(
      container.totalCost!,
      9,
    )
    expect(container.totalCost).toBeCloseTo(
      (Number(container.wattline.costEnergyNano) + Number(container.wattline.costResourceNano)) / 1e9,
      9,
    )
  })

  it('are sorted by cost; limit and offset say what they left out', async () => {
    const whole = Object.values((await allocations({ window: WINDOW })).data[0]!)
    const some = await allocations({ window: WINDOW, limit: '3', offset: '2' })
    expect(Object.keys(some.data[0]!)).toEqual(whole.slice(2, 5).map(({ name }) => name))
    expect(some.message).toBe(`limit and offset left out ${whole.length - 3} allocations.`)
    expect(whole.map(({ totalCost }) => totalCost ?? -1)).toEqual(
      whole.map(({ totalCost }) => totalCost ?? -1).toSorted((a, b) => b - a),
    )
  })

  it('share a monthly cost by the width of the window', async () => {
    const answer = await allocations({
      window: WINDOW,
      aggregate: 'namespace',
      shareCost: '730',
      shareSplit: 'even',
    })
    expect(all(answer).reduce((sum, { sharedCost }) => sum + (sharedCost ?? 0), 0)).toBeCloseTo(6, 8)
    expect(new Set(all(answer).map(({ sharedCost }) => sharedCost?.toFixed(6)))).toEqual(
      new Set(['1.500000']),
    )
  })
})

it('a token for some accounts sees their allocations and their shares, and nothing else', async () => {
  for (const more of [{}, { includeIdle: 'true' }, { shareIdle: 'true' }, { shareIdle: 'even' }]) {
    const query = { window: WINDOW, aggregate: 'account', ...more }
    const answer = await allocations(query, ['web'])
    expect(all(answer).map(({ name }) => name)).toEqual(['web'])
    const whole = await allocations(query)
    expect(answer.data[0]!['web']!.wattline).toEqual(whole.data[0]!['web']!.wattline)
  }
})

it.each([{ shareNamespaces: 'infra' }, { shareLabels: 'team:a' }, { shareCost: '730' }])(
  'a token for some accounts cannot find out what others used by %o',
  async share => {
    const query = { window: WINDOW, aggregate: 'account', ...share }
    await expect(allocations(query, ['web'])).rejects.toMatchObject({ code: 'forbidden' })
    await expect(allocations(query)).resolves.toMatchObject({ code: 200 })
  },
)

it('costs in several currencies are never added up', async () => {
  const Tenant = 'abroad'
  await store.insert(ledger, [
    ledgerRow({ Tenant, CostEnergyNano: 5n, EnergyUj: 1n }),
    ledgerRow({ Tenant, CostEnergyNano: 7n, EnergyUj: 1n, Currency: 'SEK' }),
  ])
  const request = parseAllocationRequest(
    { window: 'yesterday', aggregate: 'namespace' },
    { tenant: Tenant, accounts: null },
    NOW,
  )
  const [set] = (await answerAllocation(store.reader(Tenant), request)).data
  expect(set?.['shop']).toMatchObject({
    totalCost: null,
    cpuCost: null,
    wattline: {
      energyUj: '2',
      currency: null,
      costEnergyNano: null,
      costs: [
        { currency: 'EUR', costEnergyNano: '5' },
        { currency: 'SEK', costEnergyNano: '7' },
      ],
    },
  })
})

it.each([
  { window: WINDOW, agregate: 'pod' },
  { aggregate: 'pod' },
  { window: WINDOW, aggregate: 'planet' },
  { window: WINDOW, step: '30s' },
  { window: WINDOW, step: '1x' },
  { window: WINDOW, accumulate: 'sometimes' },
  { window: WINDOW, resolution: 'fine' },
  { window: WINDOW, shareCost: '-1' },
  { window: WINDOW, shareLabels: 'red' },
  { window: WINDOW, limit: '0' },
  { window: WINDOW, format: 'csv' },
  { window: WINDOW, includeIdle: 'maybe' },
])('refuses %o', query => {
  expect(() => parseAllocationRequest(query as RawQuery, { tenant: 'default', accounts: null }, NOW)).toThrow(
    /parameter|=/,
  )
})
