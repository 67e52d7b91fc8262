/** Guarantees: the doctor says of each right that naming pods needs whether it is there, and the command that grants it. */
import { expect, test } from 'vitest'
import { type KubeApi, KubeError } from '../../../collector/kubernetes/api/client.ts'
import { diagnoseKubernetes } from '../../../collector/kubernetes/doctor.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'

const config = (kubernetes: object) => configSchema.parse({ kubernetes }).kubernetes
const answering = (answer: (path: string) => unknown): KubeApi => ({
  get: async path => answer(path),
  lines: async function* () {},
})
async function found(settings: object, answer: (path: string) => unknown) {
  const asked: string[] = []
  const api = answering(path => {
    asked.push(path)
    return answer(path)
  })
  const all = config(settings)
  const isKubelet = all.mode === 'kubelet'
  const findings = await diagnoseKubernetes(all, 'node-1', async () =>
    isKubelet ? { server: null, kubelet: api } : { server: api, kubelet: null },
  )
  return { asked, lines: findings.map(one => Object.values(one).join(' | ')) }
}
const one = { items: [{}] }

test('off, and without an address', async () => {
  expect((await found({ mode: 'off' }, () => one)).lines[0]).toMatch(/^kubernetes \| left_out/)
  const refuses = async (): Promise<never> => {
    throw new Error('No address of a Kubernetes API server is known. Set kubernetes.kubeconfig.')
  }
  expect(await diagnoseKubernetes(config({ mode: 'node' }), 'node-1', refuses)).toMatchObject([
    { state: 'cannot', command: 'kubernetes: { kubeconfig: /path/to/kubeconfig }' },
  ])
})

test('node: what the agent reads of its own node', async () => {
  const { asked, lines } = await found({ mode: 'node' }, () => one)
  expect(asked).toEqual([
    '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1&limit=1',
    '/api/v1/nodes?fieldSelector=metadata.name%3Dnode-1&limit=1',
  ])
  expect(lines).toEqual([
    'kubernetes pods | reads | API server | ',
    'kubernetes nodes | reads | API server | ',
  ])
  const nameless = await found({ mode: 'node' }, path => (path.includes('/nodes') ? { items: [] } : one))
  expect(nameless.lines[1]).toMatch(/cannot \| there is no node node-1 \| kubernetes: \{ node_name: NAME \}/)
})

test('cluster: each right that is missing, with kubectl\u2019s commands', async () => {
  const { lines } = await found({ mode: 'cluster', namespace_labels: ['team'] }, path => {
    if (path.includes('/pods')) return one
    throw new KubeError(403, '403 nodes is forbidden')
  })
  expect(lines[0]).toMatch(/^kubernetes pods \| reads/)
  expect(lines[1]).toMatch(
    /cannot \| 403 .* \| kubectl create clusterrole wattline-nodes --verb=list,watch --resource=nodes && kubectl create clusterrolebinding wattline-nodes /,
  )
  expect(lines[2]).toMatch(/--resource=namespaces/)
})

test.each([
  [{ mode: 'kubelet' }, new Error('unable to verify the first certificate'), /kubelet_ca_file/],
  [{ mode: 'kubelet' }, new Error('connect ECONNREFUSED'), /kubelet_url/],
  [{ mode: 'kubelet' }, new KubeError(403, '403 Forbidden'), /--verb=get --resource=nodes\/pods/],
  [{ mode: 'cluster' }, new KubeError(401, '401 Unauthorized'), /kubectl create token/],
  [{ mode: 'cluster' }, new Error('No answer within 30 s.'), /\/readyz/],
])('%j: %s', async (settings, error, command) => {
  const { lines } = await found(settings, () => {
    throw error
  })
  expect(lines[0]).toMatch(command)
  expect((await found({ mode: 'kubelet' }, () => one)).lines[0]).toMatch(/reads \| kubelet, 1 pods/)
})
