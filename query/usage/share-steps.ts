/**
 * In which steps idle energy is shared. Minute by minute is right: who was not there takes nothing, and what a workload is billed
 * does not depend on what is asked about beside it. Long windows of many workloads are shared by the hour or the day; the
 * answer says so.
 */

import type { TimeStep, UsageRequest } from './request.ts'
import type { Cell } from './share-idle.ts'

const MINUTE = 60
const HOUR = 3_600
const DAY = 86_400

/** Finest first, each with the widest window that it is tried for. */
const STEPS: readonly (readonly [seconds: number, widest: number])[] = [
  [MINUTE, DAY],
  [HOUR, 62 * DAY],
  [DAY, Number.POSITIVE_INFINITY],
]

/** Steps to be tried, finest first; each lies within one of the steps asked for. Last those themselves. */
export function shareSteps({
  from,
  to,
  step,
}: Pick<UsageRequest, 'from' | 'to' | 'step'>): readonly (TimeStep | null)[] {
  const isInside = (seconds: number): boolean => typeof step !== 'number' || step % seconds === 0
  const finer = STEPS.filter(([seconds, widest]) => to - from <= widest && isInside(seconds))
  return [...finer.map(([seconds]) => seconds), step]
}

/** Cells in the steps that were asked for, in place of those that were shared in. */
export const inSteps = (cells: readonly Cell[], step: TimeStep | null): readonly Cell[] =>
  cells.map(cell => ({ ...cell, start: cell.start === null ? null : startOf(cell.start, step) }))

function startOf(start: number, step: TimeStep | null): number | null {
  if (step === null) return null
  if (step !== 'month') return Math.floor(start / step) * step
  const date = new Date(start * 1000)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / 1000
}
