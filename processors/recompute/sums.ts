/** Sums of corrections by host, account and component: what a person is shown. */
import type { RecomputeDifference } from '../../core/api/recompute.ts'
import type { LedgerRow } from '../../core/model/streams/ledger.ts'

/** Groups that are kept; what belongs to others is counted only. */
const MOST_GROUPS = 10_000

interface Group {
  readonly row: LedgerRow
  entries: number
  readonly sums: Record<(typeof SUMS)[number], bigint>
}

const SUMS = [
  'EnergyUj',
  'CarbonOperationalUg',
  'CarbonEmbodiedUg',
  'CostEnergyNano',
  'CostResourceNano',
] as const

/** Adds corrections up. */
export class DifferenceSums {
  readonly #groups = new Map<string, Group>()
  entries = 0
  isTruncated = false

  add(rows: readonly LedgerRow[]): void {
    for (const row of rows) {
      this.entries += 1
      const { Tenant, Host, Account, Component, Currency, CorrectionReason } = row
      const key = [Tenant, Host, Account, Component, Currency, CorrectionReason].join('\u0000')
      let group = this.#groups.get(key)
      if (group === undefined) {
        if (this.#groups.size >= MOST_GROUPS) {
          this.isTruncated = true
          continue
        }
        const sums = Object.fromEntries(SUMS.map(name => [name, 0n])) as Group['sums']
        group = { row, entries: 0, sums }
        this.#groups.set(key, group)
      }
      group.entries += 1
      for (const name of SUMS) group.sums[name] += row[name] ?? 0n
    }
  }

  list(): RecomputeDifference[] {
    return [...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => differenceOf(group))
  }
}

const differenceOf = ({ row, entries, sums }: Group): RecomputeDifference => ({
  tenant: row.Tenant,
  host: row.Host,
  account: row.Account,
  component: row.Component,
  currency: row.Currency,
  reason: row.CorrectionReason,
  entries,
  energy_uj: `${sums.EnergyUj}`,
  carbon_operational_ug: `${sums.CarbonOperationalUg}`,
  carbon_embodied_ug: `${sums.CarbonEmbodiedUg}`,
  cost_energy_nano: `${sums.CostEnergyNano}`,
  cost_resource_nano: `${sums.CostResourceNano}`,
})
