/** The table of mappings, ready to read points: the built-in rows, and those of the configuration. */
import type { BuiltInRow, MappingRow } from '../../../core/mappings/row.ts'
import { BUILT_IN_ROWS } from '../../../core/mappings/table/table.ts'
import { compileRow } from './compile.ts'
import type { Mapping } from './mapping.ts'

/** Rows of the configuration come first; those that replace built-in ones stand in their place. */
export function mappingsOf(configured: readonly MappingRow[]): readonly Mapping[] {
  if (configured.length === 0) return MAPPINGS
  const replaced = new Set(configured.filter(row => row.replaces === true).map(row => row.metric))
  const rows: readonly BuiltInRow[] = [
    ...configured,
    ...BUILT_IN_ROWS.filter(row => !replaced.has(row.metric)),
  ]
  return rows.map(compileRow)
}

/** The built-in rows. */
export const MAPPINGS: readonly Mapping[] = BUILT_IN_ROWS.map(compileRow)
