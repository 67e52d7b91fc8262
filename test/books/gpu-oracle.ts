/**
 * What each workload gets of a board's energy, by the rules of docs/gpus.md in exact fractions, without the product's code: the ledger
 * must be less than 1 µJ from it for each board. And Kepler's rule for the same board (internal/device/gpu/nvidia of version 0.11).
 */

/** A workload on an instance; µs of 60 s. `null`: the driver does not tell. */
export interface OnGpu {
  readonly id: string
  readonly used: number | null
  readonly held: number
}

/** A part of a board, or all of it: `slices` of `of`. */
export interface PartOfGpu {
  readonly slices: number
  readonly of: number
  /** µs that it was active; null: not known. */
  readonly active: number | null
  readonly users: readonly OnGpu[]
}

export interface GpuMinute {
  readonly energyUj: number
  readonly idleUj: number | null
  /** µs of the minute that somebody held the board. */
  readonly held: number
  readonly parts: readonly PartOfGpu[]
}

type Fraction = readonly [bigint, bigint]
const fraction = (a: number | bigint, b: number | bigint = 1): Fraction => [BigInt(a), BigInt(b)]
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d]
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d]
const NOTHING = fraction(0)
const MINUTE_US = 60_000_000
const WHOLE: PartOfGpu = { slices: 1, of: 1, active: null, users: [] }

/** Distance of a whole number from a fraction, in millionths. */
export function apart(whole: bigint, [a, b]: Fraction): number {
  const off = (whole * b - a) * 1_000_000n
  return Math.abs(Number(off / b)) / 1e6
}

/** Of each workload by id, `idle` and `nobody`. */
export function exactShares({ energyUj, idleUj, held, parts }: GpuMinute): Map<string, Fraction> {
  const found = new Map<string, Fraction>()
  const give = (who: string, what: Fraction): void => {
    found.set(who, plus(found.get(who) ?? NOTHING, what))
  }
  const users = parts.flatMap(part => part.users)
  const isIdle =
    held === 0 &&
    users.every(({ used, held: own }) => own === 0 && (used ?? 0) === 0) &&
    parts.every(({ active }) => (active ?? 0) === 0)
  const idle: Fraction = isIdle
    ? fraction(energyUj)
    : idleUj === null
      ? fraction(BigInt(energyUj) * BigInt(MINUTE_US - held), MINUTE_US)
      : fraction(Math.min(idleUj, energyUj))
  give('idle', idle)
  if (isIdle) return found
  const active = plus(fraction(energyUj), times(idle, fraction(-1)))
  const busyOf = ({ active: told, users: some }: PartOfGpu): number | null =>
    told ?? (some.some(one => one.used !== null) ? some.reduce((sum, one) => sum + (one.used ?? 0), 0) : null)
  const heldOf = (part: PartOfGpu): number => part.users.reduce((sum, one) => sum + one.held, 0)
  const isSeen = (part: PartOfGpu): boolean =>
    part.active !== null || part.users.some(one => one.used !== null || one.held > 0)
  const seen = parts.some(isSeen) ? parts.filter(isSeen) : [WHOLE]
  const byActivity = seen.every(part => busyOf(part) !== null) && seen.some(part => (busyOf(part) ?? 0) > 0)
  const byHolding = seen.some(part => heldOf(part) > 0)
  const timeOf = (part: PartOfGpu): number =>
    byActivity ? (busyOf(part) ?? 0) : byHolding ? heldOf(part) : 1
  const weight = (part: PartOfGpu): Fraction => fraction(BigInt(timeOf(part)) * BigInt(part.slices), part.of)
  const all = seen.map(weight).reduce(plus, NOTHING)
  for (const part of seen) {
    const [a, b] = weight(part)
    const share = times(active, times([a, b], [all[1], all[0]]))
    const used = part.users.reduce((sum, one) => sum + (one.used ?? 0), 0)
    const isToldApart = part.users.some(one => one.used !== null)
    const busy = isToldApart ? Math.max(part.active ?? 0, used) : 0
    for (const user of part.users) {
      const own =
        busy > 0
          ? fraction(user.used ?? 0, busy)
          : heldOf(part) > 0
            ? fraction(user.held, heldOf(part))
            : NOTHING
      give(user.id, times(share, own))
    }
    if (busy > 0) give('nobody', times(share, fraction(busy - used, busy)))
    else if (heldOf(part) === 0) give('nobody', share)
  }
  return found
}

/** Kepler's sharing modes. */
export type KeplerMode = 'exclusive' | 'time_slicing' | 'partitioned'

/**
 * Active power is power less idle power (0 until the board was seen idle). Exclusive: equally. Time slicing: by SM utilization, equally
 * where there is none. Partitioned: by activity of the instances, without their sizes, inside by SM utilization; what has no process
 * gets nothing. Doubles, as Kepler computes; whole µJ here.
 */
export function keplerGpu(mode: KeplerMode, { energyUj, idleUj, parts }: GpuMinute): Map<string, number> {
  const active = Math.max(0, energyUj - (idleUj ?? 0))
  const found = new Map<string, number>()
  const give = (who: string, what: number): void => {
    found.set(who, (found.get(who) ?? 0) + what)
  }
  const share = (users: readonly OnGpu[], energy: number): void => {
    const sum = users.reduce((total, { used }) => total + (used ?? 0), 0)
    for (const { id, used } of users) {
      give(id, sum > 0 ? (energy * (used ?? 0)) / sum : energy / users.length)
    }
  }
  const users = parts.flatMap(part => part.users)
  if (mode === 'exclusive') for (const { id } of users) give(id, active / users.length)
  else if (mode === 'time_slicing') share(users, active)
  else {
    const busy = parts.filter(part => (part.active ?? 0) > 0 && part.users.length > 0)
    const sum = busy.reduce((total, part) => total + (part.active ?? 0), 0)
    for (const part of busy) share(part.users, (active * (part.active ?? 0)) / sum)
    if (parts.every(part => part.active === null)) for (const { id } of users) give(id, active / users.length)
  }
  return new Map([...found].map(([id, uj]) => [id, Math.trunc(uj)]))
}
