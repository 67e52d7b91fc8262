import { EXPORTABLE_STREAMS } from '../../core/model/streams/exportable.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { EXPORTED_VIEWS, exportedView } from '../../core/warehouse/exported/tables.ts'
import { accountTables, readableTables } from '../../core/warehouse/fence/ddl-catalogue.ts'

/** Tables and views that clients may read, each behind the warehouse's fence. */
export const READABLE_TABLES: readonly string[] = readableTables(STREAMS)

/** Tables for clients that may see some accounts only; all other tables do not exist for them. */
export const ACCOUNT_TABLES: readonly string[] = accountTables(STREAMS)

/** Views of exported files, behind the same fence; they exist where their table is exported. */
export const READABLE_EXPORTS: readonly string[] = EXPORTED_VIEWS

/** The same for clients that may see some accounts only. */
export const ACCOUNT_EXPORTS: readonly string[] = EXPORTABLE_STREAMS.filter(({ columns }) =>
  columns.some(({ name }) => name === 'Account'),
).map(({ table }) => exportedView(table.name))
