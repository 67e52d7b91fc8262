/** Finds power and energy sensors under /sys/class/hwmon, and decides which of them to read. */
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'
import { type ChipSensor, chipPlace } from './chips.ts'

/** How a value is read, best first: energy in µJ, power in µW, or voltage (mV) and current (mA). */
export type HwmonFiles =
  | { readonly energy: string }
  | { readonly power: string }
  | { readonly millivolts: string; readonly milliamperes: string }

/** A sensor that is read. */
export interface HwmonMeter extends ChipSensor {
  readonly domain: string
  /** '' or what distinguishes it from other sensors that add up to its domain. */
  readonly device: string
  /** Folder of the chip. */
  readonly folder: string
  readonly files: HwmonFiles
}

/** A sensor that is not read, and why. */
export interface LeftOutSensor {
  readonly name: string
  readonly reason: string
  /** The file that cannot be read. */
  readonly path?: string
}

interface HwmonProbe {
  readonly meters: readonly HwmonMeter[]
  readonly leftOut: readonly LeftOutSensor[]
}

interface ProbeOptions {
  readonly hwmon_domains: Readonly<Record<string, string>>
  readonly per_core: 'on' | 'off'
}

interface ChipCandidate extends ChipSensor {
  readonly folder: string
  readonly files: HwmonFiles
}

/** Sensors by chip, in the order of the kernel's numbers. */
export function probeHwmon(files: KernelFiles, roots: Roots, options: ProbeOptions): HwmonProbe {
  const meters: HwmonMeter[] = []
  const leftOut: LeftOutSensor[] = []
  const placing = { configured: options.hwmon_domains, perCore: options.per_core === 'on' }
  for (const candidate of candidatesOf(files, `${roots.sys}/class/hwmon`)) {
    const { folder, channel } = candidate
    const name = nameOf(candidate)
    const tell = (reason: string): void => void leftOut.push({ name, reason })
    const place = chipPlace(candidate, placing)
    if ('leftOut' in place) {
      tell(place.leftOut)
      continue
    }
    const { domain, adds } = place
    const taken = meters.filter(meter => meter.domain === domain)
    const path = pathsOf(candidate.files).find(one => files.problem(one) !== undefined)
    if (path !== undefined) leftOut.push({ name, reason: `cannot be read (${files.problem(path)})`, path })
    else if (taken.length > 0 && (!adds || taken.some(({ device }) => device === ''))) {
      tell(`${nameOf(taken[0]!)} already measures ${domain}`)
    } else {
      const device = adds ? `${folder.slice(folder.lastIndexOf('/') + 1)}/${channel}` : ''
      meters.push({ ...candidate, domain, device })
    }
  }
  return { meters, leftOut }
}

/** `chip/label`, as in `sensors.hwmon_domains`. */
const nameOf = ({ chip, label, channel }: ChipSensor): string => `${chip}/${label || channel}`

/** Files that a value is computed from. */
export const pathsOf = (files: HwmonFiles): readonly string[] => Object.values(files)

function candidatesOf(files: KernelFiles, root: string): ChipCandidate[] {
  const instances = new Map<string, number>()
  return files
    .names(root)
    .filter(name => /^hwmon\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    .flatMap(entry => {
      const chip = files.text(`${root}/${entry}/name`) ?? files.text(`${root}/${entry}/device/name`)
      if (chip === undefined || chip === '') return []
      const instance = instances.get(chip) ?? 0
      instances.set(chip, instance + 1)
      // Drivers that register the old way keep their sensors with the device, as the ACPI power meter does.
      return [`${root}/${entry}`, `${root}/${entry}/device`].flatMap(folder =>
        channelsOf(files, folder).map(found => ({ ...found, chip, instance })),
      )
    })
}

/** Sensors of a chip: a label with energy and power is read as energy. */
function channelsOf(files: KernelFiles, folder: string) {
  const names = files.names(folder)
  const has = new Set(names)
  const numbers = (pattern: RegExp): string[] =>
    [...new Set(names.flatMap(name => pattern.exec(name)?.[1] ?? []))].sort((a, b) => Number(a) - Number(b))
  const labelOf = (channel: string): string => files.text(`${folder}/${channel}_label`) ?? ''
  const found = numbers(/^energy(\d+)_input$/).map(number => ({
    folder,
    channel: `energy${number}`,
    label: labelOf(`energy${number}`),
    files: { energy: `${folder}/energy${number}_input` } as HwmonFiles,
  }))
  for (const number of numbers(/^power(\d+)_(?:average|input)$/)) {
    const label = labelOf(`power${number}`)
    if (label !== '' && found.some(other => other.label === label)) continue
    const file = has.has(`power${number}_average`) ? 'average' : 'input'
    found.push({
      folder,
      channel: `power${number}`,
      label,
      files: { power: `${folder}/power${number}_${file}` },
    })
  }
  for (const number of numbers(/^curr(\d+)_input$/)) {
    const label = labelOf(`in${number}`)
    if (label === '' || !has.has(`in${number}_input`) || found.some(other => other.label === label)) continue
    const measured = {
      millivolts: `${folder}/in${number}_input`,
      milliamperes: `${folder}/curr${number}_input`,
    }
    found.push({ folder, channel: `in${number}`, label, files: measured })
  }
  return found
}
