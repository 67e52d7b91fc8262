/** A question about usage, typed: what `/api/v1/usage` reads from its parameters. All times are unix seconds. */

/** What usage is grouped and filtered by, as expressions over the ledger. */
export const DIMENSIONS = {
  account: 'Account',
  namespace: 'Namespace',
  // The name people know; the identifier where there is none.
  workload: "if(WorkloadName = '', WorkloadId, WorkloadName)",
  workload_id: 'WorkloadId',
  kind: 'WorkloadKind',
  host: 'Host',
  zone: 'Zone',
  component: 'Component',
  share: 'Share',
  currency: 'Currency',
} as const
/** What usage can be grouped and filtered by. */
export type UsageDimension = keyof typeof DIMENSIONS
/** All dimensions, in the order in which messages list them. */
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as readonly UsageDimension[]

/**
 * Who takes idle energy. `booked`: as the books say. `none`: the operator, all of it. `by_usage`, `by_request`: workloads, as the books
 * would say by that policy of `metering.idle_policy`.
 */
export const IDLE_SHARING = ['booked', 'none', 'by_usage', 'by_request'] as const
/** One of them. */
export type IdleSharing = (typeof IDLE_SHARING)[number]

/** Width of a row's time step: seconds, whole minutes, or months of the calendar (UTC). */
export type TimeStep = number | 'month'

/** A question about usage, checked. */
export interface UsageRequest {
  readonly tenant: string
  /** Accounts that the asker is limited to; null: all. */
  readonly accounts: readonly string[] | null
  /** `[from, to)`, whole minutes. */
  readonly from: number
  readonly to: number
  readonly groupBy: readonly UsageDimension[]
  /** Values of one dimension are alternatives; dimensions narrow each other. */
  readonly filters: readonly { readonly dimension: UsageDimension; readonly value: string }[]
  readonly step: TimeStep | null
  readonly includeIdle: boolean
  readonly idleSharing: IdleSharing
  /** Who takes idle energy that no workload takes. */
  readonly operatorAccount: string
  readonly limit: number
}
