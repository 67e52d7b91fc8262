/** `/api/v1/requests`: what requests used. Shares of workloads' energy by the time that their spans took. */
export interface RequestsAnswer {
  readonly window: { readonly from: string; readonly to: string }
  readonly group_by: readonly string[]
  /** Most energy first. */
  readonly rows: readonly RequestsRow[]
  /** `limit` omitted groups from `rows`; `total` includes them. */
  readonly truncated: boolean
  /** Sum of all rows. */
  readonly total: RequestsRow
  /** Of workloads in minutes in which none of their spans ran: with `total` it is all that the ledger has of these minutes. */
  readonly unrequested: RequestsAmounts
}

/** Sums of amounts, units in the suffixes: µJ, µg CO2e, 1e-9 of the currency unit. Null: not known, never 0. */
export interface RequestsAmounts {
  readonly energy_uj: string | null
  /** Null as well where averages and marginal values would be added. */
  readonly carbon_operational_ug: string | null
  readonly carbon_embodied_ug: string | null
  /** By currency; there is no sum over several. */
  readonly costs: readonly RequestsCost[]
}

/** Cost in one currency. */
export interface RequestsCost {
  readonly currency: string
  readonly energy_nano: string | null
  readonly resource_nano: string | null
}

/** What one request, or 1,000 tokens, took: exact decimals, rounded half to even to three places. */
export interface PerUnit {
  readonly energy_uj: string | null
  readonly carbon_operational_ug: string | null
  readonly carbon_embodied_ug: string | null
  /** SCI (ISO/IEC 21031): operational and embodied carbon together, where both are known. */
  readonly sci_ug: string | null
  readonly costs: readonly RequestsCost[]
}

/** One group. */
export interface RequestsRow extends RequestsAmounts {
  readonly group: Readonly<Record<string, string>>
  /** Spans that enter a service (kind server or consumer, or without a parent) and began in the window. */
  readonly requests: string
  /** Of those the ones whose energy is known. */
  readonly requests_with_energy: string
  /** Spans without a parent. */
  readonly traces: string
  /** Spans by minute: one over three minutes counts three times. */
  readonly spans: string
  readonly self_time_ns: string
  /** Share of the energy by quality, each 0..1, summing to 1 (or all 0 without energy). */
  readonly quality: Readonly<Record<'measured' | 'interpolated' | 'estimated' | 'simulated', number>>
  /** Over requests with energy; null: there are none. */
  readonly per_request: PerUnit | null
  readonly tokens: {
    readonly input: string
    readonly output: string
    /** Of models that run elsewhere: what they used is not known here. */
    readonly remote: string
  }
  /** Of spans whose workload served tokens, over these tokens; null: there are none. */
  readonly per_1000_tokens: PerUnit | null
  /** Why amounts are not known, or not of everything. */
  readonly reasons: readonly string[]
}

/** In `/api/v1/traces/{id}`: what a trace used, as far as its minutes have been shared. */
export interface TraceEnergy extends RequestsAmounts {
  /** By service and operation. */
  readonly rows: readonly (RequestsAmounts & {
    readonly service: string
    readonly operation: string
    readonly kind: string
    readonly account: string
    readonly workload_kind: string
    readonly workload_id: string
    readonly host: string
    /** The rule by which the spans were found to be of the workload; `service_name` is a weak one. */
    readonly match: string
    readonly quality: string
    readonly self_time_ns: string
    readonly input_tokens: string
    readonly output_tokens: string
    readonly reasons: readonly string[]
  })[]
  /** Why spans without energy have none, by span id: no_workload, ambiguous_workload, no_energy, not_shared_yet, not_kept. */
  readonly unknown: Readonly<Record<string, string>>
  /** By span id: a row's µJ divided over its spans of the trace by their own time. */
  readonly spans_uj: Readonly<Record<string, string>>
}
