import { WattlineError } from '../../catalogue/errors/errors.ts'
import { digest } from '../../model/digest.ts'
import { engineCode, messageOf } from '../engine-errors.ts'
import { OWNED_TABLES } from '../fence/owned-tables.ts'
import { rowPolicies, SERVER_KEY } from '../fence/policies.ts'
import type { SystemTables } from '../migration/existing.ts'
import { quoteText } from '../tables/column-types.ts'
import { type Dialect, qualified } from '../tables/ddl.ts'

/**
 * Row policies of a server are in its access storage. The name of a policy contains a digest of its filter, so that
 * existing policies can be compared however the server prints a filter.
 */
const PREFIX = 'wattline_'

interface ClickHousePolicy {
  readonly name: string
  /** Empty: every table of the database. */
  readonly table: string
  readonly filter: string
}

type PolicyKey = Pick<ClickHousePolicy, 'name' | 'table'>

const keyOf = ({ name, table }: PolicyKey): string => `${name} ${table}`

/**
 * The required policies. `_local` tables are covered like the tables whose rows they hold; the view that has a table's former
 * name has the same one.
 */
function wantedPolicies(dialect: Dialect): readonly ClickHousePolicy[] {
  const { distributed } = dialect
  const policies = rowPolicies(OWNED_TABLES, SERVER_KEY)
  const wanted = policies.flatMap(({ table, filter }) => {
    const name = `${PREFIX}${digest(filter, 16)}`
    if (table === null) return [{ name, table: '', filter }]
    const names = distributed === undefined ? [table] : [table, distributed.stored(table)]
    return names.map(each => ({ name, table: each, filter }))
  })
  return [...new Map(wanted.map(policy => [keyOf(policy), policy])).values()]
}

/** Our existing policies: those on every server that answers, and those on any. */
export interface FoundPolicies {
  readonly everywhere: ReadonlySet<string>
  readonly anywhere: readonly PolicyKey[]
}

/** A system table, on all servers of a cluster. */
const everyServers = (table: string, cluster: string | undefined): string =>
  cluster === undefined ? table : `clusterAllReplicas(${quoteText(cluster)}, ${table})`

/** The row policies of this product on the server; for a cluster, those that every reachable server has. */
export async function findPolicies(
  warehouse: SystemTables,
  { distributed }: Dialect,
): Promise<FoundPolicies> {
  const of = (table: string): string => everyServers(table, distributed?.cluster)
  const rows = await warehouse.query<PolicyKey & { readonly everywhere: number }>(
    `SELECT short_name AS name, table, count() = (SELECT count() FROM ${of('system.one')}) AS everywhere
     FROM ${of('system.row_policies')}
     WHERE database = {database:String} AND startsWith(short_name, ${quoteText(PREFIX)})
     GROUP BY name, table SETTINGS skip_unavailable_shards = 1`,
    { database: warehouse.database },
  )
  return {
    everywhere: new Set(rows.filter(row => Number(row.everywhere) === 1).map(keyOf)),
    anywhere: rows,
  }
}

/**
 * Statements that bring the policies to the required state. Missing policies come before the tables are created, so no
 * table is ever without one; policies of another version are dropped last.
 */
export function planPolicies(
  found: FoundPolicies,
  dialect: Dialect,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const wanted = wantedPolicies(dialect)
  const keys = new Set(wanted.map(keyOf))
  const on = (table: string): string =>
    `${dialect.onCluster} ON ${table === '' ? `${dialect.database}.*` : qualified(dialect, table)}`
  return {
    before: wanted
      .filter(policy => !found.everywhere.has(keyOf(policy)))
      .map(
        ({ name, table, filter }) =>
          `CREATE ROW POLICY OR REPLACE ${name}${on(table)} USING ${filter} TO ALL`,
      ),
    after: found.anywhere
      .filter(policy => !keys.has(keyOf(policy)))
      .map(({ name, table }) => `DROP ROW POLICY IF EXISTS ${name}${on(table)}`),
  }
}

/** ACCESS_DENIED, ACCESS_STORAGE_READONLY, ACCESS_STORAGE_FOR_INSERTION_NOT_FOUND */
const NOT_ALLOWED: ReadonlySet<number> = new Set([497, 495, 514])

/** Without policies nothing separates tenants: a server that does not let us create them cannot be used. */
export function policyError(error: unknown): unknown {
  const code = engineCode(error instanceof WattlineError ? error.cause : error)
  if (code === null || !NOT_ALLOWED.has(code)) return error
  const message =
    'ClickHouse does not let warehouse.user make row policies, which keep tenants apart: GRANT CREATE ROW POLICY, ' +
    `DROP ROW POLICY ON wattline.* to it, in a directory of users that can be written: ${messageOf(error)}`
  return new WattlineError('config_invalid', message, { cause: error })
}

/**
 * Query whether a server, and all others of its cluster, have every policy: one row, with `held` 1 if they do. A server
 * may have been restored, or added, without them.
 */
export function heldQuestion(dialect: Dialect): string {
  const { database, distributed } = dialect
  const of = (table: string): string => everyServers(table, distributed?.cluster)
  const wanted = wantedPolicies(dialect)
  const keys = wanted.map(policy => quoteText(keyOf(policy))).join(', ')
  return `SELECT toUInt8(count() = ${wanted.length} * (SELECT count() FROM ${of('system.one')})) AS held
    FROM ${of('system.row_policies')}
    WHERE database = ${quoteText(database)} AND concat(short_name, ' ', table) IN (${keys})
    SETTINGS skip_unavailable_shards = 1`
}

/** @throws warehouse_unavailable */
export function assertHeld(rows: readonly { readonly held: number }[]): void {
  if (Number(rows[0]?.held ?? 0) === 1) return
  throw new WattlineError(
    'warehouse_unavailable',
    'A ClickHouse server lacks the row policies that keep tenants apart, so queries are refused. ' +
      'Restart a process of this version to create them.',
  )
}
