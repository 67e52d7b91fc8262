/** A pass over a range in pieces, each of which makes one record of corrections. */
import { larger } from '../../core/model/integers.ts'
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
  /** Most energy of an entry, as decimal text. */
  readonly MostUj: string
  readonly HasShared: number
  readonly HasUnpriced: number
}

/** Entries of one piece, unless a single workload has more: their corrections, one an hour, are one insert. */
const UNIT_ENTRIES = 1_000_000

/** Workloads of one host whose corrections become one record. */
export interface PlannedUnit extends RestatedUnit {
  /** Its last workload. */
  readonly end: UnitCursor
}

type Workload = PlannedUnit['workloads'][number]
type GrowingUnit = PlannedUnit & { readonly workloads: Workload[] }

function pushed(workloads: Workload[], more: readonly Workload[]): Workload[] {
  workloads.push(...more)
  return workloads
}

/** @param workloads in the order of the table */
export function unitsOf(workloads: readonly StaleWorkload[]): PlannedUnit[] {
  const units: GrowingUnit[] = []
  let entries = 0
  for (const one of workloads) {
    const next = unitOf(one)
    const last = units.at(-1)
    const isSame = last?.Tenant === one.Tenant && last.Account === one.Account && last.Host === one.Host
    if (last !== undefined && isSame && entries + one.Entries <= UNIT_ENTRIES) {
      entries += one.Entries
      units[units.length - 1] = together(last, next)
    } else {
      entries = one.Entries
      units.push(next)
    }
  }
  return units
}

const unitOf = (one: StaleWorkload): GrowingUnit => ({
  Tenant: one.Tenant,
  Account: one.Account,
  Host: one.Host,
  workloads: [[one.WorkloadKind, one.WorkloadId]],
  end: [one.Tenant, one.Account, one.Host, one.WorkloadKind, one.WorkloadId],
  pueDigits: one.PueDigits,
  mostUj: BigInt(one.MostUj),
  hasShared: one.HasShared === 1,
  hasUnpriced: one.HasUnpriced === 1,
})

const together = (unit: GrowingUnit, more: PlannedUnit): GrowingUnit => ({
  ...unit,
  workloads: pushed(unit.workloads, more.workloads),
  end: more.end,
  pueDigits: Math.max(unit.pueDigits, more.pueDigits),
  mostUj: larger(unit.mostUj, more.mostUj),
  hasShared: unit.hasShared || more.hasShared,
  hasUnpriced: unit.hasUnpriced || more.hasUnpriced,
})
