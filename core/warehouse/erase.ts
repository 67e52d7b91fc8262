/**
 * Erases the rows of a tenant from all tables: queries, statements, and waiting until it is done. Rows are deleted by
 * mutations (ALTER TABLE ... DELETE), which rewrite the parts that contain such rows, including projections; nothing is
 * only marked. The engine stores a mutation and continues it after a restart; starting one again is harmless.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { WattlineError } from '../catalogue/errors/errors.ts'
import type { StreamDeclaration } from '../model/streams/stream.ts'
import { tablesOf } from '../model/streams/stream.ts'
import { quoteText } from './tables/column-types.ts'
import { type Dialect, qualified, storedName, storedTable } from './tables/ddl.ts'
import { TRACE_INDEX } from './tables/ddl-derived.ts'
import type { Statements } from './warehouse.ts'

interface TenantErasure {
  readonly tenant: string
  /** Erases only older rows, unix milliseconds; null: all. */
  readonly beforeMs: number | null
  /** Called with a table and the number of its parts that are still to be rewritten. */
  readonly onProgress?: (table: string, parts: number) => void
}

interface ErasedTable {
  readonly table: string
  readonly rows: number
}

interface ErasableTable {
  readonly name: string
  /** Time column of the rows. */
  readonly time: string
  /** Rows that state facts instead of events: they stay when only older rows are erased. */
  readonly isTimeless: boolean
}

const POLL_MS = 200
/** Rows that were in flight are found in the next round; more rounds than this mean that rows keep arriving. */
const MOST_ROUNDS = 5

/** Tables with a tenant column. */
export const erasableTables = (streams: readonly StreamDeclaration[]): readonly ErasableTable[] => [
  ...streams
    .flatMap(tablesOf)
    .flatMap(({ table, columns }) =>
      table !== undefined && columns.some(({ name }) => name === 'Tenant')
        ? [{ name: table.name, time: table.ttlFrom, isTimeless: table.retention === 'forever' }]
        : [],
    ),
  // A trace with newer spans can still be found.
  { name: TRACE_INDEX, time: 'End', isTimeless: false },
]

/** @throws warehouse_unavailable when a mutation fails, or rows keep arriving */
export async function eraseRows(
  engine: Statements,
  streams: readonly StreamDeclaration[],
  erasure: TenantErasure,
): Promise<readonly ErasedTable[]> {
  const tables = erasableTables(streams).filter(({ isTimeless }) => erasure.beforeMs === null || !isTimeless)
  const erased: ErasedTable[] = []
  for (const table of tables) {
    const condition = conditionOf(table, erasure)
    let rows = 0
    for (let round = 0; ; round += 1) {
      const found = await count(engine, table.name, condition)
      if (found === 0) break
      if (round === MOST_ROUNDS) {
        throw new WattlineError(
          'warehouse_unavailable',
          `Rows of the tenant are still being written to ${table.name}.`,
        )
      }
      rows += found
      await mutate(engine, table.name, condition, left => erasure.onProgress?.(table.name, left))
    }
    erased.push({ table: table.name, rows })
  }
  return erased
}

function conditionOf({ time }: ErasableTable, { tenant, beforeMs }: TenantErasure): string {
  const isHis = `Tenant = ${quoteText(tenant)}`
  return beforeMs === null
    ? isHis
    : `${isHis} AND ${time} < toDateTime(${Math.floor(beforeMs / 1000)}, 'UTC')`
}

async function count({ dialect, query }: Statements, table: string, condition: string): Promise<number> {
  const [row] = await query<{ n: string }>(
    `SELECT toString(count()) AS n FROM ${qualified(dialect, table)} WHERE ${condition}`,
  )
  return Number(row?.n)
}

/** A system table of this server, or of all servers of the cluster. */
const everywhere = ({ distributed }: Dialect, table: string): string =>
  distributed === undefined ? table : `clusterAllReplicas(${quoteText(distributed.cluster)}, ${table})`

async function mutate(
  { dialect, query, run }: Statements,
  table: string,
  condition: string,
  onLeft: (parts: number) => void,
): Promise<void> {
  await run(
    `ALTER TABLE ${storedName(dialect, table)}${dialect.onCluster} DELETE WHERE ${condition} SETTINGS mutations_sync = 0`,
  )
  for (;;) {
    const [row] = await query<{ left: string; unfinished: string; failure: string }>(
      `SELECT toString(sum(parts_to_do)) AS left, toString(count()) AS unfinished, max(latest_fail_reason) AS failure
       FROM ${everywhere(dialect, 'system.mutations')}
       WHERE database = {database:String} AND table = {table:String} AND NOT is_done`,
      { database: dialect.database, table: storedTable(dialect, table) },
    )
    if (row === undefined || row.unfinished === '0') return
    if (row.failure !== '') {
      throw new WattlineError('warehouse_unavailable', `Rows of ${table} cannot be deleted: ${row.failure}.`)
    }
    onLeft(Number(row.left))
    await delay(POLL_MS)
  }
}

/**
 * Parts that have been rewritten or merged but are still on disk, as `table/part`: the engine removes them by itself a
 * minute later. By name, so that parts of later merges are not waited for.
 */
export async function oldParts(
  { dialect, query }: Statements,
  streams: readonly StreamDeclaration[],
): Promise<readonly string[]> {
  const declared = streams.flatMap(tablesOf).flatMap(({ table }) => (table === undefined ? [] : [table.name]))
  const names = [...declared, TRACE_INDEX].map(name => quoteText(storedTable(dialect, name)))
  const rows = await query<{ part: string }>(
    `SELECT DISTINCT concat(table, '/', name) AS part FROM ${everywhere(dialect, 'system.parts')}
     WHERE database = {database:String} AND table IN (${names.join(', ')}) AND NOT active AND rows > 0`,
    { database: dialect.database },
  )
  return rows.map(({ part }) => part)
}
