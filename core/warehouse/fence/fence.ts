import { WattlineError } from '../../catalogue/errors/errors.ts'
import { STREAMS } from '../../model/streams/index.ts'
import { tablesOf } from '../../model/streams/stream.ts'
import { quoteName } from '../tables/column-types.ts'
import { type FencedQuery, SESSION_TIME_ZONE } from '../warehouse.ts'
import { withPlainColumns } from './plain-columns.ts'
import { SEES_SETTING } from './policies.ts'
import { isTotal } from './total-functions.ts'

/**
 * The fence around text of strangers: who asks, as a setting that the engine's row policies read (policies.ts), and
 * limits, all of them settings of a session that is then read-only, so that the text cannot change them.
 *
 * A setting inside a subquery is not held by `readonly`, and system tables have no policies: `refusal` looks for these in
 * the parsed text of whoever has not been judged before, and denies what it does not know.
 */
interface FenceOptions {
  /** Value of the setting that says who asks: policies.ts. */
  readonly sees: string
  readonly limits: FencedQuery['limits']
  readonly text: Pick<FencedText, 'projections' | 'isTotal'>
  /** Threads of one query: fewer than cores, so that inserts go on beside it. The engine's own choice when absent. */
  readonly threads?: number
  /** Nice value of these threads; without CAP_SYS_NICE the engine passes over it. */
  readonly nice?: number
}

/**
 * Longest text that the engine takes: statements are measured before they come here; values that are bound stand in the text,
 * their backslashes four times.
 */
export const MAX_QUERY_BYTES = 8_388_608

/**
 * What a statement may make of the engine before it runs, and between two looks at the time (docs/adr/0032-costs-of-a-request.md).
 */
const PLANNING = {
  max_query_size: MAX_QUERY_BYTES,
  max_ast_depth: 500,
  max_ast_elements: 20_000,
  // Common table expressions and aliases that name each other twice grow without end: 500,000 nodes take 2.7 s.
  max_expanded_ast_elements: 100_000,
  max_subquery_depth: 50,
  // Compiling 400 expressions took the engine 27 s, in which nothing stops it.
  compile_expressions: 0,
  compile_aggregate_expressions: 0,
  compile_sort_description: 0,
  // The time is looked at between blocks.
  max_block_size: 16_384,
  function_range_max_elements_in_block: 2_000_000,
  max_temporary_data_on_disk_size_for_query: 4_294_967_296,
} as const

/** What makes a session, or one request, an asker's: all but `readonly`, after which nothing can be set. */
export function fenceSettings(options: FenceOptions): Readonly<Record<string, string | number>> {
  const { limits } = options
  return {
    [SEES_SETTING]: options.sees,
    max_execution_time: limits.maxSeconds,
    timeout_overflow_mode: 'throw',
    max_memory_usage: limits.maxMemoryBytes,
    max_result_rows: limits.maxResultRows,
    result_overflow_mode: 'throw',
    ...(options.threads === undefined ? {} : { max_threads: options.threads }),
    optimize_use_projections: options.text.projections ? 1 : 0,
    // A number and a time that cannot be compared would be the one thing that fails in text that never does.
    decimal_check_overflow: options.text.isTotal ? 0 : 1,
    ...PLANNING,
    allow_ddl: 0,
    allow_introspection_functions: 0,
    output_format_json_quote_64bit_integers: 1,
    // They count what the engine read, other tenants' rows in the same granules too.
    output_format_write_statistics: 0,
    session_timezone: SESSION_TIME_ZONE,
  }
}

const PROJECTED = STREAMS.flatMap(tablesOf).flatMap(({ table }) =>
  table?.projections === undefined ? [] : [table.name],
)
const NAMES_PROJECTED = new RegExp(`\\b(${PROJECTED.join('|')})\\b`)

/** A statement as it is run. */
export interface FencedText {
  readonly sql: string
  /** Whether the engine may answer from projections. */
  readonly projections: boolean
  /** Whether nothing in it can fail on a value of a column. */
  readonly isTotal: boolean
}

/** Text of the product's own runs as it is. */
export const ownText = (sql: string): FencedText => ({ sql, projections: true, isTotal: false })

/**
 * The text that is run for a stranger's, such that the engine computes nothing for rows that he does not see, or nothing
 * that tells of them. It does so in two places: over the dictionaries of LowCardinality columns, and where it answers from a
 * projection and computes what is grouped by together with the policy's filter. Where nothing in the text can fail, that
 * shows to no reader; all other text reads plain columns, and has no projections where it names their table itself.
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

/** Names that are given as values, put in. @throws sql_refused */
const withIdentifiers = (sql: string, params: FencedQuery['params']): string =>
  sql.replaceAll(/\{(\w+):Identifier\}/g, (_all, name: string) => {
    const value = params[name]
    if (typeof value === 'string' && /^\w+$/.test(value)) return quoteName(value)
    throw new WattlineError('sql_refused', `The value of ${name} is not the name of a table or column.`)
  })

/**
 * Columns that every table of the engine has beside its own. They tell how its rows lie in parts, blocks and partitions,
 * others' rows among them, so the fence takes no text that names one.
 */
const VIRTUAL_COLUMN =
  /^_(part|block)\w*$|^_(sample_factor|disk_name|distance|row_exists|table|database|shard_num)$/i

/** @param name of a column, also with its table in front */
export const isVirtualColumn = (name: string): boolean =>
  VIRTUAL_COLUMN.test(name.slice(name.lastIndexOf('.') + 1))

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
/** Functions that name a table in a literal, where no policy is applied. */
const READING_FUNCTIONS = /^(joinget|dictget|dicthas|dictis|file$|hascolumnintable$|initializeaggregation$)/

/**
 * What the engine's `EXPLAIN AST` shows of the text that the policies do not cover; null when there is nothing.
 * @param ast indented lines such as ` TableExpression (children 1)`
 */
export function refusal(ast: string): string | null {
  let expressionDepth = Number.NaN
  for (const line of ast.split('\n')) {
    const depth = line.length - line.trimStart().length
    const [kind = '', name = ''] = line.trim().split(' ')
    if (kind === 'TableExpression') expressionDepth = depth
    else if (depth <= expressionDepth) expressionDepth = Number.NaN
    // Inside a subquery they hold whatever the session says, who asks among them.
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
