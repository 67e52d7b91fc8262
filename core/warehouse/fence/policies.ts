import { type Identity, OPERATOR_TENANT } from '../../model/identity.ts'
import { quoteText } from '../tables/column-types.ts'
import type { OwnedTable } from './owned-tables.ts'

/**
 * Row policies: which rows of which tables a session sees, enforced by the engine where a table is read, before any
 * expression of the statement (docs/adr/0031-row-policies.md).
 *
 * The setting `log_comment` identifies the caller. It is the only free-text setting of the engine, and a session cannot
 * change it once it is read-only. Its value is a key followed by
 *
 * - `*` for internal statements that write, migrate and read: they see everything;
 * - `["tenant"]` for all of a tenant, `["tenant",["account",...]]` for some of its accounts, in JSON, so that no name
 *   can be mistaken for another.
 *
 * With any other value, or none, no row of any table is visible. The engine folds the setting into constants before it
 * reads, so a policy prunes as a condition does.
 */

/** The visible rows: all of a tenant, or those of some accounts. */
type VisibleRows = Pick<Identity, 'tenant' | 'accounts'>

/** The setting that identifies the caller. */
export const SEES_SETTING = 'log_comment'

/**
 * Key of the setting on servers. It is not secret, since the policies are in a readable catalogue. The embedded engine
 * uses a random key, created at each start, so that even a statement that managed to change settings could not
 * impersonate another caller.
 */
export const SERVER_KEY = 'wattline'

/** Value of the setting that sees everything. */
export const seesAll = (key: string): string => `${key}*`

/** Value of the setting for a caller. */
export const seesRowsOf = (key: string, { tenant, accounts }: VisibleRows): string =>
  `${key}${JSON.stringify(accounts === null ? [tenant] : [tenant, accounts])}`

/** Reference data, the same for everyone. */
export const PUBLIC_TABLES: ReadonlySet<string> = new Set([
  'grid_intensity',
  'intensity_forecasts',
  'pue_factors',
])
/** Rows without a tenant apply to every tenant. */
const SHARED_ROWS: ReadonlySet<string> = new Set(['tariffs'])
/** Rows that may contain data, or names of hosts, of several tenants: visible only to the operator's tenant. */
const OPERATOR_TABLES: ReadonlySet<string> = new Set(['quarantine', 'embodied_factors'])

/** One row policy; the engine combines those of one table with OR. `table` null: every table of the database. */
export interface RowPolicy {
  readonly table: string | null
  readonly filter: string
}

/**
 * A policy for every table, which also hides tables without another policy, from the moment they exist; and one for
 * each table with rows that clients may see.
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

/** Expressions on the setting that the policies use; the engine folds them. */
function askerFilters(key: string) {
  const setting = `getSetting(${quoteText(SEES_SETTING)})`
  const json = `substring(${setting}, ${key.length + 1})`
  return {
    all: `${setting} = ${quoteText(seesAll(key))}`,
    /** Any caller of ours. */
    anybody: `startsWith(${setting}, ${quoteText(`${key}[`)})`,
    tenant: `JSONExtractString(${json}, 1)`,
    /** Not limited to accounts. */
    whole: `JSONLength(${json}) = 1`,
    accounts: `JSONExtract(${json}, 2, 'Array(String)')`,
  }
}

/** Which callers other than internal statements see which rows; null: no other caller sees any. */
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
