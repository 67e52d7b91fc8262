/** Reads /proc/cpuinfo. */
import type { CpuModel } from '../../../core/books/cpu-families.ts'

/** Missing numbers are -1 and match no family. */
export function parseCpuInfo(text: string): CpuModel {
  const value = (key: string): string => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
  const integer = (key: string): number => (/^\d+$/.test(value(key)) ? Number(value(key)) : -1)
  const implementer = value('CPU implementer')
  return {
    vendor: value('vendor_id'),
    family: integer('cpu family'),
    model: integer('model'),
    stepping: integer('stepping'),
    part: implementer === '' ? '' : `${implementer}/${value('CPU part')}`,
  }
}
