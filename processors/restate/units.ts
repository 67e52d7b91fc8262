/** A pass over a range in pieces: stretches of the table, whose corrections are appended together. */
import { larger } from '../../core/model/integers.ts'
import type { UnitCursor } from './dirty.ts'
import type { RestatedUnit } from './statement.ts'

/** A workload with entries in a range. */
export interface PlannedWorkload {
  readonly Tenant: string
  readonly Account: string
  readonly Host: string
  readonly WorkloadKind: string
  readonly WorkloadId: string
  readonly Entries: number
  /** Of them, those to restate. */
  readonly Stale: number
  /** From its first entry to its last. */
  readonly Hours: number
  readonly PueDigits: number
  /** Most energy of an entry, as decimal text. */
  readonly MostUj: string
  readonly HasShared: number
  readonly HasUnpriced: number
}

/** What one piece has at most, unless a single workload has more. */
export interface UnitLimits {
  readonly entries: number
  readonly corrections: number
  readonly hosts: number
}

/**
 * A statement costs the engine tens of milliseconds however little it reads, and an insert as much. Corrections are one an hour for
 * each thing that a workload uses, and fit into memory.
 */
export const UNIT: UnitLimits = { entries: 2_000_000, corrections: 65_536, hosts: 1_000 }
/** Where corrections come as text, from a server: a row of it takes a hundred times what it takes in a record. */
export const UNIT_AS_TEXT: UnitLimits = { entries: 500_000, corrections: 8_192, hosts: 1_000 }
/** Things that a workload uses, about: CPU, memory, GPU, idle. */
const THINGS = 4

/** A stretch of the table whose corrections are appended together. */
export interface PlannedUnit extends RestatedUnit {
  readonly hosts: ReadonlySet<string>
}

type GrowingUnit = PlannedUnit & {
  readonly hosts: Set<string>
  readonly entries: number
  readonly corrections: number
}

/**
 * Stretches that begin with a stale workload. Others within them cost little, and must not be told apart by long lists.
 *
 * @param workloads in the order of the table
 */
export function unitsOf(workloads: readonly PlannedWorkload[], limits = UNIT): PlannedUnit[] {
  const units: GrowingUnit[] = []
  let growing: GrowingUnit | null = null
  for (const one of workloads) {
    const next = unitOf(one)
    if (growing !== null && haveRoom(growing, next, limits)) {
      growing = together(growing, next)
      units[units.length - 1] = growing
    } else {
      growing = one.Stale > 0 ? next : null
      if (growing !== null) units.push(growing)
    }
  }
  return units
}

const haveRoom = (unit: GrowingUnit, more: GrowingUnit, limits: UnitLimits): boolean =>
  unit.Tenant === more.Tenant &&
  unit.entries + more.entries <= limits.entries &&
  unit.corrections + more.corrections <= limits.corrections &&
  (unit.hosts.size < limits.hosts || [...more.hosts].every(host => unit.hosts.has(host)))

/** The workload's place in the order of the table. */
export const cursorOf = (one: PlannedWorkload): UnitCursor => [
  one.Tenant,
  one.Account,
  one.Host,
  one.WorkloadKind,
  one.WorkloadId,
]

const unitOf = (one: PlannedWorkload): GrowingUnit => ({
  Tenant: one.Tenant,
  from: cursorOf(one),
  to: cursorOf(one),
  hosts: new Set([one.Host]),
  entries: one.Entries,
  corrections: Math.min(one.Entries, one.Hours * THINGS),
  pueDigits: one.PueDigits,
  mostUj: BigInt(one.MostUj),
  hasShared: one.HasShared === 1,
  hasUnpriced: one.HasUnpriced === 1,
})

function together(unit: GrowingUnit, more: GrowingUnit): GrowingUnit {
  for (const host of more.hosts) unit.hosts.add(host)
  return {
    ...unit,
    to: more.to,
    entries: unit.entries + more.entries,
    corrections: unit.corrections + more.corrections,
    pueDigits: Math.max(unit.pueDigits, more.pueDigits),
    mostUj: larger(unit.mostUj, more.mostUj),
    hasShared: unit.hasShared || more.hasShared,
    hasUnpriced: unit.hasUnpriced || more.hasUnpriced,
  }
}
