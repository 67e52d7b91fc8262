/**
 * Where readings of GPUs stand. Domain is the board (`gpu-<uuid>`) for each of them: its energy and power, and use of it.
 * Device is empty for the board as a whole, and names the instance for a part of it (MIG): `mig-3:1/7` is instance 3, which has
 * 1 of the board's 7 slices. The identity says it, so that metering, recomputing and the live view need nothing else.
 */

/** Part of a board. */
export interface GpuInstance {
  /** Unique on its board. */
  readonly id: string
  /** Slices of this instance, and of the whole board. */
  readonly slices: bigint
  readonly ofSlices: bigint
}

/** The whole board. */
const WHOLE: GpuInstance = { id: '', slices: 1n, ofSlices: 1n }

const INSTANCE = /^mig-(.+):(\d{1,3})\/(\d{1,3})$/

/** Device of readings about an instance. */
export const instanceDevice = (id: string | number, slices: number, ofSlices: number): string =>
  `mig-${id}:${slices}/${ofSlices}`

/** The instance that a Device names; any other Device stands for the whole board. */
export function instanceOf(device: string): GpuInstance {
  const [, id, slices, ofSlices] = INSTANCE.exec(device) ?? []
  if (id === undefined || slices === undefined || ofSlices === undefined) return WHOLE
  const [own, all] = [BigInt(slices), BigInt(ofSlices)]
  return own > 0n && own <= all ? { id, slices: own, ofSlices: all } : WHOLE
}

/** Boards with four compute slices; the others that can be divided have seven. */
const FOUR_SLICES = /\bA30\b/

/** Slices of a board by the name of its model. */
export const slicesOfModel = (model: string): number => (FOUR_SLICES.test(model) ? 4 : 7)

const PROFILE = /^(?:(\d+)c\.)?(\d+)g\./

/** Compute slices of a MIG profile: 2 for `2g.10gb`, 1 for `1c.2g.10gb`; undefined: not a profile. */
export function slicesOfProfile(profile: string): number | undefined {
  const [, compute, slices] = PROFILE.exec(profile) ?? []
  const found = Number(compute ?? slices)
  return Number.isInteger(found) && found > 0 ? found : undefined
}

/** Whether a domain is a board whose energy is divided among those who use it. */
export const isBoard = (domain: string): boolean => domain.startsWith('gpu-')
