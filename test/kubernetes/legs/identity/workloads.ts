/** Workloads of every kind of owner, each with a label that says who owns its pods; and an account that may read what we read. */
import type { ControlPlane } from '../../plane/control-plane.ts'

const template = (owner: string) => ({
  metadata: { labels: { app: owner, owner } },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'none', resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
  },
})

const controlled = (kind: string, namespace: string, name: string, spec: object) => {
  const owner = `${kind}.${name}`
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: owner } }, template: template(owner), ...spec },
  }
}

/** Its pods come at once, as nothing says when they are ready. */
export const deploymentWith = (namespace: string, name: string, replicas: number) =>
  controlled('Deployment', namespace, name, { replicas })

const job = (owner: string, parallelism: number) => {
  const { metadata, spec } = template(owner)
  return {
    ...{ parallelism, completions: parallelism, backoffLimit: 100 },
    template: { metadata, spec: { ...spec, restartPolicy: 'Never' } },
  }
}

/** 500 pods, or a part of them; but for the DaemonSet, which has one on each node. */
export async function createWorkloads(plane: ControlPlane, part: number): Promise<void> {
  const count = (pods: number): number => Math.round(pods * part)
  await plane.apply(
    ['shop', 'lab', 'ops'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  )
  const bare = Array.from({ length: count(10) }, (_, number) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `bare-${number}`, namespace: 'lab', labels: { owner: 'Pod.none' } },
    spec: template('').spec,
  }))
  await plane.apply([
    deploymentWith('shop', 'web', count(270)),
    deploymentWith('shop', 'cart', count(80)),
    controlled('StatefulSet', 'ops', 'db', {
      replicas: count(20),
      podManagementPolicy: 'Parallel',
      serviceName: 'db',
    }),
    controlled('DaemonSet', 'ops', 'agent', {}),
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'train', namespace: 'lab' },
      spec: job('Job.train', count(60)),
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly', namespace: 'lab' },
      spec: { schedule: '0 3 1 1 *', jobTemplate: { spec: job('CronJob.nightly', count(40)) } },
    },
    ...bare,
  ])
  await plane.kubectl('create', 'job', '-n', 'lab', 'by-hand', '--from=cronjob/nightly')
}

const ACCOUNT = 'wattline-namer'

/** A kubeconfig of an account that may do what docs/kubernetes.md asks for, and no more. */
export async function namerToken(plane: ControlPlane, server: string): Promise<string> {
  const rules = [
    { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['list', 'watch'] },
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get'] },
  ]
  const common = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: ACCOUNT } }
  await plane.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: ACCOUNT, namespace: 'default' } },
    { ...common, kind: 'ClusterRole', rules },
    {
      ...common,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: ACCOUNT },
      subjects: [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: 'default' }],
    },
  ])
  const { status } = await plane.call<{ status: { token: string } }>(
    'POST',
    `/api/v1/namespaces/default/serviceaccounts/${ACCOUNT}/token`,
    { spec: { expirationSeconds: 7_200 } },
  )
  const ca = Buffer.from(plane.authority.cert).toString('base64')
  return JSON.stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name: 'u', user: { token: status.token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
  })
}
