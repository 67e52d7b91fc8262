/**
 * The SETTINGS at the end of a statement. Those that clients may change are taken out of the text and passed to the
 * fence as settings of the session; the engine never sees the clause, which would take effect there whatever the
 * session says.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import {
  type ClientSettings,
  clientSetting,
  isClientSetting,
} from '../../core/warehouse/fence/client-settings.ts'
import { type StatementToken, tokenize, unquote } from './tokens.ts'
import { RefusedError } from './verdict.ts'

/** A statement without its clause, and the clause's settings. */
export interface SettingsClause {
  readonly text: string
  readonly settings: ClientSettings
}

/**
 * Settings that cannot change an answer, only how it is computed, or that describe the client: they are passed over, as
 * in the URL. By their first words.
 */
const PASSED_OVER = new RegExp(
  `^(${`
    max_threads max_block_size max_execution_time max_memory_usage max_final_threads max_bytes max_rows_to max_query_size
    max_ast max_compress_block_size max_read_buffer_size max_parallel_replicas max_estimated_execution_time
    max_network_bandwidth max_columns_to_read max_subquery_depth min_ log_ optimize_ use_ query_cache_ query_plan_
    allow_experimental_ allow_suspicious_ allow_prefetched_ enable_ send_ http_ wait_end_of_query prefer_localhost
    prefer_global prefer_warmed priority distributed_ connect_ receive_ input_format_parallel output_format_parallel async_
    insert_ compile_ local_ remote_ merge_tree_ parallel_ load_balancing low_cardinality_ describe_ show_ readonly
    os_thread_priority timeout_ read_ workload database session_id session_timeout session_check buffer_size
    cancel_http_readonly network_ output_format_write_statistics`
    .trim()
    .split(/\s+/)
    .join('|')})`,
)

/** Which settings of a list take effect. @throws WattlineError `sql_refused` for one that clients may not change */
export function chosenSettings(
  assignments: Iterable<readonly [name: string, value: string]>,
): ClientSettings {
  const chosen: Record<string, string | number> = {}
  for (const [name, value] of assignments) {
    const known = clientSetting(name, value)
    if (known !== undefined) chosen[name] = known
    else if (isClientSetting(name)) throw refused(`${value.slice(0, 60)} is not a value of setting ${name}`)
    else if (!PASSED_OVER.test(name))
      throw refused(`setting ${name.slice(0, 60)} cannot be changed by clients`)
  }
  return chosen
}

const refused = (detail: string): WattlineError =>
  new WattlineError('sql_refused', `${detail}.`, { cause: new RefusedError('settings', detail) })

/**
 * Takes the clause off a statement as the engine prints it. Undefined: there is none at its end.
 * @throws WattlineError `sql_refused` for a setting that clients may not change
 */
export function splitSettings(canonical: string): SettingsClause | undefined {
  const tokens = tokenize(canonical)
  const solid = tokens.map((token, index) => ({ ...token, index })).filter(token => token.kind !== 'space')
  const start = solid.findLastIndex(token => token.kind === 'word' && token.text === 'SETTINGS')
  if (start < 1) return undefined
  const assignments = readAssignments(solid.slice(start + 1))
  if (assignments === undefined) return undefined
  const text = tokens
    .slice(0, solid[start]!.index)
    .map(token => token.text)
    .join('')
    .trimEnd()
  return { text, settings: chosenSettings(assignments) }
}

/** Reads `a = 1, b = 'x'`; undefined for anything else. */
export function readAssignments(
  tokens: readonly StatementToken[],
): readonly (readonly [name: string, value: string])[] | undefined {
  const found: (readonly [string, string])[] = []
  for (let at = 0; ; at += 1) {
    const name = tokens[at]
    const value = tokens[at + 2]
    if ((name?.kind !== 'word' && name?.kind !== 'quoted') || tokens[at + 1]?.text !== '=') return undefined
    if (value === undefined) return undefined
    at += 3
    if (value.kind === 'string') found.push([name.name, unquote(value.text)])
    else if (value.kind === 'number' || value.kind === 'word') {
      let { text } = value
      // A fraction consists of three tokens.
      for (; tokens[at]?.text === '.' || tokens[at]?.kind === 'number'; at += 1) text += tokens[at]!.text
      found.push([name.name, text])
    } else return undefined
    if (tokens[at] === undefined) return found
    if (tokens[at]!.text !== ',') return undefined
  }
}

/**
 * Whether a syntax tree differs from another only by its SETTINGS: then nothing else was taken off the statement.
 * @param withClause output of EXPLAIN AST for the whole statement
 */
export const differsBySettings = (withClause: string, without: string): boolean =>
  withoutSets(withClause) === withoutSets(without)

/** Without the nodes of SETTINGS, and the numbers of children that count them. */
const withoutSets = (print: string): string =>
  print
    .split('\n')
    .filter(line => line.trim() !== 'Set')
    .map(line => line.replace(/ \(children \d+\)$/, ''))
    .join('\n')
