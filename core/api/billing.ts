/** `/api/v1/invoices`. Money is decimal text in the currency; costs that are not billed are exact. */
export interface InvoicesAnswer {
  readonly invoices: readonly InvoiceAnswer[]
  /** There are more than are listed. */
  readonly truncated: boolean
}

/** A bill. */
export interface InvoiceAnswer {
  readonly id: string
  /** Null in a draft. */
  readonly number: string | null
  /** `draft`: the period is open, and the bill may still change. */
  readonly state: 'closed' | 'draft'
  readonly account: string
  readonly account_name: string
  readonly issuer: string
  readonly currency: string
  readonly period: string
  readonly period_start: string
  readonly period_end: string
  readonly time_zone: string
  /** Null in a draft. */
  readonly issued: string | null
  readonly subtotal: string
  readonly tax: string
  readonly total: string
  readonly notes: readonly string[]
  readonly rounding: string
  /** SHA-256 over the lines. */
  readonly digest: string
  /** Absent in lists without `lines=true`. */
  readonly lines?: readonly InvoiceLineAnswer[]
}

/** A line of a bill. */
export interface InvoiceLineAnswer {
  readonly line: number
  /** The period that the line is about: an earlier one in corrections. */
  readonly service_period: string
  readonly service_start: string
  readonly service_end: string
  readonly category: 'Usage' | 'Tax' | 'Credit' | 'Adjustment'
  readonly class: 'Correction' | null
  readonly sku: string
  readonly zone: string
  readonly share: string
  readonly tariff_version: string
  readonly description: string
  /** Null where there is none. */
  readonly quantity: string | null
  readonly unit: string | null
  readonly list_unit_price: string | null
  readonly contracted_unit_price: string | null
  readonly list_cost: string
  readonly contracted_cost: string
  readonly effective_cost: string
  readonly billed_cost: string
  readonly energy_uj: string
  readonly carbon_operational_ug: string
  readonly carbon_embodied_ug: string
  readonly unpriced_cost_uj: string
  readonly unpriced_carbon_uj: string
  readonly measured_uj: string
  readonly interpolated_uj: string
  readonly estimated_uj: string
  readonly simulated_uj: string
  readonly entries: string
}

/** `POST /api/v1/invoices` */
export interface ClosingAnswer {
  readonly request_id: string
  readonly period: string
  /** `closing`: it goes on; look at `GET /api/v1/invoices?period=...` later. */
  readonly state: 'closed' | 'closing'
  /** Bills of the period. */
  readonly invoices: number
}

/** `/api/v1/invoices/{id}/lines/{n}/entries` */
export interface LineEntriesAnswer {
  readonly invoice: string
  readonly line: number
  /** The entries, as SQL. */
  readonly sql: string
  /** What entries of the line's service period sum to now, and what all bills have charged for them. */
  readonly sums: {
    readonly entries: string
    readonly energy_uj: string
    readonly carbon_operational_ug: string
    readonly cost: string
    readonly billed: string
  }
  readonly entries: readonly LineEntryAnswer[]
  /** Offset of the next page; null: this was the last one. */
  readonly next: number | null
}

/** An entry of the ledger. Null: not priced, the reason says why. */
export interface LineEntryAnswer {
  /** UTC, `2026-11-30 12:00:00`. */
  readonly window_start: string
  readonly host: string
  readonly host_name: string
  readonly workload_kind: string
  readonly workload_id: string
  readonly workload_name: string
  readonly namespace: string
  readonly component: string
  readonly share: string
  readonly energy_uj: string
  readonly carbon_operational_ug: string | null
  readonly carbon_embodied_ug: string | null
  readonly cost_energy_nano: string | null
  readonly cost_resource_nano: string | null
  readonly coverage: number
  readonly energy_quality: string
  readonly energy_source: string
  readonly method: string
  readonly idle_policy: string
  readonly pue: string
  readonly intensity_version: string
  readonly intensity_state: string
  readonly tariff_version: string
  readonly entry_kind: string
  readonly correction_reason: string
  readonly revision: number
  readonly reason: string
  readonly entry_id: string
  readonly intensity: FactorAnswer | null
  readonly tariffs: readonly FactorAnswer[]
  /** The readings of the minute and around it, as SQL. */
  readonly readings_sql: string
}

/** What a version of a factor stands for. */
export interface FactorAnswer {
  readonly version: string
  readonly value: string
  readonly unit: string
  readonly state: string
  readonly source: string
}

/** `/api/v1/budgets` */
export interface BudgetsAnswer {
  readonly period: string
  readonly budgets: readonly BudgetAnswer[]
}

/** A budget of an account in the current period. Amounts are decimal text in `unit`. */
export interface BudgetAnswer {
  readonly name: string
  readonly account: string
  readonly measure: 'money' | 'energy' | 'carbon'
  /** A currency, `kWh` or `kgCO2e`. */
  readonly unit: string
  readonly budget: string
  readonly spent: string
  readonly remaining: string
  /** Part of the period that has passed, 0..1. */
  readonly elapsed: number
  /** Spent part of the budget. */
  readonly used: number
  /** How fast it is spent: 1 spends it exactly over the period. Null before anything has passed. */
  readonly burn_rate: number | null
  /** An estimate: what is spent by the end of the period at the rate so far. Null before anything has passed. */
  readonly forecast: string | null
  readonly state: 'within' | 'at_risk' | 'exceeded'
  /** Energy that is not in `spent` because it has no price or no carbon factor, kWh. */
  readonly unknown_kwh: string
}
