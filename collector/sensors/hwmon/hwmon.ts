/** Energy and power of hardware monitoring chips: ACPI power meters, power supplies, processors, board rails. */
import type { Reading } from '../../readings/reading.ts'
import { type CounterLives, counterEpoch } from '../host/counter-epoch.ts'
import { integerFile, type KernelFiles } from '../host/files.ts'
import { type HostIdentity, readingOf, type Sensor } from '../host/sensor.ts'
import type { HwmonMeter } from './probe.ts'

interface HwmonOptions {
  readonly files: KernelFiles
  readonly identity: HostIdentity
  readonly lives: CounterLives
}

/** One chip sensor is one sensor: one that stops answering does not affect the others. */
export function hwmonSensor({ files, identity, lives }: HwmonOptions, meter: HwmonMeter): Sensor {
  const { domain, device, chip, label } = meter
  const common = { domain, device, source: 'hwmon' } as const
  const attributes = { 'hwmon.chip': chip, ...(label === '' ? {} : { 'hwmon.label': label }) }
  const read = (path: string): bigint => {
    const value = integerFile(files, path)
    if (value === undefined)
      throw new Error(`${path} cannot be read (${files.problem(path) ?? 'not a number'})`)
    return value
  }
  return {
    name: `hwmon/${domain}${device === '' ? '' : `/${device}`}`,
    read(round): Reading[] {
      if ('energy' in meter.files) {
        const value = read(meter.files.energy)
        const bootId = counterEpoch(identity, round, lives.of(meter.folder))
        return [readingOf(identity, round, { ...common, quantity: 'energy', value, bootId, attributes })]
      }
      const microwatts =
        'power' in meter.files
          ? read(meter.files.power)
          : read(meter.files.millivolts) * read(meter.files.milliamperes)
      const value = (microwatts + 500n) / 1000n
      return [readingOf(identity, round, { ...common, quantity: 'power', value, bootId: '', attributes })]
    },
  }
}
