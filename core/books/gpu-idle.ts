/** Idle power of GPU boards, as ledger rows record it (column `GpuIdlePower`). */
import { divideHalfEven } from '../model/decimal.ts'

/** mW by domain of the board. */
export type IdlePowers = ReadonlyMap<string, bigint>

/** What a board without processes draws in a time, µJ. */
export const idleEnergy = (milliwatts: bigint, coveredNs: number): bigint =>
  divideHalfEven(milliwatts * BigInt(coveredNs), 1_000_000n)

/** For a row: `gpu-GPU-1=61000 gpu-GPU-2=58000`. */
export const idlePowersText = (powers: IdlePowers): string =>
  [...powers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([domain, milliwatts]) => `${domain.replace(/[\s=%]/g, encodeURIComponent)}=${milliwatts}`)
    .join(' ')

/** From a row; what is not of that form is left out. */
export function parseIdlePowers(text: string): IdlePowers {
  const powers = new Map<string, bigint>()
  for (const part of text.split(' ')) {
    const [, domain, milliwatts] = /^([^=]+)=(\d{1,12})$/.exec(part) ?? []
    if (domain === undefined || milliwatts === undefined) continue
    try {
      powers.set(domain.replace(/(?:%[0-9A-F]{2})+/g, decodeURIComponent), BigInt(milliwatts))
    } catch {
      // Not a name that a row was given.
    }
  }
  return powers
}
