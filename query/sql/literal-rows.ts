/** Answers that do not come from tables: rows as a bound value, which the engine writes in the client's format. */
import { TupleParam } from '@clickhouse/client'
import { quoteName } from '../../core/warehouse/tables/column-types.ts'
import type { QueryParam, TupleValue } from '../../core/warehouse/warehouse.ts'

/** Columns of such rows. */
export type LiteralColumns = readonly (readonly [name: string, type: string])[]

/** A SELECT of the rows that are bound as `parameter`. */
export function literalSelect(columns: LiteralColumns, parameter: string): string {
  const selected = columns.map(([name], index) => `tupleElement(row, ${index + 1}) AS ${quoteName(name)}`)
  const types = columns.map(([, type]) => type)
  return `SELECT ${selected.join(', ')} FROM (SELECT arrayJoin({${parameter}:Array(Tuple(${types.join(', ')}))}) AS row)`
}

/** The value to bind. */
export const literalRows = (rows: readonly (readonly QueryParam[])[]): QueryParam =>
  rows.map(row => new TupleParam(row) as TupleValue)
