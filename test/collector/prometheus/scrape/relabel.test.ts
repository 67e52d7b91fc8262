// Guarantees: rules for labels do what Prometheus does: anchored patterns, all seven actions, references to groups; and
// no pattern takes long, for any label.
import { expect, it } from 'vitest'
import { createRelabel } from '../../../../collector/prometheus/scrape/relabel.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'

const rulesOf = (rules: readonly object[]) =>
  configSchema.parse({ scrape: { jobs: [{ job_name: 'j', relabel_configs: rules }] } }).scrape.jobs[0]!
    .relabel_configs

/** The labels after the rules, or null if they drop everything. */
function relabelled(labels: Readonly<Record<string, string>>, rules: readonly object[]) {
  const map = new Map(Object.entries(labels))
  return createRelabel(rulesOf(rules))(map) ? Object.fromEntries(map) : null
}

it.each([
  // replace
  [
    { a: 'x:1' },
    [{ source_labels: ['a'], regex: '(.*):(\\d+)', target_label: 'b', replacement: '$2/${1}' }],
    { a: 'x:1', b: '1/x' },
  ],
  [
    { a: 'x' },
    [{ source_labels: ['a'], regex: '(?P<n>.)', target_label: 'b', replacement: '$${n}=${n}$none$9' }],
    { a: 'x', b: '${n}=x' },
  ],
  [{ a: 'x', b: 'y' }, [{ source_labels: ['a', 'b'], target_label: 'c' }], { a: 'x', b: 'y', c: 'x;y' }],
  [
    { a: 'x', b: 'y' },
    [{ source_labels: ['a', 'b'], separator: '', target_label: 'a' }],
    { a: 'xy', b: 'y' },
  ],
  [
    { a: 'abc' },
    [{ source_labels: ['a'], regex: 'b', target_label: 'c', replacement: 'found' }],
    { a: 'abc' },
  ],
  [
    { a: 'one\ntwo' },
    [{ source_labels: ['a'], regex: 'one.two', target_label: 'c', replacement: 'found' }],
    { a: 'one\ntwo', c: 'found' },
  ],
  [{ a: 'x' }, [{ target_label: 'a', replacement: '' }], {}],
  [{ a: 'x' }, [{ target_label: 'b', replacement: 'fixed' }], { a: 'x', b: 'fixed' }],
  [
    { a: 'team' },
    [{ source_labels: ['a'], target_label: 'l_$1', replacement: 'v' }],
    { a: 'team', l_team: 'v' },
  ],
  // keep, drop
  [{ a: 'x' }, [{ action: 'keep', source_labels: ['a'], regex: 'x|y' }], { a: 'x' }],
  [{ a: 'xy' }, [{ action: 'keep', source_labels: ['a'], regex: 'x|y' }], null],
  [{ a: 'x' }, [{ action: 'keep', source_labels: ['none'], regex: '' }], { a: 'x' }],
  [{ a: 'x' }, [{ action: 'drop', source_labels: ['a'], regex: 'x' }], null],
  [{ a: 'xx' }, [{ action: 'drop', source_labels: ['a'], regex: 'x' }], { a: 'xx' }],
  // names
  [
    { m_a: '1', m_b: '2', c: '3' },
    [{ action: 'labelmap', regex: 'm_(.+)' }],
    { m_a: '1', m_b: '2', c: '3', a: '1', b: '2' },
  ],
  [{ ab: '1', c: '2' }, [{ action: 'labeldrop', regex: 'a.' }], { c: '2' }],
  [{ ab: '1', c: '2' }, [{ action: 'labelkeep', regex: 'a.' }], { ab: '1' }],
  // hashmod
  [
    { a: 'x' },
    [{ action: 'hashmod', source_labels: ['a'], modulus: 1, target_label: 'shard' }],
    { a: 'x', shard: '0' },
  ],
  // order
  [
    { a: 'x' },
    [
      { source_labels: ['a'], target_label: 'b' },
      { action: 'drop', source_labels: ['b'], regex: 'x' },
    ],
    null,
  ],
])('%j by %j is %j', (labels, rules, result) => {
  expect(relabelled(labels, rules)).toEqual(result)
})

it('assigns by the last eight bytes of the MD5, as Prometheus does', () => {
  // md5("foo") = acbd18db4cc2f85cedef654fccc4a4d8
  const rule = { action: 'hashmod', source_labels: ['a'], modulus: 1000, target_label: 'shard' }
  expect(relabelled({ a: 'foo' }, [rule])).toEqual({ a: 'foo', shard: String(0xedef654fccc4a4d8n % 1000n) })
})

it('stays fast with patterns that take exponential time elsewhere', () => {
  const began = process.cpuUsage()
  const rule = { source_labels: ['a'], regex: '(x+x+)+y', target_label: 'b', replacement: 'no' }
  expect(relabelled({ a: 'x'.repeat(20_000) }, [rule])).toEqual({ a: 'x'.repeat(20_000) })
  expect(process.cpuUsage(began).user).toBeLessThan(5_000_000)
})
