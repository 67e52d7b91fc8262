/**
 * Energy counters that the hypervisor keeps for a virtual machine in a mounted folder, in the layout of powercap:
 * Scaphandre's qemu exporter writes `intel-rapl:0/energy_uj`. The value is a share of the hypervisor's meter by CPU time:
 * an estimate, without a published error band.
 */
import type { Reading } from '../../readings/reading.ts'
import { integerFile, type KernelFiles } from '../host/files.ts'
import { type HostIdentity, readingOf, type Sensor } from '../host/sensor.ts'

/** Folders of packages with a counter that can be read: `intel-rapl:N`, not their subzones. */
export function findGuestPackages(files: KernelFiles, folder: string): string[] {
  return files
    .names(folder)
    .filter(name => /^intel-rapl:\d+$/.test(name))
    .sort()
    .map(name => `${folder}/${name}`)
    .filter(found => integerFile(files, `${found}/energy_uj`) !== undefined)
}

/** One counter for each package of the folder. */
export function guestSensor(files: KernelFiles, identity: HostIdentity, folders: readonly string[]): Sensor {
  return {
    name: 'rapl/guest',
    read: (round): Reading[] =>
      folders.map(folder => {
        const value = integerFile(files, `${folder}/energy_uj`)
        if (value === undefined) throw new Error(`${folder}/energy_uj can no longer be read`)
        const domain = `package-${folder.slice(folder.lastIndexOf(':') + 1)}`
        const common = { quantity: 'energy', source: 'rapl:guest', quality: 'estimated' } as const
        return readingOf(identity, round, { ...common, domain, value })
      }),
  }
}
