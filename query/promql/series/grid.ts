/** The times at which an expression is evaluated. */

export interface Grid {
  readonly startMs: number
  /** 1 where there is one time only. */
  readonly stepMs: number
  readonly steps: number
}

export const timeAt = ({ startMs, stepMs }: Grid, step: number): number => startMs + step * stepMs

export const endOf = (grid: Grid): number => timeAt(grid, grid.steps - 1)

/** The times from start to end; none where the end lies before the start. */
export function gridOf(startMs: number, endMs: number, stepMs: number): Grid {
  if (endMs < startMs) return { startMs, stepMs: 1, steps: 0 }
  if (stepMs <= 0 || startMs === endMs) return { startMs, stepMs: Math.max(stepMs, 1), steps: 1 }
  return { startMs, stepMs, steps: Math.floor((endMs - startMs) / stepMs) + 1 }
}
