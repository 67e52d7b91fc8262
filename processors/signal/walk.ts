/** How a group of machines that only understands "up" and "down" is walked to the decided number. Pure. */

/** Signals for one policy, as configured. */
export interface SignalRule {
  /** Machines that one signal adds or removes; null: the receiver takes the number itself. Absent: no signal that way. */
  readonly up: { readonly receiver: string; readonly adjustment: number | null } | undefined
  readonly down: { readonly receiver: string; readonly adjustment: number | null } | undefined
  /** Least seconds between two signals. */
  readonly interval: number
  /** Machines at the beginning; null: as many as decided before. */
  readonly initial: number | null
}

/** Where the group is, by the signals that were sent. */
export interface WalkState {
  readonly replicas: number
  /** Time of the newest signal, seconds since the epoch; null: none yet. */
  readonly sentAt: number | null
  /** Time of the newest decision that was looked at. */
  readonly decidedAt: number
  /** The newest steps whose end is not known, or that were not taken; absent in states of older versions. */
  readonly steps?: readonly SentStep[]
}

/** A signal that was sent. */
export interface SentStep {
  /** Of its message. */
  readonly id: string
  /** Machines that it adds; below 0: removes. */
  readonly by: number
  /** It has not arrived, and does not count. */
  readonly isDead: boolean
}

/** Steps that are remembered. */
const MOST_STEPS = 100

/** A step is on its way: it counts until it is known not to have arrived. */
export const withStep = (state: WalkState, before: WalkState | undefined, step: SentStep): WalkState => ({
  ...state,
  steps: [...(before?.steps ?? []), step].slice(-MOST_STEPS),
})

/** What is known after the end of a step: one that did not arrive is taken back, one that did after all counts again. */
export function withOutcome(state: WalkState, id: string, outcome: 'delivered' | 'dead'): WalkState {
  const step = state.steps?.find(one => one.id === id)
  if (step === undefined || (outcome === 'dead' && step.isDead)) return state
  const others = (state.steps ?? []).filter(one => one !== step)
  if (outcome === 'dead') {
    return { ...state, replicas: state.replicas - step.by, steps: [...others, { ...step, isDead: true }] }
  }
  return { ...state, replicas: state.replicas + (step.isDead ? step.by : 0), steps: others }
}

/** A decision, as far as a walk needs it. */
export interface WalkDecision {
  readonly at: number
  readonly replicas: number
  /** Replicas of the previous decision; null if there was none. */
  readonly previous: number | null
}

/** What a decision leads to. */
export interface Walked {
  readonly state: WalkState
  readonly signal: {
    readonly direction: 'up' | 'down'
    readonly receiver: string
    readonly from: number
    readonly to: number
  } | null
}

/**
 * One step towards a decision. Adding is rounded up and removing down to whole adjustments, so that a group whose steps do not
 * fit the number stays above it and does not swing around it.
 */
export function walk(rule: SignalRule, before: WalkState | undefined, decision: WalkDecision): Walked {
  const { at, replicas: wanted, previous } = decision
  if (before !== undefined && at <= before.decidedAt) return { state: before, signal: null }
  const from = before?.replicas ?? rule.initial ?? previous ?? wanted
  const sentAt = before?.sentAt ?? null
  const steps = before?.steps ?? []
  const stays = { state: { replicas: from, sentAt, decidedAt: at, steps }, signal: null }
  if (wanted === from || (sentAt !== null && at - sentAt < rule.interval)) return stays
  const direction = wanted > from ? 'up' : 'down'
  const way = rule[direction]
  if (way === undefined) return stays
  const step = way.adjustment ?? Math.abs(wanted - from)
  if (direction === 'down' && from - step < wanted) return stays
  const to = direction === 'up' ? from + step : from - step
  return {
    state: { replicas: to, sentAt: at, decidedAt: at, steps },
    signal: { direction, receiver: way.receiver, from, to },
  }
}
