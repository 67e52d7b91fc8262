/**
 * The path of a client's statement to the engine: each step narrows the input of the next one, and nothing of
 * the text runs before all steps have passed.
 *
 * 1. `formatQuerySingleLine` with the text bound as a parameter: one statement or a syntax error, nothing executed.
 * 2. Statements such as SHOW and DESCRIBE become SELECTs over the catalogue; look-ups in `system` are mapped
 *    to its views. Of EXPLAIN and DESCRIBE (SELECT ...), only the SELECT continues.
 * 3. `EXPLAIN AST SELECT * FROM (<that>)`: the grammar then allows only SELECT; nodes and functions are
 *    checked by allow-list. SETTINGS at the end are taken off, and become settings of the session if clients may
 *    change them.
 * 4. `EXPLAIN QUERY TREE` of the same text: every table that it really reads is checked by allow-list.
 *
 * All steps run in the fenced session of the tenant, so the row filter and limits apply even to a statement
 * that slips through.
 */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { analysisSettings, type ClientSettings } from '../../core/warehouse/fence/client-settings.ts'
import type { Explain, FencedQuery, QueryParam, Warehouse } from '../../core/warehouse/warehouse.ts'
import { reachOf, replaceLookUps } from './catalogue.ts'
import { readText } from './engine-reader.ts'
import { sqlFailed } from './engine-text.ts'
import { readExplanation } from './explain-statement.ts'
import { type LiveTable, liveParameter, liveTablesIn } from './live-tables.ts'
import { createLru } from './lru.ts'
import { translateMetaStatement } from './meta-statements.ts'
import { judgeQueryTree } from './query-tree.ts'
import { questionKey } from './question-key.ts'
import { differsBySettings, splitSettings } from './settings-clause.ts'
import { judgeSyntaxTree } from './syntax-tree.ts'
import { commonTableExpressions } from './tokens.ts'
import { RefusedError, type Verdict } from './verdict.ts'

interface ClientStatement {
  readonly text: string
  /** Settings of URL and session that the client has chosen. */
  readonly chosen?: ClientSettings | undefined
  readonly params: Readonly<Record<string, QueryParam>>
  readonly tenant: string
  /** Accounts to which the caller is limited; null: all. */
  readonly accounts: readonly string[] | null
  /** Limits of the checks: scalar subqueries run while the query tree is made. */
  readonly limits: FencedQuery['limits']
  readonly urgency?: NonNullable<FencedQuery['urgency']>
  readonly onTaken?: NonNullable<FencedQuery['onTaken']>
  readonly signal: AbortSignal
}

/** Decides which client statements reach the engine. */
export interface AllowList {
  /**
   * What to run for the statement.
   * @throws WattlineError `sql_refused` (its cause is a `RefusedError`), or `sql_failed` with the message of the
   * engine.
   */
  admit(question: ClientStatement): Promise<Admitted>
}

/** What the engine may run. */
export interface Admitted {
  readonly sql: string
  /** What to print instead of running it. */
  readonly explain?: Explain
  /** Tables of this process that it reads; their rows are bound when it runs. */
  readonly live: readonly LiveTable[]
  /** Of the statement's own SETTINGS, those that take effect. */
  readonly settings: ClientSettings
}

type Refused = Extract<Verdict, { readonly allowed: false }>
type CachedVerdict = Admitted | { readonly verdict: Refused }

const VERDICT_BYTES = 8_388_608

/** An allow-list that caches verdicts by statement, parameters and reach. */
export function createAllowList(options: {
  readonly warehouse: Pick<Warehouse, 'fenced' | 'database'>
  /** Memory for cached verdicts. */
  readonly verdictBytes?: number
}): AllowList {
  const { warehouse } = options
  const verdicts = createLru<CachedVerdict>(options.verdictBytes ?? VERDICT_BYTES, weigh)

  const parse = (
    question: Omit<ClientStatement, 'text'>,
    select: string,
  ): Promise<string | { verdict: Refused }> =>
    readText(warehouse, { ...question, sql: wrapped(select), explain: 'AST' }).catch(notASelect)

  const judge = async ({ text, chosen, ...asked }: ClientStatement): Promise<CachedVerdict> => {
    const { database } = warehouse
    const reach = reachOf(asked.accounts)
    const explained = readExplanation(text)
    const ours = explained === undefined ? translateMetaStatement(text, database, reach.tables) : undefined
    const canonical = await readText(warehouse, {
      ...asked,
      sql: 'SELECT formatQuerySingleLine({wl_text:String})',
      params: { wl_text: ours ?? explained?.select ?? text },
    }).catch(failed)
    const whole = replaceLookUps(canonical, database, reach)
    const clause = splitSettings(whole)
    const settings = clause?.settings ?? {}
    const select = clause?.text ?? whole
    const live = liveTablesIn(select)
    const question = {
      ...asked,
      params: { ...asked.params, ...Object.fromEntries(live.map(name => [liveParameter(name), []])) },
      chosen: analysisSettings({ ...chosen, ...settings }),
    }
    const parsed = await parse(question, select)
    if (typeof parsed !== 'string') return parsed
    if (clause !== undefined) {
      // The engine confirms that nothing else was taken off.
      const ast = await parse(question, whole)
      if (typeof ast !== 'string') return ast
      if (!differsBySettings(ast, parsed)) return { verdict: MISREAD }
    }
    const sql = wrapped(select)
    const qualified = [...reach.tables].map(table => `${database}.${table}`)
    const names = new Set([...reach.tables, ...qualified, 'system.one', ...commonTableExpressions(select)])
    const syntax = judgeSyntaxTree(parsed, names)
    if (!syntax.allowed) return { verdict: syntax }
    const tree = await readText(warehouse, { ...question, sql, explain: 'QUERY TREE' }).catch(failed)
    const reads = judgeQueryTree(tree, new Set(qualified))
    if (!reads.allowed) return { verdict: reads }
    return explained === undefined
      ? { sql, settings, live }
      : { sql: select, explain: explained.explain, settings, live }
  }

  return {
    async admit(question) {
      // Parameters can be identifiers, and can be tables to the right of IN: the verdict depends on text and values.
      const { kind } = reachOf(question.accounts)
      const chosen = JSON.stringify(analysisSettings(question.chosen ?? {}))
      const key = questionKey(`${kind}${chosen}`, question.text, question.params)
      const known = verdicts.get(key) ?? (await judge(question))
      verdicts.set(key, known)
      if ('sql' in known) return known
      const { reason, detail } = known.verdict
      throw new WattlineError('sql_refused', `${detail}.`, { cause: new RefusedError(reason, detail) })
    },
  }
}

const wrapped = (select: string): string => `SELECT * FROM (${select}\n)`

const MISREAD: Refused = {
  allowed: false,
  reason: 'settings',
  detail: 'SETTINGS are accepted only at the end of the statement',
}

const weigh = (known: CachedVerdict): number => 2 * ('sql' in known ? known.sql : known.verdict.detail).length

function failed(error: unknown): never {
  throw sqlFailed(error)
}

/** A syntax error in the wrapped text means that the statement is not allowed; any other error is the writer's. */
function notASelect(error: unknown): { readonly verdict: Refused } {
  const failure = sqlFailed(error)
  if (!failure.message.startsWith('Syntax error')) throw failure
  return { verdict: { allowed: false, reason: 'statement', detail: 'only a plain SELECT is accepted' } }
}
