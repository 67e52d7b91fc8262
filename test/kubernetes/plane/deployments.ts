/** Deployments without a kubelet: pods exist as objects, and are Ready where the suite says so. */
import type { ControlPlane } from './control-plane.ts'

export const deploymentOf = (name: string, replicas: number, namespace = 'default') => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'none', resources: { requests: { cpu: '100m' } } }] },
    },
  },
})

interface Deployment {
  readonly spec: { readonly replicas: number }
}

const pathOf = (name: string, namespace: string): string =>
  `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`

export const replicasOf = async (plane: ControlPlane, name: string, namespace = 'default'): Promise<number> =>
  (await plane.call<Deployment>('GET', pathOf(name, namespace))).spec.replicas

/** Waits until the Deployment has that many replicas. Resolves with the seconds that it took. */
export async function replicasBecome(
  plane: ControlPlane,
  name: string,
  wanted: number,
  { seconds = 60, namespace = 'default' }: { seconds?: number; namespace?: string } = {},
): Promise<string> {
  const started = Date.now()
  for (;;) {
    const replicas = await replicasOf(plane, name, namespace)
    const took = (Date.now() - started) / 1_000
    if (replicas === wanted) return `${wanted} replicas after ${took.toFixed(1)} s`
    if (took > seconds) throw new Error(`${replicas} instead of ${wanted} replicas after ${seconds} s`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

/** Looks for that long: replicas must not move. */
export async function replicasStay(
  plane: ControlPlane,
  name: string,
  wanted: number,
  seconds: number,
  namespace = 'default',
): Promise<string> {
  const until = Date.now() + seconds * 1_000
  while (Date.now() < until) {
    const replicas = await replicasOf(plane, name, namespace)
    if (replicas !== wanted) throw new Error(`${replicas} instead of ${wanted} replicas`)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  return `${wanted} replicas for ${seconds} s`
}

/** An HPA that follows one metric. */
export const hpaOf = (name: string, metric: unknown, { min = 1, max = 20, namespace = 'default' } = {}) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  metadata: { name, namespace },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: min,
    maxReplicas: max,
    metrics: [metric],
    behavior: {
      scaleDown: {
        stabilizationWindowSeconds: 0,
        policies: [{ type: 'Percent', value: 100, periodSeconds: 1 }],
      },
      scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] },
    },
  },
})
