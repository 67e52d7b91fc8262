/** Guarantees: the first matching rule names the account; no account has an empty part; nobody's energy is the operator's. */
import { expect, test } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { createAccounts, type Rated } from '../../../processors/rate/accounts.ts'

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
