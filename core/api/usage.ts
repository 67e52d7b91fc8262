/** `/api/v1/usage` */
export interface UsageAnswer {
  readonly window: { readonly from: string; readonly to: string }
  /**
   * Width of a row's time step; null: steps are calendar months, or there is one row per group for the whole window.
   */
  readonly step_seconds: number | null
  /** Rows are calendar months (UTC); the window may contain the first and last month only partly. */
  readonly calendar_step: 'month' | null
  /** As it was asked for; where costs are in several currencies, `currency` is the last of them. */
  readonly group_by: readonly string[]
  /** Of all costs; null: there are several, each row has its own in `group.currency`, and the total has no cost. */
  readonly currency: string | null
  /** Costs of the total, by currency; amounts of different currencies are never added up. */
  readonly costs: readonly CurrencyCost[]
  readonly rows: readonly UsageRow[]
  /** `limit` omitted groups from `rows`; `total` includes them. */
  readonly truncated: boolean
  /** Sum of all rows. Idle energy that include_idle excluded is in `excluded_uj`. */
  readonly total: UsageRow
  readonly excluded_uj: string
  /** Who takes idle energy in this answer, as it was asked for. */
  readonly idle_sharing: 'booked' | 'none' | 'by_usage' | 'by_request'
  /** Step in which idle energy was shared: 60 s by a policy that was asked for; null otherwise. */
  readonly idle_shared_by_seconds: number | null
}

/** Cost in one currency, in 1e-9 of its unit. */
interface CurrencyCost {
  readonly currency: string
  readonly cost_energy_nano: string | null
  readonly cost_resource_nano: string | null
}

/** Sums of one group in one step. Units are the suffixes: µJ, µs of CPU and GPU time, µg CO2e, 1e-9 of the currency unit. */
export interface UsageRow {
  readonly group: Readonly<Record<string, string>>
  /** Start of the step; null without `step`. */
  readonly start: string | null
  readonly energy_uj: string
  readonly active_uj: string
  readonly idle_uj: string
  readonly unattributed_uj: string
  readonly cpu_us: string
  /** GPU time that was used, and that was reserved without being used. */
  readonly gpu_us: string
  readonly gpu_reserved_idle_us: string
  readonly carbon_operational_ug: string | null
  readonly carbon_embodied_ug: string | null
  readonly cost_energy_nano: string | null
  readonly cost_resource_nano: string | null
  /** Half width of the error band of all energy whose band is known, an upper bound; null: none of it is known. */
  readonly energy_error_uj: string | null
  /** Energy whose error band is not known. */
  readonly unknown_error_uj: string
  /** Energy that was divided where workloads showed more CPU time than the host was busy. */
  readonly over_busy_uj: string
  /** Share of the windows' time that meters covered, 0..1, over entries. */
  readonly coverage: number
  /** Share of the energy by quality, each 0..1, summing to 1 (or all 0 without energy). */
  readonly quality: {
    readonly measured: number
    readonly interpolated: number
    readonly estimated: number
    readonly simulated: number
  }
  /**
   * Energy without carbon factor or tariff, and use of resources whose price is in another currency than that of energy: entries,
   * amounts and reasons.
   */
  readonly unpriced: {
    readonly carbon_entries: string
    readonly carbon_uj: string
    readonly cost_entries: string
    readonly cost_uj: string
    readonly resource_entries: string
    readonly resource_cpu_us: string
    readonly resource_gpu_us: string
    readonly reasons: readonly string[]
  }
}
