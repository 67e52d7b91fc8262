/** A pass over a range in pieces, each of which makes one record of corrections. */
import type { UnitCursor } from './dirty.ts'
import type { RestatedUnit } from './statement.ts'

/** A workload with entries to restate. */
export interface StaleWorkload {
  readonly Tenant: string
  readonly Account: string
  readonly Host: string
  readonly WorkloadKind: string
  readonly WorkloadId: string
  readonly Entries: number
  readonly PueDigits: number
}

/** Entries of one piece, unless a single workload has more: their corrections, one an hour, are one insert. */
const UNIT_ENTRIES = 1_000_000

/** Workloads of one host whose corrections become one record. */
export interface PlannedUnit extends RestatedUnit {
  /** Its last workload. */
  readonly end: UnitCursor
}

/** @param workloads in the order of the table */
export function unitsOf(workloads: readonly StaleWorkload[]): PlannedUnit[] {
  const units: (PlannedUnit & { readonly workloads: (readonly [string, string])[] })[] = []
  let entries = 0
  for (const one of workloads) {
    const at: UnitCursor = [one.Tenant, one.Account, one.Host, one.WorkloadKind, one.WorkloadId]
    const { Tenant, Account, Host } = one
    const last = units.at(-1)
    const isSame = last?.Tenant === Tenant && last.Account === Account && last.Host === Host
    if (last !== undefined && isSame && entries + one.Entries <= UNIT_ENTRIES) {
      entries += one.Entries
      last.workloads.push([one.WorkloadKind, one.WorkloadId])
      units[units.length - 1] = { ...last, end: at, pueDigits: Math.max(last.pueDigits, one.PueDigits) }
    } else {
      entries = one.Entries
      const workloads: [string, string][] = [[one.WorkloadKind, one.WorkloadId]]
      units.push({ Tenant, Account, Host, workloads, end: at, pueDigits: one.PueDigits })
    }
  }
  return units
}
