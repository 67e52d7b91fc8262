import { type Identity, OPERATOR_TENANT } from '../../model/identity.ts'
import { quoteText } from '../tables/column-types.ts'
import type { OwnedTable } from './owned-tables.ts'

/**
 * Row policies: which rows of which tables a session sees, enforced by the engine where a table is read, before any
 * expression of the statement (docs/adr/0031-row-policies.md).
 *
 * Who asks stands in the setting `log_comment`, the one free text among the engine's own settings, which a session cannot
 * change once it is read-only. Its text is a key and then
 *
 * - `*` for what writes, migrates and reads for the product itself: it sees everything;
 * - `["tenant"]` for all of a tenant, `["tenant",["account",...]]` for some of its accounts, in JSON, so that no name can
 *   mean another one.
 *
 * Any other text, and none, sees no row of any table. The engine folds all of it into constants before it reads, so that a
 * policy prunes as a condition does.
 */

/** Whose rows: all of a tenant, or those of some accounts. */
type VisibleRows = Pick<Identity, 'tenant' | 'accounts'>

/** The setting that says who asks. */
export const SEES_SETTING = 'log_comment'

/**
 * What the setting begins with on servers: no secret, their policies are written in a catalogue. The embedded engine has
 * one made up at each start, so that even text that could set settings could not pass for another asker.
 */
export const SERVER_KEY = 'wattline'

/** Value of the setting for what sees everything. */
export const seesAll = (key: string): string => `${key}*`

/** Value of the setting for an asker. */
export const seesRowsOf = (key: string, { tenant, accounts }: VisibleRows): string =>
  `${key}${JSON.stringify(accounts === null ? [tenant] : [tenant, accounts])}`

/** Reference data, the same for everybody. */
export const PUBLIC_TABLES: ReadonlySet<string> = new Set(['grid_intensity'])
/** Rows without a tenant hold for every tenant. */
const SHARED_ROWS: ReadonlySet<string> = new Set(['tariffs'])
/** Rows that may hold data of several tenants: for whoever runs the instance, who is this tenant. */
const OPERATOR_TABLES: ReadonlySet<string> = new Set(['quarantine'])

/** One row policy; the engine joins those that cover one table by OR. `table` null: every table of the database. */
export interface RowPolicy {
  readonly table: string | null
  readonly filter: string
}

/**
 * A policy for every table, which also hides those that nothing else covers, from the moment they exist, and one for each
 * table of which strangers may see rows.
 */
export function rowPolicies(tables: readonly OwnedTable[], key: string): readonly RowPolicy[] {
  const asks = askerFilters(key)
  return [
    { table: null, filter: asks.all },
    ...tables.flatMap(table => {
      const filter = tableFilter(table, asks)
      return filter === null ? [] : [{ table: table.name, filter }]
    }),
  ]
}

/** What of the setting the policies ask, as expressions that the engine folds. */
function askerFilters(key: string) {
  const setting = `getSetting(${quoteText(SEES_SETTING)})`
  const json = `substring(${setting}, ${key.length + 1})`
  return {
    all: `${setting} = ${quoteText(seesAll(key))}`,
    /** Some asker of ours. */
    anybody: `startsWith(${setting}, ${quoteText(`${key}[`)})`,
    tenant: `JSONExtractString(${json}, 1)`,
    /** Not limited to accounts. */
    whole: `JSONLength(${json}) = 1`,
    accounts: `JSONExtract(${json}, 2, 'Array(String)')`,
  }
}

/** Who else than the product itself sees which rows; null: no other user sees any. */
function tableFilter(table: OwnedTable, asks: ReturnType<typeof askerFilters>): string | null {
  const { anybody, tenant, whole, accounts } = asks
  if (table.isView || PUBLIC_TABLES.has(table.name)) return anybody
  const somebody = `${anybody} AND ${tenant} != ''`
  if (!table.hasTenant) {
    return OPERATOR_TABLES.has(table.name)
      ? `${somebody} AND ${whole} AND ${tenant} = ${quoteText(OPERATOR_TENANT)}`
      : null
  }
  if (SHARED_ROWS.has(table.name)) return `${somebody} AND ${whole} AND Tenant IN ('', ${tenant})`
  return table.hasAccount
    ? `${somebody} AND Tenant = ${tenant} AND (${whole} OR Account IN ${accounts})`
    : `${somebody} AND ${whole} AND Tenant = ${tenant}`
}
