/**
 * Maps look-ups of clients in `system` and `information_schema` to the views of core/warehouse (ddl-catalogue.ts) that
 * show only what clients may see: as tables and as qualified columns (`system.tables.name`).
 */

import { CATALOGUE_VIEWS } from '../../core/warehouse/fence/ddl-catalogue.ts'
import { quoteName } from '../../core/warehouse/tables/column-types.ts'
import { liveSelect } from './live-tables.ts'
import { ACCOUNT_EXPORTS, ACCOUNT_TABLES, READABLE_EXPORTS, READABLE_TABLES } from './readable-tables.ts'
import { type StatementToken, tokenize } from './tokens.ts'

/** The tables that a caller may read, and the targets of look-ups. */
interface Reach {
  /** Identifies the kind in cache keys. */
  readonly kind: 'tenant' | 'accounts'
  /** Tables and views, without their database. */
  readonly tables: ReadonlySet<string>
  /** View by `schema.table`. */
  readonly lookUps: ReadonlyMap<string, string>
}

function reach(kind: Reach['kind'], tables: readonly string[]): Reach {
  const view = (one: (typeof CATALOGUE_VIEWS)[number]): string =>
    kind === 'tenant' ? one.name : one.limitedName
  return {
    kind,
    tables: new Set([...tables, ...CATALOGUE_VIEWS.map(view)]),
    lookUps: new Map(CATALOGUE_VIEWS.map(one => [`${one.schema}.${one.table}`, view(one)])),
  }
}

const WHOLE_TENANT = reach('tenant', [...READABLE_TABLES, ...READABLE_EXPORTS])
const SOME_ACCOUNTS = reach('accounts', [...ACCOUNT_TABLES, ...ACCOUNT_EXPORTS])

/** The tables depend on whether the caller is limited to accounts, not on which ones. */
export const reachOf = (accounts: readonly string[] | null): Reach =>
  accounts === null ? WHOLE_TENANT : SOME_ACCOUNTS

/** Maps look-ups in normalised SQL (formatQuerySingleLine) to the views. */
export function replaceLookUps(canonical: string, database: string, { lookUps }: Reach): string {
  if (!/\b(system|information_schema)\b/i.test(canonical)) return canonical
  const tokens = tokenize(canonical)
  const parts: string[] = []
  for (let at = 0; at < tokens.length; at++) {
    const found = tokens[at - 1]?.text === '.' ? undefined : lookUpAt(tokens, at, lookUps)
    if (found === undefined) {
      parts.push(tokens[at]!.text)
      continue
    }
    const isColumn = tokens[at + 3]?.text === '.'
    // The rows of these are bound, under the table's own name.
    if (found.live !== undefined) parts.push(isColumn ? quoteName(found.table) : found.live)
    else parts.push(`${quoteName(database)}.${quoteName(found.view)}`)
    // A table without an alias can also be qualified by its own name: `SELECT tables.name FROM system.tables`.
    const hasAlias = tokens[at + 4]?.name === 'AS'
    if (!isColumn && !hasAlias && isTablePlace(tokens, at)) parts.push(` AS ${quoteName(found.table)}`)
    at += 2
  }
  return parts.join('')
}

function lookUpAt(
  tokens: readonly StatementToken[],
  at: number,
  lookUps: Reach['lookUps'],
): { readonly view: string; readonly table: string; readonly live: string | undefined } | undefined {
  const schema = tokens[at]!.name
  if (schema === '' || tokens[at + 1]?.text !== '.') return undefined
  const table = tokens[at + 2]?.name ?? ''
  // The engine has INFORMATION_SCHEMA.TABLES in addition to the lower-case names.
  const isUpper = schema === 'INFORMATION_SCHEMA' && table === table.toUpperCase()
  const live = schema === 'system' ? liveSelect(table) : undefined
  const view = lookUps.get(isUpper ? `${schema}.${table}`.toLowerCase() : `${schema}.${table}`)
  return view === undefined && live === undefined ? undefined : { view: view ?? '', table, live }
}

/** After FROM, JOIN or a comma; a comma between columns does no harm, since the result is checked again. */
function isTablePlace(tokens: readonly StatementToken[], at: number): boolean {
  const before = tokens[at - 1]?.kind === 'space' ? tokens[at - 2] : tokens[at - 1]
  return before !== undefined && (['FROM', 'JOIN'].includes(before.name) || before.text === ',')
}
