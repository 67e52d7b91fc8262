/** Makes an API on this machine part of the API server: a Service that is a name for localhost, and an APIService that names it. */
import type { ControlPlane } from './control-plane.ts'

interface Aggregated {
  readonly groups: readonly (readonly [group: string, version: string])[]
  /** Of the Service; the certificate must hold SERVICE.NAMESPACE.svc. */
  readonly service: string
  readonly namespace: string
  readonly port: number
  /** PEM of the authority of the certificate. */
  readonly authority: string
}

export async function aggregate(
  plane: ControlPlane,
  { groups, service, namespace, port, authority }: Aggregated,
): Promise<void> {
  await plane.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace },
      spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port, targetPort: port }] },
    },
    ...groups.map(([group, version]) => ({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `${version}.${group}` },
      spec: {
        group,
        version,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { name: service, namespace, port },
        caBundle: Buffer.from(authority).toString('base64'),
      },
    })),
  ])
}
