/** Keeps answers in memory, says which are stale, and tells listeners about changes. */
import type { StaleReason } from '../model/scaling.ts'
import type { AnswerChange, CurrentAnswer, ScalingAnswer, ScalingAnswers } from './answer.ts'

/** Implements `ScalingAnswers`; whoever follows decisions puts them in. */
export class AnswerBook implements ScalingAnswers {
  readonly #now: () => number
  readonly #byTenant = new Map<string, Map<string, ScalingAnswer>>()
  readonly #listeners = new Set<(change: AnswerChange) => void>()
  /** Reasons that listeners know of. */
  readonly #staleness = new Map<ScalingAnswer, StaleReason | null>()

  /** @param now wall clock, unix ms */
  constructor(now: () => number) {
    this.#now = now
  }

  find(tenant: string, name: string): CurrentAnswer | undefined {
    const answer = this.#byTenant.get(tenant)?.get(name)
    return answer && currentAnswer(answer, this.#now())
  }

  list(tenant: string): readonly CurrentAnswer[] {
    const answers = [...(this.#byTenant.get(tenant)?.values() ?? [])]
    return answers.sort(byName).map(answer => currentAnswer(answer, this.#now()))
  }

  count(tenant: string): number {
    return this.#byTenant.get(tenant)?.size ?? 0
  }

  /** Every answer of every tenant, for whoever writes them down. */
  all(): readonly ScalingAnswer[] {
    return [...this.#byTenant.values()].flatMap(answers => [...answers.values()])
  }

  onChange(listener: (change: AnswerChange) => void): () => void {
    // One listener may be passed twice: each registration ends on its own.
    const registered = (change: AnswerChange): void => listener(change)
    this.#listeners.add(registered)
    return () => this.#listeners.delete(registered)
  }

  /** Answers older than the one known are ignored, so that a file of before never replaces what the log says. */
  put(answer: ScalingAnswer): void {
    const { tenant, name } = answer
    const answers = this.#byTenant.get(tenant) ?? new Map<string, ScalingAnswer>()
    const before = answers.get(name)
    if (before !== undefined && before.decidedAt > answer.decidedAt) return
    answers.set(name, answer)
    this.#byTenant.set(tenant, answers)
    if (before !== undefined) this.#staleness.delete(before)
    const current = currentAnswer(answer, this.#now())
    this.#staleness.set(answer, current.stale?.reason ?? null)
    this.#tell({ tenant, name, answer: current })
  }

  /** Its policy is gone. */
  remove(tenant: string, name: string): void {
    const answers = this.#byTenant.get(tenant)
    const before = answers?.get(name)
    if (answers === undefined || before === undefined) return
    answers.delete(name)
    if (answers.size === 0) this.#byTenant.delete(tenant)
    this.#staleness.delete(before)
    this.#tell({ tenant, name, answer: undefined })
  }

  /** Tells listeners about answers that became stale with time. Call it about once a second. */
  noteTime(): void {
    for (const [answer, known] of this.#staleness) {
      const current = currentAnswer(answer, this.#now())
      const reason = current.stale?.reason ?? null
      if (reason === known) continue
      this.#staleness.set(answer, reason)
      this.#tell({ tenant: answer.tenant, name: answer.name, answer: current })
    }
  }

  #tell(change: AnswerChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}

const byName = (a: ScalingAnswer, b: ScalingAnswer): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0

/** An answer as of a time, unix ms. */
export function currentAnswer(answer: ScalingAnswer, nowMs: number): CurrentAnswer {
  return { ...answer, stale: stalenessOf(answer, nowMs / 1000) }
}

function stalenessOf(
  { decidedAt, asOf, staleAfterSeconds: limit }: ScalingAnswer,
  now: number,
): CurrentAnswer['stale'] {
  const described = (what: string, at: number): string =>
    `${what} is from ${new Date(at * 1000).toISOString()}, ${Math.floor(now - at)} s ago; stale_after is ${limit} s`
  if (now - decidedAt > limit)
    return { reason: 'decision_old', text: described('The newest decision', decidedAt) }
  if (asOf === null) return { reason: 'demand_unknown', text: 'Demand has never been known' }
  if (now - asOf > limit) return { reason: 'demand_old', text: described('The newest demand', asOf) }
  return null
}
