/**
 * The best start of a job that runs without a pause. The integral over a window is linear in its start between those starts at
 * which the window begins or ends at an edge of the signal, so only the starts beside these are looked at.
 */
import type { PlanningSignal } from './signal.ts'

/** Times in seconds. */
export interface PlannedJob {
  readonly durationS: number
  /** Earliest start, since the epoch. */
  readonly notBefore: number
  /** Latest end, since the epoch. */
  readonly deadline: number
  /** Starts are this many seconds apart, from `notBefore` on. */
  readonly stepS: number
}

/** A start and the integral of the signal over the job. */
export interface FoundWindow {
  readonly start: number
  readonly integral: bigint
}

/** The windows of one signal. */
export interface WindowChoice {
  /** The earliest of the best ones. */
  readonly best: FoundWindow
  /** The earliest of the worst ones. */
  readonly worst: FoundWindow
  /** Without waiting. */
  readonly first: FoundWindow
}

/**
 * Null: the job does not fit between its earliest start and its deadline.
 * @throws RangeError where the signal does not cover that time
 */
export function chooseWindow(signal: PlanningSignal, job: PlannedJob): WindowChoice | null {
  const { durationS, notBefore, deadline, stepS } = job
  const last = notBefore + Math.floor((deadline - durationS - notBefore) / stepS) * stepS
  if (last < notBefore) return null
  const integral = prefixIntegral(signal, notBefore, last + durationS)
  const at = (start: number): FoundWindow => ({
    start,
    integral: integral(start + durationS) - integral(start),
  })
  const first = at(notBefore)
  let [best, worst] = [first, first]
  for (const start of candidates(signal, job, last)) {
    const found = at(start)
    if (found.integral < best.integral) best = found
    if (found.integral > worst.integral) worst = found
  }
  return { best, worst, first }
}

/** In order of time: an equal one that comes later does not replace an earlier one. */
function candidates(
  signal: PlanningSignal,
  { durationS, notBefore, stepS }: PlannedJob,
  last: number,
): readonly number[] {
  const starts = new Set([notBefore, last])
  for (const edge of new Set(signal.flatMap(({ from, to }) => [from, to]))) {
    for (const start of [edge, edge - durationS]) {
      const before = notBefore + Math.floor((start - notBefore) / stepS) * stepS
      for (const one of [before, before + stepS]) if (one >= notBefore && one <= last) starts.add(one)
    }
  }
  return [...starts].sort((a, b) => a - b)
}

/** Integral from `from` up to a time. */
function prefixIntegral(signal: PlanningSignal, from: number, to: number): (until: number) => bigint {
  const pieces = signal.filter(piece => piece.from < to && piece.to > from)
  const sums = [0n]
  let at = from
  for (const piece of pieces) {
    if (Math.max(piece.from, from) !== at) break
    at = piece.to
    sums.push(sums.at(-1)! + piece.value * BigInt(piece.to - Math.max(piece.from, from)))
  }
  if (at < to) throw new RangeError(`the signal is not known from ${new Date(at * 1000).toISOString()} on`)
  return until => {
    let [low, high] = [0, pieces.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (pieces[middle]!.to <= until) low = middle + 1
      else high = middle
    }
    const piece = pieces[low]
    const rest = piece === undefined ? 0 : Math.max(0, until - Math.max(piece.from, from))
    return sums[low]! + (piece === undefined ? 0n : piece.value * BigInt(rest))
  }
}
