/** The id by which a cloud or its orchestrator knows a machine, from what a sender says of the machine. */
import { idOfProvider } from '../../../core/books/host-ids.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'

/**
 * Attributes are those of OpenTelemetry's resource detectors. Google's and Azure's orchestrators call a machine by the place
 * and name of which those attributes are the parts; others call it by its `host.id`, which needs nothing beside it.
 * @param said `spec.providerID` of the node, where the sender knows it
 */
export function cloudIdOf(said: string, resource: LabelMap): string {
  const provider = said || resource['k8s.node.provider_id'] || resource['k8s.node.provider-id'] || ''
  if (provider !== '') return idOfProvider(provider)
  const { 'cloud.resource_id': whole = '', 'cloud.provider': cloud } = resource
  if (/^\/subscriptions\/.*\/virtualmachines\//i.test(whole)) return idOfProvider(`azure://${whole}`)
  if (cloud === 'gcp') return googleId(resource)
  return cloud === 'azure' ? azureId(resource) : ''
}

function googleId(resource: LabelMap): string {
  const project = resource['cloud.account.id']
  const zone = resource['cloud.availability_zone']
  const [name] = (resource['gcp.gce.instance.name'] || resource['host.name'] || '').split('.', 1)
  return project && zone && name ? idOfProvider(`gce://${project}/${zone}/${name}`) : ''
}

/** A machine of a scale set is called `SET_NUMBER`. */
function azureId(resource: LabelMap): string {
  const subscription = resource['cloud.account.id']
  const group = resource['azure.resourcegroup.name']
  const name = resource['azure.vm.name'] || resource['host.name']
  if (!subscription || !group || !name) return ''
  const set = resource['azure.vm.scaleset.name']
  const number = /_(\d+)$/.exec(name)?.[1]
  const path =
    set && number !== undefined
      ? `virtualMachineScaleSets/${set}/virtualMachines/${number}`
      : `virtualMachines/${name}`
  return idOfProvider(
    `azure:///subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/${path}`,
  )
}
