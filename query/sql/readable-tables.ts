import { STREAMS } from '../../core/model/streams/index.ts'
import { accountTables, readableTables } from '../../core/warehouse/fence/ddl-catalogue.ts'

/** Tables and views that clients may read, each behind the warehouse's fence. */
export const READABLE_TABLES: readonly string[] = readableTables(STREAMS)

/** Tables for clients that may see some accounts only; all other tables do not exist for them. */
export const ACCOUNT_TABLES: readonly string[] = accountTables(STREAMS)
