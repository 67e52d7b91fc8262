/** What is left to do of a range of minutes once some of them are computed. */
import { WINDOW_SECONDS } from '../../core/model/window.ts'
import { type DirtyMinutes, GIVEN_UP_MS } from './dirty.ts'
import type { UnitDone } from './unit.ts'

/** Where the outermost minutes of a range have changed, this many more beside them are checked. */
const MORE_SECONDS = 10 * WINDOW_SECONDS
/** Between two looks at whether minutes are closed by now. */
const SHORTEST_WAIT_MS = 60_000

/** What remains of a range in this pass, and what the next ones have more to do. */
export function leftOf(
  range: DirtyMinutes,
  { entries, to, isOpen }: UnitDone,
  nowMs: number,
): { readonly rest: readonly DirtyMinutes[]; readonly more: readonly DirtyMinutes[] } {
  const changed = new Set(entries.map(({ WindowStart }) => WindowStart))
  const atOnce = { dueMs: nowMs, latestMs: nowMs }
  const more: DirtyMinutes[] = []
  if (changed.has(range.from)) more.push({ ...atOnce, from: range.from - MORE_SECONDS, to: range.from })
  if (isOpen) {
    const ageMs = Math.max(0, nowMs - to * 1000)
    const dueMs = Math.max(nowMs, to * 1000) + Math.max(SHORTEST_WAIT_MS, ageMs / 2)
    if (ageMs < GIVEN_UP_MS) more.push({ from: to, to: range.to, dueMs, latestMs: dueMs })
    return { rest: [], more }
  }
  if (to < range.to) return { rest: [{ ...range, from: to }], more }
  if (changed.has(to - WINDOW_SECONDS)) more.push({ ...atOnce, from: to, to: to + MORE_SECONDS })
  return { rest: [], more }
}
