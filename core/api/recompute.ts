/** What of one host, account and component the books lack. Amounts are decimal text: sums of 64-bit integers. */
export interface RecomputeDifference {
  readonly tenant: string
  readonly host: string
  readonly account: string
  readonly component: string
  readonly currency: string
  /** late_readings | recomputed */
  readonly reason: string
  readonly entries: number
  readonly energy_uj: string
  readonly carbon_operational_ug: string
  readonly carbon_embodied_ug: string
  readonly cost_energy_nano: string
  readonly cost_resource_nano: string
}

/** `/api/v1/recompute`: a range that is computed again from its readings. */
export interface RecomputeAnswer {
  readonly id: string
  /** Whether differences are booked. */
  readonly apply: boolean
  /** ISO 8601, `[from, to)`. */
  readonly from: string
  readonly to: string
  /** Null: all. */
  readonly tenant: string | null
  readonly host: string | null
  /** running | done | cancelled | failed | accepted: other processes do it, and this one does not see how far they are */
  readonly state: string
  readonly problem: string | null
  /** Hosts that are done, and the minute up to which the one at work is. */
  readonly hosts_done: number
  readonly at: string | null
  /** Entries that are lacking, or were booked. */
  readonly entries: number
  readonly differences: readonly RecomputeDifference[]
  /** There are more groups of differences than are listed. */
  readonly truncated: boolean
  /**
   * The range reached into minutes that the meter may not have closed: of hosts without entries there (names that are separate
   * since), they were left out. Asking again from then on includes them. Null: nothing was left out.
   */
  readonly again_at: string | null
}
