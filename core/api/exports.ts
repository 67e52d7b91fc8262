/** `/api/v1/exports`: how far the exports of a tenant are. */
export interface ExportsAnswer {
  /** Where files go, as it is configured. */
  readonly to: string
  readonly period: 'hour' | 'day'
  readonly tables: readonly ExportedTableAnswer[]
  /** When the tables were last compared with the files; null: not yet. */
  readonly compared: string | null
  /** Why exports do not get on; null: nothing is wrong. */
  readonly problem: string | null
}

/** Files of one table. */
export interface ExportedTableAnswer {
  readonly table: string
  /** View that reads the files by SQL. */
  readonly view: string
  readonly files: number
  readonly rows: number
  /** Files with rows that came after their period had been exported. */
  readonly late_files: number
  /** Start of the first and end of the last exported period. */
  readonly from: string | null
  readonly to: string | null
  /** Periods that ended and are not exported, or have more rows than their files. */
  readonly pending: number
}
