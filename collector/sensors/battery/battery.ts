/**
 * Batteries of laptops (/sys/class/power_supply): while they discharge, they measure the whole machine. On mains power
 * there is no reading: what flows into a battery then is not what the machine uses.
 */
import type { Reading } from '../../readings/reading.ts'
import { integerFile, type KernelFiles } from '../host/files.ts'
import { type HostIdentity, type Roots, readingOf, type Sensor } from '../host/sensor.ts'

/** Folders of the batteries of the machine itself; those of mice and headsets have the scope `Device`. */
export function findBatteries(files: KernelFiles, roots: Roots): string[] {
  const root = `${roots.sys}/class/power_supply`
  return files
    .names(root)
    .sort()
    .map(name => `${root}/${name}`)
    .filter(
      folder => files.text(`${folder}/type`) === 'Battery' && files.text(`${folder}/scope`) !== 'Device',
    )
}

/** µW that a battery supplies now; undefined if it does not say. Drivers differ in the sign of what flows out. */
export function batteryMicrowatts(files: KernelFiles, folder: string): bigint | undefined {
  const power = signedFile(files, `${folder}/power_now`)
  if (power !== undefined) return power
  const current = signedFile(files, `${folder}/current_now`)
  const voltage = integerFile(files, `${folder}/voltage_now`)
  return current === undefined || voltage === undefined ? undefined : (current * voltage) / 1_000_000n
}

function signedFile(files: KernelFiles, path: string): bigint | undefined {
  const text = files.text(path)
  return text !== undefined && /^-?\d+$/.test(text) ? BigInt(text.replace('-', '')) : undefined
}

/** All batteries together are the machine, so while one discharges, each that does not counts as 0. */
export function batterySensor(
  files: KernelFiles,
  identity: HostIdentity,
  folders: readonly string[],
): Sensor {
  return {
    name: 'battery',
    read(round): Reading[] {
      const discharging = folders.filter(folder => files.text(`${folder}/status`) === 'Discharging')
      if (discharging.length === 0) return []
      let microwatts = 0n
      for (const folder of discharging) {
        const own = batteryMicrowatts(files, folder)
        if (own === undefined)
          throw new Error(`${folder} has neither power_now nor current_now and voltage_now`)
        microwatts += own
      }
      // Drivers report 0 until the first measurement after a change.
      if (microwatts === 0n) return []
      const value = (microwatts + 500n) / 1000n
      const sample = { quantity: 'power', domain: 'host', source: 'battery', bootId: '', value } as const
      return [readingOf(identity, round, sample)]
    },
  }
}
