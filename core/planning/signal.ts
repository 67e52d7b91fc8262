/** A quantity over time that jobs are planned by, such as the intensity of a grid: constant within pieces, without gaps. */

/** Where a value comes from: what the grid published (`final`, `estimated`, `forecast`), or what Wattline made of it. */
export type SignalBasis = 'final' | 'estimated' | 'forecast' | 'past_days' | 'yearly'

/** `[from, to)` in seconds since the epoch. Values in millionths: µgCO2e per kWh, or millionths of the currency per kWh. */
export interface SignalPiece {
  readonly from: number
  readonly to: number
  readonly value: bigint
  /** Lowest and highest that it is expected to be; the value itself where no band is known. */
  readonly low: bigint
  readonly high: bigint
  readonly basis: SignalBasis
}

/** Pieces in order of time; each begins where the one before ends. */
export type PlanningSignal = readonly SignalPiece[]

/** Sum of value times seconds over `[from, to)`. @throws RangeError where the signal does not cover it */
export function integralOf(
  signal: PlanningSignal,
  from: number,
  to: number,
  pick = (piece: SignalPiece) => piece.value,
): bigint {
  let sum = 0n
  let covered = 0
  for (const piece of signal) {
    const seconds = Math.min(piece.to, to) - Math.max(piece.from, from)
    if (seconds <= 0) continue
    sum += pick(piece) * BigInt(seconds)
    covered += seconds
  }
  if (covered !== to - from) throw new RangeError(`the signal covers ${covered} of ${to - from} seconds`)
  return sum
}

/** The bases of a part of a signal, each once, the least certain last. */
export function basesOf(signal: PlanningSignal, from: number, to: number): readonly SignalBasis[] {
  const found = new Set(signal.filter(piece => piece.from < to && piece.to > from).map(({ basis }) => basis))
  return ORDER.filter(basis => found.has(basis))
}

const ORDER: readonly SignalBasis[] = ['final', 'estimated', 'forecast', 'past_days', 'yearly']
