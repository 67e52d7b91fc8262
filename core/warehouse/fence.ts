import { type Identity, OPERATOR_TENANT } from '../model/identity.ts'
import { WattlineError } from '../runtime/errors.ts'
import { quoteText } from './column-types.ts'
import { type FencedQuery, SESSION_TIME_ZONE } from './warehouse.ts'

/** Whose rows: all of a tenant, or those of some accounts. */
type Sees = Pick<Identity, 'tenant' | 'accounts'>

/**
 * The fence around text of strangers: which rows of which tables a tenant may see, as settings of a session that is
 * then made read-only, so that the text cannot change them.
 *
 * `additional_table_filters` is enforced where a table is read, so views, joins, subqueries, CTEs and projections are
 * behind it. It does not reach into table functions (`merge`, `mergeTreeIndex`, ...) nor system tables: `refusals`
 * looks for these in the parsed text, and denies what it does not know.
 */
export interface FencedTable {
  readonly name: string
  /** The declared table whose rows it holds, where that has another name. */
  readonly rowsOf?: string
  readonly engine: string
  readonly hasTenant: boolean
  readonly hasAccount: boolean
}

/** Reference data, the same for everybody. */
export const PUBLIC_TABLES: ReadonlySet<string> = new Set(['grid_intensity'])
/** Rows without a tenant hold for every tenant. */
const SHARED_ROWS: ReadonlySet<string> = new Set(['tariffs'])

/** Rows that may hold data of several tenants: for whoever runs the instance, who is this tenant. */
const OPERATOR_TABLES: ReadonlySet<string> = new Set(['quarantine'])

/**
 * Row filter per table. A table that has no tenant and is neither public nor the operator's gives no rows; nor does one
 * without accounts, to whom sees some accounts only.
 */
export function tableFilter(table: FencedTable, { tenant, accounts }: Sees): string | null {
  const name = table.rowsOf ?? table.name
  // A view's rows come through the fence of the tables below it.
  if (table.engine === 'View' || PUBLIC_TABLES.has(name)) return null
  if (accounts !== null) {
    if (!table.hasTenant || !table.hasAccount || accounts.length === 0) return '0'
    return `Tenant = ${quoteText(tenant)} AND Account IN (${accounts.map(quoteText).join(', ')})`
  }
  if (!table.hasTenant) return OPERATOR_TABLES.has(name) && tenant === OPERATOR_TENANT ? null : '0'
  return SHARED_ROWS.has(name) ? `Tenant IN ('', ${quoteText(tenant)})` : `Tenant = ${quoteText(tenant)}`
}

export interface FenceOptions {
  readonly database: string
  readonly tables: readonly FencedTable[]
  readonly tenant: string
  readonly accounts: readonly string[] | null
  readonly limits: FencedQuery['limits']
  /** Of the answer in columns; 0: no limit. */
  readonly maxResultBytes: number
  /** Threads of one query: fewer than cores, so that inserts go on beside it. The engine's own choice when absent. */
  readonly threads?: number
  /** Nice value of these threads; without CAP_SYS_NICE the engine passes over it. */
  readonly nice?: number
}

/** What makes a session, or one request, a tenant's: all but `readonly`, after which nothing can be set. */
export function fenceSettings(options: FenceOptions): Readonly<Record<string, string | number>> {
  const { limits } = options
  return {
    max_execution_time: limits.maxSeconds,
    timeout_overflow_mode: 'throw',
    max_memory_usage: limits.maxMemoryBytes,
    max_result_rows: limits.maxResultRows,
    result_overflow_mode: 'throw',
    max_result_bytes: options.maxResultBytes,
    ...(options.threads === undefined ? {} : { max_threads: options.threads }),
    ...(options.nice === undefined ? {} : { os_threads_nice_value_query: options.nice }),
    allow_ddl: 0,
    allow_introspection_functions: 0,
    output_format_json_quote_64bit_integers: 1,
    session_timezone: SESSION_TIME_ZONE,
  }
}

/** Value of `additional_table_filters`: a filter for every table that has one. */
export function fenceFilters({ database, tables, tenant, accounts }: FenceOptions): string {
  const filters = tables.flatMap(table => {
    const filter = tableFilter(table, { tenant, accounts })
    return filter === null ? [] : [`${quoteText(`${database}.${table.name}`)}: ${quoteText(filter)}`]
  })
  return `{${filters.join(', ')}}`
}

/** Statements that prepare a session, in order; the last one makes it read-only. */
export function fenceStatements(options: FenceOptions): readonly string[] {
  const settings = Object.entries(fenceSettings(options)).map(
    ([name, value]) => `${name} = ${typeof value === 'string' ? quoteText(value) : value}`,
  )
  return [
    `USE ${options.database}`,
    `SET additional_table_filters = ${fenceFilters(options)}`,
    `SET ${settings.join(', ')}`,
    'SET readonly = 1',
  ]
}

/** Table functions that read nothing of ours. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'generate_series',
  'generateseries',
  'values',
  'null',
])
/** System tables that say nothing of other tenants. */
const SYSTEM_TABLES: ReadonlySet<string> = new Set([
  'one',
  'numbers',
  'columns',
  'databases',
  'functions',
  'formats',
  'data_type_families',
  'build_options',
  'time_zones',
])
const SYSTEM_DATABASES: ReadonlySet<string> = new Set(['system', 'information_schema'])
/** Functions that name a table in a literal, where no filter is applied. */
const READING_FUNCTIONS = /^(joinget|dictget|dicthas|dictis|file$|hascolumnintable$|initializeaggregation$)/

/**
 * What the engine's `EXPLAIN AST` shows of the text that the row filters do not cover; null when there is nothing.
 * @param ast indented lines such as ` TableExpression (children 1)`
 */
export function refusal(ast: string): string | null {
  let expressionDepth = Number.NaN
  for (const line of ast.split('\n')) {
    const depth = line.length - line.trimStart().length
    const [kind = '', name = ''] = line.trim().split(' ')
    if (kind === 'TableExpression') expressionDepth = depth
    else if (depth <= expressionDepth) expressionDepth = Number.NaN
    if (kind === 'TableIdentifier' || kind === 'Identifier') {
      const found = refusedTable(name)
      if (found !== null) return found
    }
    if (kind !== 'Function') continue
    const lower = name.toLowerCase()
    if (depth === expressionDepth + 1 && !TABLE_FUNCTIONS.has(lower)) return `table function ${name}`
    if (READING_FUNCTIONS.test(lower)) return `function ${name}`
  }
  return null
}

function refusedTable(name: string): string | null {
  const dot = name.indexOf('.')
  if (dot === -1) return null
  const database = name.slice(0, dot).toLowerCase()
  if (!SYSTEM_DATABASES.has(database)) return null
  return database === 'system' && SYSTEM_TABLES.has(name.slice(dot + 1)) ? null : `table ${name}`
}

/** @throws sql_refused */
export function assertWithinFence(ast: string): void {
  const found = refusal(ast)
  if (found !== null) throw new WattlineError('sql_refused', `The statement uses ${found}.`)
}
