/** The control plane alone: its HPA follows a toy metric, so that a failure of a later leg is not one of the plane. */
import { aggregate } from '../plane/aggregated.ts'
import type { ControlPlane } from '../plane/control-plane.ts'
import { deploymentOf, hpaOf, replicasBecome, replicasStay } from '../plane/deployments.ts'
import { startToyMetrics } from '../plane/toy-metrics.ts'
import type { Report } from '../report.ts'

const METRIC = {
  type: 'External',
  external: { metric: { name: 'wanted' }, target: { type: 'AverageValue', averageValue: '1' } },
}

export async function planeLeg(plane: ControlPlane, report: Report): Promise<void> {
  const toy = await startToyMetrics('toy', 'toy')
  try {
    await aggregate(plane, {
      groups: [['external.metrics.k8s.io', 'v1beta1']],
      service: 'toy',
      namespace: 'toy',
      ...toy,
    })
    await plane.apply([deploymentOf('toy', 1), hpaOf('toy', METRIC)])
    toy.set('6')
    await report.check('an HPA follows a toy metric up', () => replicasBecome(plane, 'toy', 6))
    toy.set('1500m')
    await report.check('and down, rounded up', () => replicasBecome(plane, 'toy', 2))
  } finally {
    await toy.stop()
  }
  await report.check('replicas stay when the metric is gone', () => replicasStay(plane, 'toy', 2, 6))
  await plane.kubectl('delete', 'apiservice', 'v1beta1.external.metrics.k8s.io')
  await plane.kubectl('delete', 'hpa,deployment', 'toy')
}
