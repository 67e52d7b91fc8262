import type { ExportedTableAnswer, ExportsAnswer } from '../api/exports.ts'
import { exportedView } from '../warehouse/exported/tables.ts'
import { PERIOD_SECONDS, type PeriodUnit } from './layout.ts'
import type { KnownPeriod, PlannedFile } from './plan.ts'

interface ExportProgress {
  readonly tenant: string
  readonly to: string
  readonly period: PeriodUnit
  readonly tables: readonly string[]
  readonly known: ReadonlyMap<string, KnownPeriod>
  readonly pending: readonly PlannedFile[]
  readonly comparedMs: number | null
  readonly problem: string | null
}

/** How far exports are, for one tenant. */
export function exportsAnswer(progress: ExportProgress): ExportsAnswer {
  const { to, period, comparedMs, problem } = progress
  return {
    to,
    period,
    tables: progress.tables.map(table => tableAnswer(progress, table)),
    compared: comparedMs === null ? null : new Date(comparedMs).toISOString(),
    problem,
  }
}

function tableAnswer({ tenant, period, known, pending }: ExportProgress, table: string): ExportedTableAnswer {
  const prefix = `${tenant}/${table}/`
  const some = [...known].filter(([key]) => key.startsWith(prefix))
  const starts = some.map(([key]) => Number(key.slice(prefix.length)))
  const first = starts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const last = starts.reduce((a, b) => Math.max(a, b), 0)
  const files = some.reduce((sum, [, { revisions }]) => sum + revisions.length, 0)
  const text = (seconds: number): string => new Date(seconds * 1_000).toISOString()
  return {
    table,
    view: exportedView(table),
    files,
    rows: some.reduce((sum, [, { rows }]) => sum + rows, 0),
    late_files: files - some.length,
    from: some.length === 0 ? null : text(first),
    to: some.length === 0 ? null : text(last + PERIOD_SECONDS[period]),
    pending: pending.filter(file => file.tenant === tenant && file.table === table).length,
  }
}
