/** Guarantees: the sensors say by which id the cloud knows the machine, where firmware or cloud-init tell, every two minutes. */
import { expect, test } from 'vitest'
import { cloudIdOfMachine, cloudIdSensor } from '../../../../collector/sensors/host/cloud-id.ts'
import { kernelFiles } from '../../../../collector/sensors/host/files.ts'
import { type Files, machine, tree } from '../tree.ts'

const UUID = '6f9b1d1c-0b3c-4d6e-9a51-0f2f1f8a7c11'
const idOf = (files: Files): string => cloudIdOfMachine(kernelFiles(), tree({ ...machine(), ...files }).roots)

test.each<[string, Files, string]>([
  ['firmware of EC2', { 'sys/class/dmi/id/board_asset_tag': 'i-0abc1234def567890\n' }, 'i-0abc1234def567890'],
  ['cloud-init on OpenStack', { 'cloud/data/instance-id': `${UUID}\n` }, UUID],
  ['cloud-init on Azure', { 'cloud/data/instance-id': UUID.toUpperCase() }, UUID],
  ['cloud-init on Google', { 'cloud/data/instance-id': '4520031799277581759\n' }, '4520031799277581759'],
  ['an asset tag of a company', { 'sys/class/dmi/id/board_asset_tag': 'SRV-0042\n' }, ''],
  ['cloud-init without a cloud', { 'cloud/data/instance-id': 'iid-datasource-none\n' }, ''],
  ['a machine of one\u2019s own', {}, ''],
])('%s', (_, files, id) => expect(idOf(files)).toBe(id))

test('said every two minutes', () => {
  const { roots } = tree({ ...machine(), 'cloud/data/instance-id': UUID })
  const identity = { tenant: 'acme', host: 'ab'.repeat(16), hostName: 'node-1', bootId: 'b' }
  const sensor = cloudIdSensor(kernelFiles(), roots, identity)
  const said = [1n, 61n, 120n, 121n].map(s => sensor?.read({ timestampUnixNano: s * 1_000_000_000n }))
  expect(said.map(rows => rows?.map(({ HostName, Quantity }) => `${Quantity} ${HostName}`))).toEqual([
    [`identity ${UUID}`],
    [],
    [],
    [`identity ${UUID}`],
  ])
  expect(cloudIdSensor(kernelFiles(), roots, { ...identity, host: UUID })).toBeNull()
})
