import { WattlineError } from '../../catalogue/errors/errors.ts'
import { STREAMS } from '../../model/streams/index.ts'
import { tablesOf } from '../../model/streams/stream.ts'
import { quoteName } from '../tables/column-types.ts'
import { type Explain, type FencedQuery, SESSION_TIME_ZONE } from '../warehouse.ts'
import { acceptedSettings, type ClientSettings } from './client-settings.ts'
import { withPlainColumns } from './plain-columns.ts'
import { SEES_SETTING } from './policies.ts'
import { isTotal } from './total-functions.ts'

/**
 * The fence around client SQL: the caller, as a setting that the engine's row policies read (policies.ts), and limits.
 * All of them are settings of a session that is then made read-only, so the statement cannot change them.
 *
 * `readonly` does not prevent a setting inside a subquery, and system tables have no policies: for text that has not
 * been checked before, `refusal` looks for these in the parse tree, and refuses anything that it does not know.
 */
interface FenceOptions {
  /** Value of the setting that identifies the caller: policies.ts. */
  readonly sees: string
  readonly limits: FencedQuery['limits']
  readonly text: Pick<FencedText, 'projections' | 'isTotal'>
  /** What the client has chosen. */
  readonly chosen?: ClientSettings | undefined
  /** Threads of one query: fewer than cores, so that inserts continue next to it. Default: the engine's choice. */
  readonly threads?: number
  /** Nice value of these threads; without CAP_SYS_NICE the engine ignores it. */
  readonly nice?: number
}

/**
 * Longest text that the engine accepts. Statements are checked before they come here; bound values are part of the
 * text, with their backslashes four times.
 */
export const MAX_QUERY_BYTES = 8_388_608

/**
 * Limits on the engine's work before a statement runs, and between two checks of the time
 * (docs/adr/0032-costs-of-a-request.md).
 */
const PLANNING = {
  max_query_size: MAX_QUERY_BYTES,
  max_ast_depth: 500,
  max_ast_elements: 20_000,
  // Common table expressions and aliases that each use another one twice grow exponentially: 500,000 nodes take 2.7 s.
  max_expanded_ast_elements: 100_000,
  max_subquery_depth: 50,
  // Compiling 400 expressions took the engine 27 s, during which nothing stops it.
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
  // The time is checked between blocks.
  max_block_size: 16_384,
  function_range_max_elements_in_block: 2_000_000,
  max_temporary_data_on_disk_size_for_query: 4_294_967_296,
} as const

/**
 * The settings that give a session, or a request, the caller's identity: all except `readonly`, after which nothing can
 * be set.
 */
export function fenceSettings(options: FenceOptions): Readonly<Record<string, string | number>> {
  const { limits } = options
  return {
    output_format_json_quote_64bit_integers: 1,
    session_timezone: SESSION_TIME_ZONE,
    ...chosenSettings(options),
    [SEES_SETTING]: options.sees,
    max_execution_time: limits.maxSeconds,
    timeout_overflow_mode: 'throw',
    max_memory_usage: limits.maxMemoryBytes,
    ...(options.threads === undefined ? {} : { max_threads: options.threads }),
    optimize_use_projections: options.text.projections ? 1 : 0,
    // Comparing a number with a time could fail, the only possible failure in text that otherwise cannot fail.
    decimal_check_overflow: options.text.isTotal ? 0 : 1,
    ...PLANNING,
    allow_ddl: 0,
    allow_introspection_functions: 0,
    // Statistics count what the engine read, including other tenants' rows in the same granules.
    output_format_write_statistics: 0,
  }
}

/** A client may ask for fewer rows than the limit, and for the first of them instead of an error. */
function chosenSettings({ chosen, limits }: FenceOptions): ClientSettings {
  const accepted = acceptedSettings(chosen ?? {})
  const asked = Number(accepted['max_result_rows'] ?? 0)
  const isFewer = asked > 0 && asked < limits.maxResultRows
  return {
    ...accepted,
    max_result_rows: isFewer ? asked : limits.maxResultRows,
    result_overflow_mode: isFewer ? (accepted['result_overflow_mode'] ?? 'throw') : 'throw',
  }
}

const PROJECTED = STREAMS.flatMap(tablesOf).flatMap(({ table }) =>
  table?.projections === undefined ? [] : [table.name],
)
const NAMES_PROJECTED = new RegExp(`\\b(${PROJECTED.join('|')})\\b`)

/** A statement in the form in which it runs. */
export interface FencedText {
  readonly sql: string
  /** Whether the engine may answer from projections. */
  readonly projections: boolean
  /** Whether no function in it can fail on a column value. */
  readonly isTotal: boolean
}

/** The statement that prints instead of running. */
export const explanation = (what: Explain, sql: string): string =>
  what === 'DESCRIBE' ? `DESCRIBE TABLE (${sql}\n)` : `EXPLAIN ${what} ${sql}`

/** Internal SQL runs unchanged. */
export const ownText = (sql: string): FencedText => ({ sql, projections: true, isTotal: false })

/**
 * The SQL to run for a client's statement, such that the engine computes nothing for rows that the caller may not see,
 * or nothing that reveals them. The engine computes for other rows in two places: over the dictionaries of
 * LowCardinality columns, and when it answers from a projection and evaluates the grouping expressions together with
 * the policy's filter. If nothing in the statement can fail, no reader can notice. All other statements read plain
 * columns, and do not use projections if they name such a table directly.
 * @param sql as the engine prints it
 */
export function fencedText(sql: string, params: FencedQuery['params'], database: string): FencedText {
  if (isTotal(sql)) return { sql, projections: true, isTotal: true }
  const named = withIdentifiers(sql, params)
  return {
    sql: withPlainColumns(named, database),
    projections: !NAMES_PROJECTED.test(named),
    isTotal: false,
  }
}

/** Inserts identifiers that are passed as values. @throws sql_refused */
const withIdentifiers = (sql: string, params: FencedQuery['params']): string =>
  sql.replaceAll(/\{(\w+):Identifier\}/g, (_all, name: string) => {
    const value = params[name]
    if (typeof value === 'string' && /^\w+$/.test(value)) return quoteName(value)
    throw new WattlineError('sql_refused', `The value of ${name} is not the name of a table or column.`)
  })

/**
 * Columns that every table of the engine has in addition to its own. They reveal how its rows are stored in parts,
 * blocks and partitions, including rows of other tenants, so the fence refuses any statement that names one.
 */
const VIRTUAL_COLUMN =
  /^_(part|block)\w*$|^_(sample_factor|disk_name|distance|row_exists|table|database|shard_num)$/i

/** @param name of a column, possibly qualified with its table */
export const isVirtualColumn = (name: string): boolean =>
  VIRTUAL_COLUMN.test(name.slice(name.lastIndexOf('.') + 1))

/** Table functions that read none of our data. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'generate_series',
  'generateseries',
  'values',
  'null',
])
/** System tables without information about other tenants. */
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
/** Functions that name a table in a literal, where no policy is applied. */
const READING_FUNCTIONS = /^(joinget|dictget|dicthas|dictis|file$|hascolumnintable$|initializeaggregation$)/

/**
 * Finds anything in the engine's `EXPLAIN AST` that the policies do not cover; null when there is nothing.
 * @param ast indented lines such as ` TableExpression (children 1)`
 */
export function refusal(ast: string): string | null {
  let expressionDepth = Number.NaN
  for (const line of ast.split('\n')) {
    const depth = line.length - line.trimStart().length
    const [kind = '', name = ''] = line.trim().split(' ')
    if (kind === 'TableExpression') expressionDepth = depth
    else if (depth <= expressionDepth) expressionDepth = Number.NaN
    // Inside a subquery they take effect whatever the session says, including the caller's identity.
    if (kind === 'Set') return 'SETTINGS'
    if (kind === 'TableIdentifier' || kind === 'Identifier') {
      const found = refusedTable(name)
      if (found !== null) return found
      if (isVirtualColumn(name)) return `column ${name}`
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
