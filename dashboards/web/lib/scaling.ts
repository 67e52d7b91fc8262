/** Paths, words and the drawing of the screen of scaling policies. */
import type { ScalingDecisionAnswer } from '../../../core/api/answers.ts'
import type { ScalingRule } from '../../../core/model/scaling.ts'

/** Newest decisions, and policies in force. */
export const SCALING_PATH = 'api/v1/scaling'
export const POLICIES_PATH = 'api/v1/scaling/policies'
/** Decisions of a policy, the newest first. */
export const decisionsPath = (name: string): string =>
  `api/v1/scaling/${encodeURIComponent(name)}/decisions?limit=200`

/** What ruled, in a word or two. */
export const RULE_WORDS: Readonly<Record<ScalingRule, string>> = {
  demand: 'Demand',
  floor: 'Floor',
  service_level: 'Service level',
  ceiling: 'Ceiling',
  carbon: 'Carbon budget',
  cost: 'Cost budget',
  intensity: 'Intensity',
  shift: 'Shift',
  stabilisation: 'Stabilisation',
  step: 'Step limit',
}

/** Demand drives; carbon and money hold back; the service level pushes; the rest slows down. */
export function toneOf(rule: ScalingRule): 'plain' | 'good' | 'estimated' | 'interpolated' | 'bad' {
  if (rule === 'carbon' || rule === 'intensity' || rule === 'shift') return 'good'
  if (rule === 'cost' || rule === 'ceiling') return 'estimated'
  if (rule === 'service_level') return 'bad'
  return rule === 'stabilisation' || rule === 'step' ? 'interpolated' : 'plain'
}

/** A line of the drawing: `points` of an SVG polyline of steps, in a box of `WIDTH` by `HEIGHT`. */
export interface StepChart {
  readonly replicas: string
  /** What demand alone would have been; empty: unknown throughout. */
  readonly demand: string
  readonly most: number
  readonly fromMs: number
  readonly toMs: number
}

/** Size of the box that the drawing is made for. */
export const [WIDTH, HEIGHT] = [600, 120]
/** Kept free above and below, so that lines are not cut. */
const MARGIN = 4

/** Steps from decision to decision, up to now. Null: fewer than two decisions. */
export function stepChart(newestFirst: readonly ScalingDecisionAnswer[], nowMs: number): StepChart | null {
  const [newest] = newestFirst
  const oldest = newestFirst.at(-1)
  if (newest === undefined || oldest === undefined || newestFirst.length < 2) return null
  const decisions = newestFirst.toReversed()
  const [fromMs, toMs] = [Date.parse(oldest.time), Math.max(nowMs, Date.parse(newest.time))]
  const most = Math.max(1, ...decisions.flatMap(one => [one.replicas, one.demand_replicas ?? 0]))
  const x = (ms: number): number => Math.round(((ms - fromMs) / Math.max(1, toMs - fromMs)) * WIDTH * 10) / 10
  const y = (value: number): number =>
    Math.round((HEIGHT - MARGIN - (value / most) * (HEIGHT - 2 * MARGIN)) * 10) / 10
  const steps = (of: (one: ScalingDecisionAnswer) => number | null): string => {
    const points: string[] = []
    let last: number | null = null
    for (const one of decisions) {
      const at = x(Date.parse(one.time))
      const value: number | null = of(one) ?? last
      if (value === null) continue
      if (last !== null) points.push(`${at},${y(last)}`)
      points.push(`${at},${y(value)}`)
      last = value
    }
    if (last !== null) points.push(`${WIDTH},${y(last)}`)
    return points.join(' ')
  }
  return {
    replicas: steps(one => one.replicas),
    demand: decisions.some(one => one.demand_replicas !== null) ? steps(one => one.demand_replicas) : '',
    most,
    fromMs,
    toMs,
  }
}
