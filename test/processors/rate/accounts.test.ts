/** Guarantees: the first matching rule names the account; no account has an empty part; nobody's energy is the operator's. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { createAccounts, type Rated } from '../../../processors/rate/accounts.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { energyRow } from './energy-row.ts'
import { rateRows } from './rate-rows.ts'

const accounts = createAccounts(
  configSchema.parse({
    workloads: {
      account: 'rest',
      operator_account: 'ops',
      rules: [
        { match: { kind: 'vm' }, account: 'vms' },
        { match: { namespace: 'kube-*' }, account: 'platform' },
        { match: { label: { tier: 'paid' } }, account: '${label:customer}' },
        { match: { name: 'a.*.c' }, account: 'named' },
        { match: { namespace: '*' }, account: 'ns-${namespace}' },
      ],
    },
  }).workloads,
)

const row = (facts: Partial<Rated>): Rated => ({
  Tenant: 'default',
  Host: 'h1',
  HostName: 'one',
  Zone: 'DE',
  WorkloadKind: 'container',
  WorkloadName: '',
  Namespace: '',
  Share: 'active',
  Labels: {},
  ...facts,
})

test.each([
  ['by kind, exact', { WorkloadKind: 'vm', Namespace: 'kube-system' }, 'vms'],
  ['by wildcard', { Namespace: 'kube-system' }, 'platform'],
  ['a wildcard is anchored', { Namespace: 'my-kube-system' }, 'ns-my-kube-system'],
  ['by label, filled in', { Labels: { tier: 'paid', customer: 'acme' } }, 'acme'],
  ['a part that would be empty: the next rule', { Namespace: 'shop', Labels: { tier: 'paid' } }, 'ns-shop'],
  ['dots are dots', { WorkloadName: 'axbxc' }, 'rest'],
  ['wildcard inside', { WorkloadName: 'a.b.c' }, 'named'],
  ['no rule', {}, 'rest'],
  ['idle', { Share: 'idle', WorkloadKind: '' }, 'ops'],
  ['a share of idle', { Share: 'idle' }, 'rest'],
  ['unattributed', { Share: 'unattributed', Namespace: 'kube-system' }, 'ops'],
  ['skew', { Share: 'skew' }, 'ops'],
])('%s', (_, facts, account) => {
  expect(accounts(row(facts))).toBe(account)
})

const by = createAccounts(
  configSchema.parse({
    workloads: {
      account: 'rest',
      rules: [
        { match: { tenant: 'shop-*', zone: 'SE-*' }, account: '${tenant}-north' },
        { match: { host: 'gpu-*' }, account: 'gpus-${host}' },
        { match: { cluster: 'prod-*' }, account: '${cluster}/${namespace}' },
        { match: { project: 'p-*' }, account: 'project ${project}' },
        { match: { label: { 'k8s.namespace.label.team': 'web*', tier: '*' } }, account: '${label:tier}' },
        { match: { label: { 'cloud.account.id': '1234*' } }, account: '${kind}:${name}' },
      ],
    },
  }).workloads,
)

test.each<[string, Partial<Rated>, string]>([
  ['tenant and zone', { Tenant: 'shop-1', Zone: 'SE-SE3' }, 'shop-1-north'],
  ['tenant in another zone', { Tenant: 'shop-1', Zone: 'DE' }, 'rest'],
  ['host by name', { HostName: 'gpu-7' }, 'gpus-gpu-7'],
  ['host by id', { Host: 'gpu-7', HostName: '' }, 'gpus-gpu-7'],
  ['cluster', { Labels: { 'k8s.cluster.name': 'prod-1' }, Namespace: 'web' }, 'prod-1/web'],
  ['cluster without a namespace', { Labels: { 'k8s.cluster.name': 'prod-1' } }, 'rest'],
  ['project of OpenStack', { Labels: { 'openstack.project.id': 'p-1' } }, 'project p-1'],
  [
    'project by the name of an exporter',
    { Labels: { project_id: 'p-2', 'cloud.account.id': 'q' } },
    'project p-2',
  ],
  ['label pattern', { Labels: { 'k8s.namespace.label.team': 'web-2', tier: 'gold' } }, 'gold'],
  ['a label that is not there', { Labels: { 'k8s.namespace.label.team': 'web-2' } }, 'rest'],
  ['account of a cloud', { Labels: { 'cloud.account.id': '123456' }, WorkloadName: 'db' }, 'container:db'],
  ['account of the token', { Labels: { 'wattline.account': 'paid', 'k8s.cluster.name': 'prod-1' } }, 'paid'],
  [
    'idle stays with the operator',
    { Share: 'idle', WorkloadKind: '', Labels: { 'wattline.account': 'paid' } },
    'operator',
  ],
])('%s', (_, facts, account) => {
  expect(by(row(facts))).toBe(account)
})

test('rows of a record get the accounts that single rows would, idle that of their site', () => {
  const workloads = {
    account: 'rest',
    rules: [
      { match: { zone: 'SE-*' }, account: '${zone}' },
      { match: { host: 'b*', tenant: 't1' }, account: '${host}' },
    ],
  }
  const config = configSchema.parse({
    workloads,
    sites: [{ name: 's', hosts: ['a*'], operator_account: 'ops-a' }],
  })
  const one = createAccounts(config.workloads)
  const facts = fc.record({
    Tenant: fc.constantFrom('t1', 't2'),
    Host: fc.constantFrom('a1', 'b1', 'c1'),
    Zone: fc.constantFrom('DE', 'SE-SE3'),
    Share: fc.constantFrom('active', 'idle'),
    WorkloadKind: fc.constantFrom('container', ''),
    Labels: fc.constantFrom<Record<string, string>>({}, { 'wattline.account': 'paid' }),
  })
  fc.assert(
    fc.property(fc.array(facts, { minLength: 1, maxLength: 20 }), list => {
      const rows = list.map(some => energyRow({ ...some, HostName: some.Host }))
      const rated = rateRows(createRate(config), rows)
      const expected = rows.map(some =>
        some.Share === 'idle' && some.WorkloadKind === '' && some.Host === 'a1'
          ? 'ops-a'
          : one({ ...row({}), ...some }),
      )
      expect(rated.map(({ Account }) => Account)).toEqual(expected)
    }),
    { seed: 43, numRuns: 50 },
  )
})

test('an account with a part that there is not is refused', () => {
  const parsed = configSchema.safeParse({ workloads: { rules: [{ match: {}, account: '${namspace}' }] } })
  expect(parsed.error?.issues[0]?.message).toContain('${namespace}')
})
