/** Objects of Kubernetes as its API gives them. */
import type { KubeNode, KubePod } from '../../../collector/kubernetes/api/objects.ts'

export const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
export const containerId = (number: number): string => number.toString(16).padStart(64, 'c')

export interface PodFacts {
  readonly number: number
  readonly node?: string
  readonly namespace?: string
  readonly createdMs?: number
  /** null: its container has not begun. */
  readonly startedMs?: number | null
  readonly labels?: Readonly<Record<string, string>>
  readonly owner?: { readonly kind: string; readonly name: string }
  readonly version?: string
}

/** A pod of one container that reserves 250 thousandths of a core and 64 MiB. */
export function podObject(facts: PodFacts): KubePod {
  const { number, node = 'n1', namespace = 'shop', createdMs = 1_000_000, labels = {}, version = '1' } = facts
  const { startedMs = createdMs + 3_000, owner } = facts
  return {
    metadata: {
      name: `pod-${number}`,
      namespace,
      uid: uidOf(number),
      resourceVersion: version,
      creationTimestamp: iso(createdMs),
      labels,
      ...(owner === undefined ? {} : { ownerReferences: [{ apiVersion: 'v1', ...owner, controller: true }] }),
    },
    spec: {
      nodeName: node,
      containers: [
        { name: 'main', resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '1' } } },
      ],
    },
    status: {
      conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: iso(createdMs + 1_000) }],
      ...(startedMs === null
        ? {}
        : {
            containerStatuses: [
              {
                name: 'main',
                containerID: `containerd://${containerId(number)}`,
                state: { running: { startedAt: iso(startedMs) } },
              },
            ],
          }),
    },
  }
}

export const uidOf = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

export const nodeObject = (name: string, machineID: string): KubeNode => ({
  metadata: {
    name,
    resourceVersion: '1',
    labels: {
      'topology.kubernetes.io/region': 'eu-central-1',
      'topology.kubernetes.io/zone': 'eu-central-1a',
      'node.kubernetes.io/instance-type': 'm5.large',
    },
  },
  spec: { providerID: `aws:///eu-central-1a/i-${name}` },
  status: { allocatable: { cpu: '1930m', memory: '7Gi', 'nvidia.com/gpu': '1' }, nodeInfo: { machineID } },
})
