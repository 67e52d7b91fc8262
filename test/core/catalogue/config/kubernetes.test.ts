// Guarantees: settings of Kubernetes that cannot work together are problems before anything starts.
import { expect, test } from 'vitest'
import { kubernetesProblems } from '../../../../core/catalogue/config/kubernetes.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'

const problems = (kubernetes: Record<string, unknown>, more: Record<string, unknown> = {}): string[] =>
  kubernetesProblems(configSchema.parse({ kubernetes, ...more })).map(({ path }) => path)

test.each<[Record<string, unknown>, Record<string, unknown>, string[]]>([
  [{}, {}, []],
  [{ mode: 'off', interval: '1h' }, {}, []],
  [{ mode: 'node', labels: ['team'], namespace_labels: ['team'], node_labels: ['pool'] }, {}, []],
  [{ mode: 'node', interval: '1h' }, {}, ['kubernetes.interval']],
  [{ mode: 'node', interval: '100ms' }, {}, ['kubernetes.interval']],
  [{ mode: 'cluster' }, { roles: ['processors'] }, ['kubernetes.mode']],
  [{ mode: 'kubelet', namespace_labels: ['a'] }, {}, ['kubernetes.namespace_labels']],
  [{ mode: 'kubelet', node_labels: ['a'] }, {}, ['kubernetes.node_labels']],
])('%j with %j: %j', (kubernetes, more, paths) => {
  expect(problems(kubernetes, more)).toEqual(paths)
})

test('a container is not described further back than a week', () => {
  expect(() => configSchema.parse({ kubernetes: { backfill: '8d' } })).toThrow('at most 7d')
})
