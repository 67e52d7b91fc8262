/** KEDA's own trigger for Prometheus asks us in PromQL: a Deployment follows a series without any policy of ours. */
import type { ControlPlane } from '../plane/control-plane.ts'
import { deploymentOf, replicasBecome } from '../plane/deployments.ts'
import { startKeda } from '../plane/keda.ts'
import type { Report } from '../report.ts'
import { scaledObject, withWattline } from './doors.ts'

const NAME = 'promql'
/** As the demand of test/kubernetes/legs/doors/wattline.ts is called in PromQL. */
const QUERY = `sum(queue_length_ratio{policy="${NAME}"})`

export async function promqlLeg(plane: ControlPlane, report: Report): Promise<void> {
  const keda = await startKeda(plane)
  try {
    await withWattline(plane, [NAME], async wattline => {
      const metadata = {
        serverAddress: wattline.prometheus,
        query: QUERY,
        threshold: '1',
        activationThreshold: '0',
        ignoreNullValues: 'false',
      }
      wattline.demand(NAME, 4)
      await plane.apply([deploymentOf(NAME, 1), scaledObject(NAME, { type: 'prometheus', metadata })])
      for (const [what, replicas] of [
        ['replicas follow a series', 4],
        ['up', 7],
        ['down', 3],
        ['to zero', 0],
        ['and back', 6],
      ] as const)
        await report.check(`trigger prometheus: ${what}`, async () => {
          wattline.demand(NAME, replicas)
          return await replicasBecome(plane, NAME, replicas, { seconds: 120 })
        })
      await plane.kubectl('delete', 'scaledobject,deployment', NAME)
    })
  } finally {
    await keda.stop()
  }
}
