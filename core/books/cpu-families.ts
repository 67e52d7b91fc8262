/**
 * Watts per logical CPU by processor family, idle and at full load, for the estimation model.
 *
 * Source: Cloud Carbon Footprint, "ccf-coefficients", output/coefficients-aws-use.csv at commit b0032d92
 * (https://github.com/cloud-carbon-footprint/ccf-coefficients, Apache License 2.0), computed there from the results of
 * SPECpower_ssj2008 (https://www.spec.org/power_ssj2008/), rounded here to milliwatts. They are the wall power of whole
 * one- and two-socket servers divided by their logical CPUs, so memory, fans and power supply losses of the tested
 * servers are included. How power rises between the two: power-curve.ts.
 *
 * Omitted: the row "EPYC 5th Gen" (3.68 W idle, 8.96 W full per logical CPU, 75 GB a chip). It is four times its
 * neighbours and would make an idle two-socket 9005 draw more than a kilowatt; such rows come from small desktop parts
 * of the family. The fourth generation is used instead, with the wider error band.
 */

import { CURVES, type PowerCurve } from './power-curve.ts'

interface PowerRow {
  readonly family: string
  /** mW per idle logical CPU. */
  readonly idleMilliwatts: bigint
  /** mW per logical CPU at full load. */
  readonly maxMilliwatts: bigint
  /** How power rises from idle to full load. */
  readonly curve: PowerCurve
}

/** What identifies a processor family: facts from /proc/cpuinfo. */
export interface CpuModel {
  readonly vendor: string
  readonly family: number
  readonly model: number
  readonly stepping: number
  /** ARM: `CPU implementer` and `CPU part`; '' for other architectures. */
  readonly part: string
}

const row = (
  family: string,
  idleMilliwatts: bigint,
  maxMilliwatts: bigint,
  curve: PowerCurve = CURVES.general,
): PowerRow => ({ family, idleMilliwatts, maxMilliwatts, curve })

/** The rows of the source, in milliwatts. */
export const POWER_ROWS = {
  sandyBridge: row('Sandy Bridge', 2212n, 8631n, CURVES.xeonE5),
  ivyBridge: row('Ivy Bridge', 1707n, 5557n, CURVES.xeonE5),
  haswell: row('Haswell', 1857n, 5595n, CURVES.xeonE5),
  broadwell: row('Broadwell', 713n, 3685n, CURVES.xeonE5),
  skylake: row('Skylake', 613n, 4104n, CURVES.skylake),
  cascadeLake: row('Cascade Lake', 690n, 4063n, CURVES.cascadeLake),
  coffeeLake: row('Coffee Lake', 1138n, 5422n),
  iceLake: row('Ice Lake', 767n, 3758n),
  sapphireRapids: row('Sapphire Rapids', 1036n, 4160n),
  emeraldRapids: row('Emerald Rapids', 814n, 4482n),
  graniteRapids: row('Granite Rapids', 582n, 2527n),
  epyc1: row('EPYC 1st Gen', 847n, 2604n),
  epyc2: row('EPYC 2nd Gen', 474n, 1693n),
  epyc3: row('EPYC 3rd Gen', 456n, 1957n),
  epyc4: row('EPYC 4th Gen', 739n, 2282n),
  graviton: row('Graviton', 474n, 1693n),
} as const satisfies Record<string, PowerRow>

/**
 * For families without a row: Cloud Carbon Footprint's published average over the families of AWS (Methodology,
 * Appendix I: 0.74 W idle, 3.5 W full).
 */
export const AVERAGE_ROW = row('average', 740n, 3500n)

/**
 * Error bands as a share of the value. Cloud Carbon Footprint gives points without intervals, so these are our
 * estimates: rows of server families since 2014 are within about 60 % of the average row, and servers of one family
 * differ by a third or more in memory, cooling and power limits.
 */
const BAND_KNOWN_FAMILY = '0.35'
const BAND_UNKNOWN_FAMILY = '0.6'

/** Names of the rows, as in configuration; `average` for processors that none of them describes. */
export const FAMILY_NAMES: readonly string[] = [
  AVERAGE_ROW.family,
  ...Object.values(POWER_ROWS).map(({ family }) => family),
]

/** The row of that name, with its error band. */
export function powerModelNamed(name: string): PowerModel {
  const known = Object.values(POWER_ROWS).find(({ family }) => family === name)
  return known === undefined
    ? { ...AVERAGE_ROW, errorBand: BAND_UNKNOWN_FAMILY }
    : { ...known, errorBand: BAND_KNOWN_FAMILY }
}

interface FamilyMatch {
  readonly vendor: string
  readonly family: number
  readonly models: readonly number[]
  /** Steppings from this one on, if a model number covers several families. */
  readonly fromStepping?: number
  readonly power: PowerRow
  /** The row is that of a related family, so the wide band applies. */
  readonly standIn?: true
}

const INTEL = 'GenuineIntel'
const AMD = 'AuthenticAMD'

/** By CPUID family, model and stepping: hypervisors shorten model names, but seldom the numbers. First match wins. */
const FAMILIES: readonly FamilyMatch[] = [
  { vendor: INTEL, family: 6, models: [42, 45], power: POWER_ROWS.sandyBridge },
  { vendor: INTEL, family: 6, models: [58, 62], power: POWER_ROWS.ivyBridge },
  { vendor: INTEL, family: 6, models: [60, 63, 69, 70], power: POWER_ROWS.haswell },
  { vendor: INTEL, family: 6, models: [61, 71, 79, 86], power: POWER_ROWS.broadwell },
  { vendor: INTEL, family: 6, models: [85], fromStepping: 5, power: POWER_ROWS.cascadeLake },
  { vendor: INTEL, family: 6, models: [78, 85, 94], power: POWER_ROWS.skylake },
  { vendor: INTEL, family: 6, models: [142, 158], power: POWER_ROWS.coffeeLake },
  { vendor: INTEL, family: 6, models: [106, 108], power: POWER_ROWS.iceLake },
  { vendor: INTEL, family: 6, models: [143], power: POWER_ROWS.sapphireRapids },
  { vendor: INTEL, family: 6, models: [207], power: POWER_ROWS.emeraldRapids },
  { vendor: INTEL, family: 6, models: [173, 174], power: POWER_ROWS.graniteRapids },
  { vendor: AMD, family: 23, models: [1, 8], power: POWER_ROWS.epyc1 },
  { vendor: AMD, family: 23, models: [49], power: POWER_ROWS.epyc2 },
  { vendor: AMD, family: 25, models: [0, 1], power: POWER_ROWS.epyc3 },
  { vendor: AMD, family: 25, models: [17, 160], power: POWER_ROWS.epyc4 },
  { vendor: AMD, family: 26, models: [0, 1, 2, 16, 17], power: POWER_ROWS.epyc4, standIn: true },
]

/** Neoverse N1, V1, V2 by ARM Ltd: Graviton and similar; the source itself uses an EPYC's figures for them. */
const ARM_PARTS: ReadonlySet<string> = new Set(['0x41/0xd0c', '0x41/0xd40', '0x41/0xd4f'])

/** Power of a logical CPU, with the error band of estimates from it, as a decimal fraction. */
export interface PowerModel extends PowerRow {
  readonly errorBand: string
}

/** The row of the processor's family; for unlisted families an average row, with the wider band. */
export function powerModelOf(cpu: CpuModel): PowerModel {
  if (ARM_PARTS.has(cpu.part)) return { ...POWER_ROWS.graviton, errorBand: BAND_UNKNOWN_FAMILY }
  const match = FAMILIES.find(
    entry =>
      entry.vendor === cpu.vendor &&
      entry.family === cpu.family &&
      entry.models.includes(cpu.model) &&
      cpu.stepping >= (entry.fromStepping ?? 0),
  )
  if (match === undefined) return { ...AVERAGE_ROW, errorBand: BAND_UNKNOWN_FAMILY }
  return { ...match.power, errorBand: match.standIn ? BAND_UNKNOWN_FAMILY : BAND_KNOWN_FAMILY }
}
