/** Which files are to be written: pure. */
import { type ExportedFile, PERIOD_SECONDS, type Period, type PeriodUnit } from './layout.ts'

/** Rows that the tables have of a period. */
export interface StoredPeriod {
  readonly tenant: string
  readonly table: string
  readonly from: number
  readonly rows: number
}

/** A file to write. */
export interface PlannedFile extends Period {
  readonly revision: number
  /** Revisions whose rows are not to be written again. */
  readonly before: readonly number[]
}

/** What is known about the files of a period. */
export interface KnownPeriod {
  rows: number
  readonly revisions: number[]
}

/** Key of a period. */
export const periodKey = ({ tenant, table, from }: Pick<Period, 'tenant' | 'table' | 'from'>): string =>
  `${tenant}/${table}/${from}`

/** Files by period. */
export function knownPeriods(files: Iterable<ExportedFile>): Map<string, KnownPeriod> {
  const known = new Map<string, KnownPeriod>()
  for (const file of files) noteFile(known, file)
  return known
}

/** Adds a file that has been written. */
export function noteFile(known: Map<string, KnownPeriod>, file: ExportedFile): void {
  const period = known.get(periodKey(file)) ?? { rows: 0, revisions: [] }
  period.rows += file.rows
  period.revisions.push(file.revision)
  known.set(periodKey(file), period)
}

/** When a period is exported, unix seconds. */
export interface PlanLimits {
  readonly unit: PeriodUnit
  /** Only periods that ended before: what is in flight for them has had time to arrive. */
  readonly endedBefore: number
  /** Only periods that end after: older files are not kept. */
  readonly endAfter: number
}

/** A period needs a file where the tables have more rows than its files: the oldest first. */
export function planFiles(
  stored: readonly StoredPeriod[],
  known: ReadonlyMap<string, KnownPeriod>,
  { unit, endedBefore, endAfter }: PlanLimits,
): readonly PlannedFile[] {
  return stored
    .filter(({ from }) => {
      const to = from + PERIOD_SECONDS[unit]
      return to <= endedBefore && to > endAfter
    })
    .filter(period => period.rows > (known.get(periodKey(period))?.rows ?? 0))
    .map(({ tenant, table, from }) => {
      const before = known.get(periodKey({ tenant, table, from }))?.revisions ?? []
      return { tenant, table, from, unit, revision: Math.max(0, ...before) + 1, before }
    })
    .toSorted((a, b) => a.from - b.from || (periodKey(a) < periodKey(b) ? -1 : 1))
}
