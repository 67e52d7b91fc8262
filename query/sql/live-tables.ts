/** Tables of `system` whose rows this process has in memory: a caller's own statements. */
import type { QueryParam } from '../../core/warehouse/warehouse.ts'
import { type LiteralColumns, literalRows, literalSelect } from './literal-rows.ts'
import { LOG_COLUMNS, PROCESS_COLUMNS, type StatementLog, type StatementOwner } from './statement-log.ts'

const COLUMNS = { processes: PROCESS_COLUMNS, query_log: LOG_COLUMNS } as const satisfies Readonly<
  Record<string, LiteralColumns>
>

/** Name of such a table in `system`. */
export type LiveTable = keyof typeof COLUMNS

const NAMES = Object.keys(COLUMNS) as readonly LiveTable[]

/** Name of the parameter that its rows are bound to. */
export const liveParameter = (table: LiveTable): string => `wl_${table}`

/** The subquery that stands for the table; undefined for another name. */
export function liveSelect(table: string): string | undefined {
  const name = NAMES.find(known => known === table)
  return name === undefined ? undefined : `(${literalSelect(COLUMNS[name], liveParameter(name))})`
}

/** The tables that a statement reads in this form. */
export const liveTablesIn = (sql: string): readonly LiveTable[] =>
  NAMES.filter(name => sql.includes(`{${liveParameter(name)}:`))

/** The rows to bind, by parameter. */
export function liveRows(
  tables: readonly LiveTable[],
  log: StatementLog,
  owner: StatementOwner,
): Readonly<Record<string, QueryParam>> {
  const rows = (table: LiveTable) => (table === 'processes' ? log.processes(owner) : log.ended(owner))
  return Object.fromEntries(tables.map(table => [liveParameter(table), literalRows(rows(table))]))
}
