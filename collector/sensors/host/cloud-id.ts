/** The id by which the cloud knows this virtual machine, so that senders who call it by that id are recognised as this host. */
import { idOfProvider, isCloudId } from '../../../core/books/host-ids.ts'
import type { Reading } from '../../readings/reading.ts'
import type { KernelFiles } from './files.ts'
import { type HostIdentity, type Roots, readingOf, type Sensor } from './sensor.ts'

/** Who something is seldom changes; it is said again this often for those who begin to read. */
const EVERY_NANO = 120_000_000_000n

/** EC2 writes it into the firmware; other clouds say it to cloud-init. '' if none of them does. */
export function cloudIdOfMachine(files: KernelFiles, roots: Roots): string {
  const said = [`${roots.sys}/class/dmi/id/board_asset_tag`, `${roots.cloud}/data/instance-id`]
  const ids = said.map(path => idOfProvider(files.text(path)?.toLowerCase() ?? ''))
  return ids.find(isCloudId) ?? ''
}

/** Says the cloud's id of this machine every two minutes; null: it has none. */
export function cloudIdSensor(files: KernelFiles, roots: Roots, identity: HostIdentity): Sensor | null {
  const cloudId = cloudIdOfMachine(files, roots)
  if (cloudId === '' || cloudId === identity.host) return null
  let lastNano: bigint | undefined
  return {
    name: 'cloud_id',
    read(round): Reading[] {
      if (lastNano !== undefined && round.timestampUnixNano - lastNano < EVERY_NANO) return []
      lastNano = round.timestampUnixNano
      const sample = { quantity: 'identity', value: 1n, source: 'cloud-init', bootId: '' } as const
      return [{ ...readingOf(identity, round, sample), HostName: cloudId, Attributes: {} }]
    },
  }
}
