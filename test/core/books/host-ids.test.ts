/**
 * Guarantees: ids of clouds are recognised in the forms in which orchestrators and agents write them, one machine stands for all
 * of its ids, and of two machines that claim one id none is taken for the other.
 */
import { describe, expect, test } from 'vitest'
import { bestHost, idOfProvider, isCloudId } from '../../../core/books/host-ids.ts'
import { type HostClaim, HostJoins } from '../../../core/books/host-join.ts'

const UUID = '6f9b1d1c-0b3c-4d6e-9a51-0f2f1f8a7c11'
const GCE = 'gce://shop-prod/europe-west1-b/gke-pool-1-abcd'
const AZURE =
  'azure:///subscriptions/0a1b/resourceGroups/MC_shop/providers/Microsoft.Compute/virtualMachineScaleSets/aks-np-vmss/virtualMachines/3'

test.each([
  ['aws:///eu-west-1a/i-0abc1234def567890', 'i-0abc1234def567890'],
  ['aws://eu-west-1a/i-0abc', 'i-0abc'],
  ['i-0abc1234def567890', 'i-0abc1234def567890'],
  [`openstack:///${UUID}`, UUID],
  [`openstack://RegionOne/${UUID.toUpperCase()}`, UUID],
  [GCE, GCE],
  [AZURE, AZURE.toLowerCase().replace(':///', '://')],
  ['cn-hangzhou.i-bp67acfmxazb4ph7v3h4', ''],
  ['alicloud://cn-hangzhou.i-bp67acfmxazb4ph7v3h4', 'i-bp67acfmxazb4ph7v3h4'],
  ['oci://ocid1.instance.oc1.eu-frankfurt-1.abuw', 'ocid1.instance.oc1.eu-frankfurt-1.abuw'],
  ['digitalocean://326481', 'digitalocean://326481'],
  ['node-1', ''],
  ['', ''],
])('the provider id %s is the id %s', (text, id) => {
  expect(idOfProvider(text)).toBe(id)
  if (id !== '') expect(isCloudId(id)).toBe(true)
})

test('names of machines, and their own ids, are no ids of clouds', () => {
  for (const name of ['ip-10-0-0-7.ec2.internal', 'i-am-a-host', '10.0.0.7', 'ab'.repeat(16), 'i-1', '1234'])
    expect(isCloudId(name)).toBe(false)
})

test('of several hosts, the machine is the one with an id of its own, then the one with a name', () => {
  const machine = 'ab'.repeat(16)
  expect(bestHost([UUID, machine, 'node-1'])).toBe(machine)
  expect(bestHost([UUID, 'node-1', GCE])).toBe('node-1')
  expect(bestHost([GCE, UUID])).toBe(UUID)
  expect(bestHost([machine, 'cd'.repeat(16)])).toBeNull()
  expect(bestHost([])).toBeNull()
})

describe('claims', () => {
  const machine = 'ab'.repeat(16)
  const named = (host: string, name: string): HostClaim => ({ host, name, isAlias: false })
  const also = (host: string, name: string): HostClaim => ({ host, name, isAlias: true })
  const joins = (claims: readonly HostClaim[], separate: readonly string[] = []) =>
    new HostJoins(claims, { aliases: {}, separate })

  test('an agent that knows the cloud’s id, the sensors, and those who know the name alone are one machine', () => {
    const some = [named('i-0abc1234', 'node-1'), named(machine, 'node-1'), also(machine, 'i-0abc1234')]
    for (const claims of [some, some.toReversed()]) {
      const found = joins(claims)
      expect(found.stepsOf('i-0abc1234', false)).toEqual([{ to: machine, by: 'cloud_id' }])
      expect(found.rootOf('node-1', true)).toBe(machine)
      expect(found.claimants('node-1')).toEqual([machine])
    }
  })

  test('two ids of one provider’s id are one machine, through a node that only names it', () => {
    const number = '4520031799277581759'
    const claims = [
      named(number, 'gke-pool-1-abcd'),
      also(number, GCE),
      also('gke-pool-1-abcd', GCE),
      named(machine, 'gke-pool-1-abcd'),
    ]
    for (const order of [claims, claims.toReversed()])
      for (const name of [number, 'gke-pool-1-abcd'])
        expect(joins(order).rootOf(name, name !== number)).toBe(machine)
  })

  test('an id that two machines have is neither of them, and is listed', () => {
    const found = joins([also(machine, 'i-0abc1234'), also('cd'.repeat(16), 'i-0abc1234')])
    expect(found.rootOf('i-0abc1234', false)).toBe('i-0abc1234')
    expect(found.claimants('i-0abc1234')).toHaveLength(2)
  })

  test('configuration: an id that is to stay apart', () => {
    const claims = [named('i-0abc1234', 'node-1'), also(machine, 'i-0abc1234')]
    expect(joins(claims, ['i-0abc1234']).rootOf('i-0abc1234', false)).toBe('i-0abc1234')
  })
})
