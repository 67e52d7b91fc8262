/**
 * What the power and energy sensors of hardware monitoring chips measure, by chip name and label. A sensor that no row
 * knows is not booked: the same number may be a whole board or one of its rails, and a rail beside its board would count
 * twice. `sensors.hwmon_domains` adds rows.
 *
 * Sources: the kernel's documentation of each driver (Documentation/hwmon/NAME.rst); for NVIDIA Jetson the developer
 * guide, "Power Consumption"; for zenpower its README.
 */

interface ChipRow {
  /** Content of the chip's `name`. */
  readonly chip: RegExp
  /** Label of the sensor; '' if it has none. */
  readonly label: RegExp
  /** Place in the meter tree; `$1`: from the label; `#`: number of the chip among those of its name. */
  readonly domain: string
  /** Several sensors of this domain are parts of it, and add up: power supplies, memory channels. */
  readonly adds?: true
}

/** Power supplies that report over PMBus what they take from the wall (`pin`). */
const PMBUS_SUPPLIES =
  /^(cffps[12]?|crps\w*|dps(460|650ab|800|920ab)|sgd009|ipsps1|pfe(1100|3000)|fsg032|y[mh]5?1?51e|d1u54p.*|ps\d{4})$/

/** First match wins. */
const CHIPS: readonly ChipRow[] = [
  { chip: /^power_meter$/, label: /^/, domain: 'host' },
  { chip: PMBUS_SUPPLIES, label: /^pin\d*$/, domain: 'host', adds: true },
  { chip: /^corsairpsu$/, label: /^power total$/, domain: 'host' },
  { chip: /^macsmc_hwmon$/, label: /^Total System Power$/, domain: 'host' },
  { chip: /^ibmpowernv$/, label: /^System$/, domain: 'host' },
  { chip: /^ibmpowernv$/, label: /^Chip (\d+)$/, domain: 'package-$1' },
  { chip: /^ibmpowernv$/, label: /^Chip (\d+) Vdd$/, domain: 'core-$1' },
  { chip: /^ibmpowernv$/, label: /^Chip (\d+) Memory$/, domain: 'dram-$1' },
  { chip: /^amd_energy$/, label: /^Esocket(\d+)$/, domain: 'package-$1' },
  { chip: /^zenpower$/, label: /^SVI2_P_Core$/, domain: 'core-#' },
  { chip: /^zenpower$/, label: /^SVI2_P_SoC$/, domain: 'uncore-#' },
  { chip: /^(apm_xgene|xgene_hwmon)$/, label: /^(CPU|IO) power$/, domain: 'package-0', adds: true },
  { chip: /^smpro/, label: /^(CPU|SoC) power$/, domain: 'package-0', adds: true },
  { chip: /^smpro/, label: /^DIMM VRD\d power$/, domain: 'dram-0', adds: true },
  { chip: /^ina3221/, label: /^(VDD_IN|POM_5V_IN)$/, domain: 'host' },
  {
    chip: /^ina3221/,
    label: /^(VDD_CPU_GPU_CV|VDD_CPU_CV|VDD_SYS_CPU|POM_5V_CPU|CPU)$/,
    domain: 'package-0',
  },
  { chip: /^ina3221/, label: /^(VDD_SYS_GPU|POM_5V_GPU|GPU)$/, domain: 'gpu-0' },
  { chip: /^ina3221/, label: /^(VDD_SYS_DDR|VDDRQ|VDDQ_VDD2_1V8AO)$/, domain: 'dram-0' },
]

/** Energy of single cores; read if `sensors.per_core` is set. */
const CORE: ChipRow = { chip: /^amd_energy$/, label: /^Ecore(\d+)$/, domain: 'core-0', adds: true }

/** Chips whose power other sensors of this product read, or that are not part of what the machine uses. */
const ELSEWHERE: readonly (readonly [chip: RegExp, reason: string])[] = [
  [/^(amdgpu|i915|xe|nouveau)$/, 'read by the GPU sensors'],
  [/^BAT/, 'read as a battery'],
  [/^(AC|ADP|ucsi_source_psy)/, 'a charger: what it offers, not what the machine uses'],
]

/** Where a sensor belongs, or why it is not read. */
export type ChipPlace = { readonly domain: string; readonly adds: boolean } | { readonly leftOut: string }

/** One sensor of a chip. */
export interface ChipSensor {
  readonly chip: string
  readonly label: string
  /** `power1`, `energy3`: its name where it has no label. */
  readonly channel: string
  /** Number of the chip among those of its name. */
  readonly instance: number
}

interface PlaceOptions {
  /** `sensors.hwmon_domains`: `chip/label` or `chip/channel` -> domain. */
  readonly configured: Readonly<Record<string, string>>
  readonly perCore: boolean
}

/** The place of a sensor: configured, else from the table. */
export function chipPlace(sensor: ChipSensor, { configured, perCore }: PlaceOptions): ChipPlace {
  const { chip, label, channel, instance } = sensor
  const own = configured[`${chip}/${label}`] ?? configured[`${chip}/${channel}`]
  if (own === 'off') return { leftOut: 'switched off by sensors.hwmon_domains' }
  if (own !== undefined) return { domain: own, adds: true }
  const elsewhere = ELSEWHERE.find(([name]) => name.test(chip))
  if (elsewhere !== undefined) return { leftOut: elsewhere[1] }
  const isCore = CORE.chip.test(chip) && CORE.label.test(label)
  if (isCore && !perCore) return { leftOut: 'one core; set sensors.per_core: on to read it' }
  const row = isCore ? CORE : CHIPS.find(one => one.chip.test(chip) && one.label.test(label))
  if (row === undefined) {
    return { leftOut: `unknown; if you know what it measures, name it in sensors.hwmon_domains` }
  }
  const domain = row.domain.replace('$1', row.label.exec(label)?.[1] ?? '0').replace('#', String(instance))
  return { domain, adds: row.adds === true }
}
