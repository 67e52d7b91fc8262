/** An external metrics API of one metric, to show that the control plane works without anything of ours. */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority } from '../../support/certificates.ts'

const GROUP = 'external.metrics.k8s.io'

export async function startToyMetrics(service: string, namespace: string) {
  const authority = createAuthority('toy metrics')
  const { cert, key } = authority.issue([`${service}.${namespace}.svc`, 'localhost'])
  let value = '1'
  const server = createServer({ cert, key }, ({ url = '' }, response) => {
    const isValue = url.includes('/namespaces/')
    const items = [{ metricName: 'wanted', metricLabels: {}, timestamp: new Date().toISOString(), value }]
    const resources = [
      { name: 'wanted', singularName: '', namespaced: true, kind: 'ExternalMetricValueList', verbs: ['get'] },
    ]
    const common = { apiVersion: `${GROUP}/v1beta1` }
    const body = isValue
      ? { ...common, kind: 'ExternalMetricValueList', metadata: {}, items }
      : { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: common.apiVersion, resources }
    const isKnown = url.startsWith(`/apis/${GROUP}/v1beta1`)
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isKnown ? body : {}))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    authority: authority.cert,
    port: (server.address() as AddressInfo).port,
    set(next: string): void {
      value = next
    },
    async stop(): Promise<void> {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
