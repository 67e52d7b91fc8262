/**
 * Guarantees: a rule or site is reported as unreachable only if nothing can reach it, and always if an earlier one
 * hides it.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unreachable } from '../../../../core/catalogue/config/reachable.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { createAccounts } from '../../../../processors/rate/accounts.ts'

const found = (config: unknown): string[] => unreachable(configSchema.parse(config)).map(({ path }) => path)
const rules = (...list: readonly unknown[]) => ({ workloads: { rules: list } })

test.each<[string, readonly unknown[], readonly string[]]>([
  [
    'a rule for everything hides what follows',
    [
      { match: {}, account: 'a' },
      { match: { kind: 'vm' }, account: 'b' },
    ],
    ['workloads.rules.1'],
  ],
  [
    'the narrower one first',
    [
      { match: { kind: 'vm' }, account: 'b' },
      { match: {}, account: 'a' },
    ],
    [],
  ],
  [
    'a wider pattern',
    [
      { match: { namespace: 'kube-*' }, account: 'a' },
      { match: { namespace: 'kube-sys*' }, account: 'b' },
    ],
    ['workloads.rules.1'],
  ],
  [
    'a narrower pattern',
    [
      { match: { namespace: 'kube-sys*' }, account: 'a' },
      { match: { namespace: 'kube-*' }, account: 'b' },
    ],
    [],
  ],
  [
    'an account that may have an empty part',
    [
      { match: { namespace: '*' }, account: '${namespace}' },
      { match: {}, account: 'b' },
    ],
    [],
  ],
  [
    'an account whose part is sure',
    [
      { match: { namespace: 'x*' }, account: '${namespace}' },
      { match: { namespace: 'xy', kind: 'vm' }, account: 'b' },
    ],
    ['workloads.rules.1'],
  ],
  [
    'a label that need not be there',
    [
      { match: { label: { a: '*' } }, account: 'a' },
      { match: {}, account: 'b' },
    ],
    [],
  ],
  [
    'a label that must be there',
    [
      { match: { label: { a: '*' } }, account: 'a' },
      { match: { label: { a: 'x' } }, account: 'b' },
    ],
    ['workloads.rules.1'],
  ],
])('%s', (_, list, paths) => {
  expect(found(rules(...list))).toEqual(paths)
})

test('sites with hosts that others claim', () => {
  const sites = [
    { name: 'a', hosts: ['sto-*'] },
    { name: 'b', hosts: ['lab-*', 'x'] },
    { name: 'c', hosts: ['sto-1', 'lab-2'] },
    { name: 'd', hosts: ['sto-1', 'new'] },
  ]
  expect(found({ sites })).toEqual(['sites.2'])
})

test('no workload ever gets the account of a rule reported as unreachable', () => {
  const pattern = fc.constantFrom('*', 'a*', '*b', 'ab', 'a', '')
  const match = fc.record(
    {
      namespace: pattern,
      name: pattern,
      host: pattern,
      cluster: pattern,
      kind: fc.constantFrom('vm', 'pod'),
      label: fc.dictionary(fc.constantFrom('x', 'y'), pattern, { maxKeys: 2 }),
    },
    { requiredKeys: [] },
  )
  const account = fc.constantFrom('p', '${namespace}', '${label:x}', '${cluster}-${name}')
  const text = fc.constantFrom('', 'a', 'ab', 'b', 'aab')
  const row = fc.record({
    Tenant: fc.constant('default'),
    Host: fc.constantFrom('a', 'ab'),
    HostName: fc.constantFrom('a', 'b'),
    Zone: fc.constant('DE'),
    WorkloadKind: fc.constantFrom('vm', 'pod'),
    WorkloadName: fc.constantFrom('a', 'ab', 'b'),
    Namespace: text,
    Share: fc.constant('active'),
    Labels: fc.dictionary(fc.constantFrom('x', 'y', 'k8s.cluster.name'), text),
  })
  fc.assert(
    fc.property(
      fc.array(fc.record({ match, account }), { maxLength: 4 }),
      fc.array(row, { maxLength: 20 }),
      (list, rows) => {
        // Each rule has its own name.
        const named = list.map((rule, index) => ({ ...rule, account: `${index}:${rule.account}` }))
        const config = configSchema.parse(rules(...named))
        const hidden = unreachable(config).map(({ path }) => path.split('.').at(-1))
        const accountOf = createAccounts(config.workloads)
        for (const one of rows) expect(hidden).not.toContain(accountOf(one).split(':')[0])
      },
    ),
    { seed: 43, numRuns: 300 },
  )
})
