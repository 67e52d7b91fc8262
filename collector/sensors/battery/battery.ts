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

/** µW that a battery supplies now; undefined if its driver does not say. Drivers differ in the sign of what flows out. */
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

/** µJ that a battery still holds; undefined if it does not say. Charge is in µAh. */
export function batteryMicrojoules(files: KernelFiles, folder: string): bigint | undefined {
  const energyUwh = integerFile(files, `${folder}/energy_now`)
  if (energyUwh !== undefined) return energyUwh * SECONDS_PER_HOUR
  const charge = integerFile(files, `${folder}/charge_now`)
  // The nominal voltage: what it holds must not change with the load.
  const voltage =
    integerFile(files, `${folder}/voltage_min_design`) ?? integerFile(files, `${folder}/voltage_now`)
  return charge === undefined || voltage === undefined
    ? undefined
    : (charge * voltage * SECONDS_PER_HOUR) / 1_000_000n
}

const SECONDS_PER_HOUR = 3600n

/**
 * All batteries together are the machine, so while one discharges, each that does not counts as 0. A battery whose driver
 * says no power shows by what it still holds what it has supplied: a counter, which begins with each discharge.
 */
export function batterySensor(
  files: KernelFiles,
  identity: HostIdentity,
  folders: readonly string[],
  runId: string,
): Sensor {
  const supplied = new SuppliedEnergy()
  return {
    name: 'battery',
    read(round): Reading[] {
      const discharging = folders.filter(folder => files.text(`${folder}/status`) === 'Discharging')
      const powers = discharging.map(folder => batteryMicrowatts(files, folder))
      if (powers.includes(undefined)) {
        const held = discharging.map(folder => [folder, heldBy(files, folder)] as const)
        const { value, life } = supplied.after(new Map(held))
        const bootId = `${identity.bootId}/${runId}/${life}`
        return [
          readingOf(identity, round, {
            quantity: 'energy',
            domain: 'host',
            source: 'battery',
            bootId,
            value,
          }),
        ]
      }
      supplied.pause()
      const microwatts = powers.reduce((sum: bigint, power) => sum + (power ?? 0n), 0n)
      // Drivers report 0 until the first measurement after a change.
      if (microwatts === 0n) return []
      const value = (microwatts + 500n) / 1000n
      const sample = { quantity: 'power', domain: 'host', source: 'battery', bootId: '', value } as const
      return [readingOf(identity, round, sample)]
    },
  }
}

function heldBy(files: KernelFiles, folder: string): bigint {
  const held = batteryMicrojoules(files, folder)
  if (held !== undefined) return held
  throw new Error(`${folder} has none of power_now, current_now with voltage_now, energy_now and charge_now`)
}

/** Counts what batteries have supplied since they began to discharge. */
class SuppliedEnergy {
  #last: ReadonlyMap<string, bigint> | null = null
  #value = 0n
  #life = 0

  /** Mains power is back: what is supplied next is another count. */
  pause(): void {
    this.#last = null
  }

  /** @param held what each discharging battery still holds, µJ */
  after(held: ReadonlyMap<string, bigint>): { readonly value: bigint; readonly life: number } {
    if (this.#last === null) {
      this.#life += 1
      this.#value = 0n
    }
    for (const [folder, now] of held) {
      const before = this.#last?.get(folder)
      if (before !== undefined && before > now) this.#value += before - now
    }
    // A battery that began to discharge beside another one counts from now on; one that rose was measured again.
    this.#last = new Map(held)
    return { value: this.#value, life: this.#life }
  }
}
