/** When and where a job runs best: windows of several zones, by carbon, cost, or both. */
import type { FactorBooks } from '../factors/follower.ts'
import type { IntensityKind } from '../factors/intensity-values.ts'
import type { Decimal } from '../model/decimal.ts'
import { chooseWindow, type PlannedJob, type WindowChoice } from './best-window.ts'
import { intensityOutlook, priceOutlook, weighed } from './outlook.ts'
import type { PlanningSignal } from './signal.ts'

/** What counts. `both`: money plus the carbon at a price of money per tonne. */
export type Objective =
  | { readonly by: 'carbon' }
  | { readonly by: 'cost' }
  | { readonly by: 'both'; readonly carbonPrice: Decimal }

/** A question. */
export interface PlanRequest {
  readonly job: PlannedJob
  /** In the order of the asker; the first is where the job would run without a plan. */
  readonly zones: readonly string[]
  readonly kind: IntensityKind
  readonly objective: Objective
  readonly tenant: string
  readonly account: string
  /** Null: that of the prices of the first zone that has some. */
  readonly currency: string | null
  /** Seconds since the epoch. */
  readonly now: number
}

/** The windows of a zone. */
export interface ZonePlan {
  readonly zone: string
  readonly choice: WindowChoice
  readonly carbon: PlanningSignal
  /** Null: not known for the whole time. */
  readonly price: PlanningSignal | null
}

/** The answer; zones by their best window, then as they were asked for. */
export interface WindowPlan {
  readonly zones: readonly ZonePlan[]
  readonly currency: string | null
  readonly unknown: readonly string[]
}

/** @returns null where the job does not fit before its deadline */
export function planJob(books: FactorBooks, request: PlanRequest): WindowPlan | null {
  const { job, zones, kind, objective, tenant, account, now } = request
  const { notBefore: from, deadline: to } = job
  if (from + job.durationS > to) return null
  let { currency } = request
  const found: ZonePlan[] = []
  const unknown: string[] = []
  for (const zone of zones) {
    const carbon = intensityOutlook(books.intensities, { zone, kind }, { from, to, now })
    const priced = priceOutlook(books.prices, { tenant, account, zone }, currency, { from, to })
    currency ??= priced?.currency ?? null
    const price = priced?.signal ?? null
    const signal = carbon === null ? null : objectiveOf(objective, carbon, price)
    const choice = signal === null ? null : chooseWindow(signal, job)
    if (carbon === null || choice === null) unknown.push(zone)
    else found.push({ zone, choice, carbon, price })
  }
  const sorted = found.toSorted((a, b) => sign(a.choice.best.integral - b.choice.best.integral))
  return { zones: sorted, currency, unknown }
}

const sign = (value: bigint): number => (value < 0n ? -1 : value > 0n ? 1 : 0)

/** Null: it needs a price that is not known. */
function objectiveOf(
  objective: Objective,
  carbon: PlanningSignal,
  price: PlanningSignal | null,
): PlanningSignal | null {
  if (objective.by === 'carbon') return carbon
  if (price === null) return null
  if (objective.by === 'cost') return price
  // Money per tonne is a millionth of it per gram: both in millionths of money per kWh, times the scale of the price of carbon.
  const { mantissa, scale } = objective.carbonPrice
  return weighed(carbon, mantissa, price, 1_000_000n * 10n ** BigInt(scale))
}
