/** The four ways in which Kubernetes asks for decisions: the two metric APIs of its own autoscaler, and KEDA's scalers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aggregate } from '../plane/aggregated.ts'
import { waitFor } from '../plane/child.ts'
import type { ControlPlane } from '../plane/control-plane.ts'
import { deploymentOf, hpaOf, replicasBecome, replicasStay } from '../plane/deployments.ts'
import { startKeda } from '../plane/keda.ts'
import type { Report } from '../report.ts'
import { follow } from './doors/follow.ts'
import { AnsweringWattline, SERVICE, STALE_SECONDS } from './doors/wattline.ts'

const METRIC = 'wattline_replicas'
const FALLBACK_REPLICAS = 9
/** Each poll and each round of the HPA counts: some 50 s. A restart of ours must take less, or the fallback is right to take over. */
const FAILURES = 60

/** Without KEDA: `external.metrics.k8s.io` is ours. */
export async function metricApisLeg(plane: ControlPlane, report: Report): Promise<void> {
  const names = ['external', 'custom']
  await withWattline(plane, names, async wattline => {
    const groups = [
      ['external.metrics.k8s.io', 'v1beta1'],
      ['custom.metrics.k8s.io', 'v1beta2'],
    ] as const
    await aggregate(plane, { groups, ...SERVICE, port: wattline.kubernetes, authority: wattline.authority })
    const selector = { matchLabels: { policy: 'external' } }
    const target = { type: 'AverageValue', averageValue: '1' }
    const describedObject = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'custom' }
    const external = { type: 'External', external: { metric: { name: METRIC, selector }, target } }
    const custom = { type: 'Object', object: { describedObject, metric: { name: METRIC }, target } }
    await plane.apply([
      ...names.map(name => deploymentOf(name, 1)),
      hpaOf('external', external, { min: 0 }),
      hpaOf('custom', custom, { min: 0 }),
    ])
    await follow({ plane, report, wattline, names })
    await report.check('a stale decision freezes replicas, and the HPA says why', async () => {
      for (const name of names) wattline.demand(name, null)
      const reason = await waitFor('ScalingActive is False', () => scalingInactive(plane, 'external'), {
        seconds: 60 + STALE_SECONDS,
      })
      await replicasStay(plane, 'external', 5, 5)
      return reason
    })
    await plane.kubectl('delete', 'hpa,deployment', ...names)
    await plane.kubectl('delete', 'apiservice', ...groups.map(([group, version]) => `${version}.${group}`))
  })
}

export async function kedaLeg(plane: ControlPlane, report: Report): Promise<void> {
  const names = ['poll', 'push', 'json']
  const keda = await startKeda(plane)
  try {
    await report.check('the admission webhook of KEDA judges objects', () => refusesNonsense(plane))
    await withWattline(plane, names, async wattline => {
      const scalerAddress = `127.0.0.1:${wattline.keda}`
      const url = (name: string): string => `http://127.0.0.1:${wattline.http}/api/v1/scaling/${name}`
      await plane.apply([
        ...names.map(name => deploymentOf(name, 1)),
        scaledObject('poll', { type: 'external', metadata: { scalerAddress, policy: 'poll' } }),
        scaledObject('push', { type: 'external-push', metadata: { scalerAddress, policy: 'push' } }),
        scaledObject('json', {
          type: 'metrics-api',
          metadata: {
            url: url('json'),
            valueLocation: 'metric.value',
            targetValue: '1',
            activationTargetValue: '0',
          },
        }),
      ])
      await follow({ plane, report, wattline, names })
      await report.check("KEDA's fallback takes over when decisions are stale", async () => {
        for (const name of names) wattline.demand(name, null)
        const texts: string[] = []
        for (const name of names)
          texts.push(`${name} ${await replicasBecome(plane, name, FALLBACK_REPLICAS, { seconds: 180 })}`)
        return texts.join('; ')
      })
      await report.check('and ends with the first fresh decision', async () => {
        for (const name of names) wattline.demand(name, 4)
        for (const name of names) await replicasBecome(plane, name, 4, { seconds: 120 })
      })
      await plane.kubectl('delete', 'scaledobject,deployment', ...names)
    })
  } finally {
    await keda.stop()
  }
}

/** Calls `work` with both processes, and a policy for each name. */
export async function withWattline(
  plane: ControlPlane,
  names: readonly string[],
  work: (wattline: AnsweringWattline) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-doors-'))
  const wattline = await AnsweringWattline.start(plane, folder, names)
  try {
    await work(wattline)
  } finally {
    await wattline.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Hpa {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly message: string
    }[]
  }
}

/** Why the HPA does not scale; null while it does. */
async function scalingInactive(plane: ControlPlane, name: string): Promise<string | null> {
  const path = `/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/${name}`
  const { status } = await plane.call<Hpa>('GET', path)
  const condition = status?.conditions?.find(({ type }) => type === 'ScalingActive')
  return condition?.status === 'False' ? condition.message : null
}

/** A ScaledObject of the Deployment of that name. */
export const scaledObject = (
  name: string,
  trigger: { readonly type: string; readonly metadata: object },
) => ({
  apiVersion: 'keda.sh/v1alpha1',
  kind: 'ScaledObject',
  metadata: { name, namespace: 'default' },
  spec: {
    scaleTargetRef: { name },
    pollingInterval: 2,
    cooldownPeriod: 3,
    minReplicaCount: 0,
    maxReplicaCount: 20,
    fallback: { failureThreshold: FAILURES, replicas: FALLBACK_REPLICAS },
    advanced: {
      horizontalPodAutoscalerConfig: {
        behavior: {
          scaleDown: {
            stabilizationWindowSeconds: 0,
            policies: [{ type: 'Percent', value: 100, periodSeconds: 1 }],
          },
          scaleUp: {
            stabilizationWindowSeconds: 0,
            policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }],
          },
        },
      },
    },
    triggers: [trigger],
  },
})

/** A second ScaledObject for one Deployment is what the webhook is there to refuse. */
async function refusesNonsense(plane: ControlPlane): Promise<string> {
  const trigger = { type: 'external', metadata: { scalerAddress: '127.0.0.1:1', policy: 'x' } }
  const first = scaledObject('judged', trigger)
  await plane.apply([deploymentOf('judged', 1), first])
  const second = { ...first, metadata: { ...first.metadata, name: 'judged-again' } }
  let refusal = ''
  try {
    await plane.apply([second])
  } catch (error) {
    refusal = String(error)
  }
  await plane.kubectl('delete', 'scaledobject,deployment', 'judged')
  const [, reason] = /(denied the request: [^\n]*)/.exec(refusal) ?? []
  if (reason === undefined) throw new Error(`a second ScaledObject was accepted: ${refusal}`)
  return reason
}
