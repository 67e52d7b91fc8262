/**
 * How far off a meter may be: what its maker or a validation publishes as a bound, else nothing. What is not here is unknown, and
 * rows say so: a meter without a published bound is not thereby exact (processors/meter/README.md).
 */
import { domainKindOf } from './domains.ts'

/** Attribute of an energy or power reading: half width of its error band as a decimal share, `0.4` for ±40 %. */
export const ERROR_BAND_ATTRIBUTE = 'error_band'

/** Millionths of the value. */
export const PPM = 1_000_000

/** Not published. */
export const UNKNOWN_BAND = -1

/**
 * NVIDIA's NVML reference, nvmlDeviceGetPowerUsage: "On Fermi and Kepler GPUs the reading is accurate to within +/- 5% of current
 * power draw." It names no other figure for later boards; DCGM and nvidia-smi read through NVML.
 */
const NVML_PPM = 50_000
const NVML_SOURCES = /^(dcgm|nvml|nvidia-smi)(:|$)/

/** Half width, in millionths, of what the source publishes for meters of the domain; `UNKNOWN_BAND`. */
export function publishedBandPpm(source: string, domain: string): number {
  const kind = domainKindOf(domain)
  return (kind === 'gpu' || kind === 'mig') && NVML_SOURCES.test(source) ? NVML_PPM : UNKNOWN_BAND
}

/** What the attributes of a reading say of it; `UNKNOWN_BAND` where they say nothing that can be read. */
export function statedBandPpm(attributes: Readonly<Record<string, string>>): number {
  const text = attributes[ERROR_BAND_ATTRIBUTE] ?? ''
  return /^\d{1,3}(\.\d{1,9})?$/.test(text) ? Math.ceil(Number(text) * PPM - 1e-6) : UNKNOWN_BAND
}
