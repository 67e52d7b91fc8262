/**
 * Error bands of meters: the bound that a maker or a validation publishes. Without a published bound the error is
 * unknown, not zero, and rows say so (processors/meter/README.md).
 */
import { domainKindOf } from './domains.ts'

/** Attribute of an energy or power reading: half width of its error band as a decimal share, `0.4` for ±40 %. */
export const ERROR_BAND_ATTRIBUTE = 'error_band'

/** Millionths of the value. */
export const PPM = 1_000_000

/** Not published. */
export const UNKNOWN_BAND = -1

/**
 * NVIDIA's NVML reference, nvmlDeviceGetPowerUsage: "On Fermi and Kepler GPUs the reading is accurate to within +/- 5%
 * of current power draw." It gives no figure for later boards; DCGM and nvidia-smi read through NVML.
 */
const NVML_PPM = 50_000
const NVML_SOURCES = /^(dcgm|nvml|nvidia-smi)(:|$)/

/** Half width in millionths, as published by the source for meters of the domain; otherwise `UNKNOWN_BAND`. */
export function publishedBandPpm(source: string, domain: string): number {
  const kind = domainKindOf(domain)
  return (kind === 'gpu' || kind === 'mig') && NVML_SOURCES.test(source) ? NVML_PPM : UNKNOWN_BAND
}

/** The error band in a reading's attributes; `UNKNOWN_BAND` if there is no readable one. */
export function statedBandPpm(attributes: Readonly<Record<string, string>>): number {
  const text = attributes[ERROR_BAND_ATTRIBUTE] ?? ''
  return /^\d{1,3}(\.\d{1,9})?$/.test(text) ? Math.ceil(Number(text) * PPM - 1e-6) : UNKNOWN_BAND
}
