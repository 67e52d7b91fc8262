/**
 * Guarantees: the cloud's id of a machine follows from what OpenTelemetry's resource detectors and kube-state-metrics say of it, as its
 * orchestrator writes it; it is said once in two minutes for all series of the host.
 */
import { expect, test } from 'vitest'
import { cloudIdOf } from '../../../../collector/readings/identity/cloud-id.ts'
import { createRecogniser } from '../../../../collector/readings/recogniser.ts'
import { idOfProvider } from '../../../../core/books/host-ids.ts'
import type { LabelMap } from '../../../../core/model/label-text.ts'
import { CONTEXT } from '../../otlp/decode/support.ts'
import { recognisedIn, requestOf } from '../recognising.ts'

const GOOGLE = {
  ...{
    'cloud.provider': 'gcp',
    'cloud.account.id': 'shop-prod',
    'cloud.availability_zone': 'europe-west1-b',
  },
  ...{ 'host.id': '4520031799277581759', 'host.name': 'gke-pool-1-abcd' },
}
const AZURE = {
  ...{ 'cloud.provider': 'azure', 'cloud.account.id': '0A1B', 'azure.resourcegroup.name': 'MC_shop' },
  ...{ 'host.id': '6f9b1d1c-0b3c-4d6e-9a51-0f2f1f8a7c11', 'host.name': 'aks-np-vmss000003' },
}
const VMS = 'azure:///subscriptions/0a1b/resourceGroups/mc_shop/providers/Microsoft.Compute'

test.each<[string, LabelMap, string]>([
  ['Google', GOOGLE, 'gce://shop-prod/europe-west1-b/gke-pool-1-abcd'],
  [
    'Google, with the full name',
    { ...GOOGLE, 'host.name': 'gke-pool-1-abcd.c.shop-prod.internal' },
    'gce://shop-prod/europe-west1-b/gke-pool-1-abcd',
  ],
  ['Azure', { ...AZURE, 'azure.vm.name': 'vm-1' }, `${VMS}/virtualMachines/vm-1`],
  [
    'Azure, a machine of a scale set',
    { ...AZURE, 'azure.vm.name': 'aks-np-vmss_3', 'azure.vm.scaleset.name': 'aks-np-vmss' },
    `${VMS}/virtualMachineScaleSets/aks-np-vmss/virtualMachines/3`,
  ],
  [
    'Azure, by the id of the resource',
    {
      'cloud.resource_id':
        '/subscriptions/0A1B/resourceGroups/MC_shop/providers/Microsoft.Compute/virtualMachines/vm-1',
    },
    `${VMS}/virtualMachines/vm-1`,
  ],
])('%s', (_, resource, providerId) => {
  expect(cloudIdOf('', resource)).toBe(idOfProvider(providerId))
})

test('what does not say it says none', () => {
  const { 'cloud.availability_zone': _, ...without } = GOOGLE
  const amazon = { 'cloud.provider': 'aws', 'host.id': 'i-0abc', 'cloud.account.id': '1' }
  for (const resource of [without, AZURE, amazon, {}] as const)
    expect(cloudIdOf('', { ...resource, ...(resource === AZURE ? { 'host.name': '' } : {}) })).toBe('')
  expect(cloudIdOf('openstack:///6F9B1D1C-0b3c-4d6e-9a51-0f2f1f8a7c11', GOOGLE)).toBe(AZURE['host.id'])
})

test('said once in two minutes for all series of a host, in the name of the host', () => {
  const recogniser = createRecogniser()
  const sent = (seconds: number) =>
    requestOf([
      {
        ...{ name: 'system.cpu.time', unit: 's', kind: 'sum', temporality: 2, monotonic: true },
        resource: GOOGLE,
        points: ['user', 'system', 'idle'].map(mode => ({
          timeUnixNano: 1_700_000_000_000_000_000n + BigInt(seconds) * 1_000_000_000n,
          startTimeUnixNano: 0n,
          value: seconds,
          attributes: { 'cpu.mode': mode },
        })),
      },
    ])
  const context = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: 1_800_000_000_000_000_000n } }
  const said = [0, 60, 119, 120, 200].map(seconds =>
    recognisedIn(sent(seconds), context, recogniser)
      .readings.filter(({ Quantity }) => Quantity === 'identity')
      .map(({ Host, HostName, Value, WorkloadKind }) => [Host, HostName, Value, WorkloadKind].join(' ')),
  )
  const one = [`${GOOGLE['host.id']} gce://shop-prod/europe-west1-b/gke-pool-1-abcd 1 `]
  expect(said).toEqual([one, [], [], one, []])
})
