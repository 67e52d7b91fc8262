/** Reads rows of a policy's tenant, behind the fence of all readers. */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { answerLines } from '../../core/warehouse/answer-lines.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import type { SourceStatement } from './sources.ts'

/** A statement that takes longer would be late for its decision, and for those of others. */
const MOST_SECONDS = 10
const GIVEN_UP_MS = 15_000
/** Effects of a day, a row a minute. */
const MOST_ROWS = 10_000

/** Rows as lists of values. */
export type ReadRows = (
  tenant: string,
  statement: SourceStatement,
  signal: AbortSignal,
) => Promise<readonly (readonly unknown[])[]>

/** Asks a warehouse within the limits of all statements. */
export const readRowsOf =
  (warehouse: Pick<Warehouse, 'fenced'>, limits: Config['limits']['sql']): ReadRows =>
  async (tenant, { sql, params, isOwn }, signal) => {
    const { chunks } = await warehouse.fenced({
      sql,
      ...(isOwn ? { origin: 'own' as const } : {}),
      params,
      tenant,
      accounts: null,
      format: 'JSONCompactEachRow',
      limits: {
        maxSeconds: Math.min(limits.seconds, MOST_SECONDS),
        maxMemoryBytes: limits.memory_bytes,
        maxResultRows: MOST_ROWS,
      },
      // Also where a server does not keep to its limits.
      signal: AbortSignal.any([signal, AbortSignal.timeout(GIVEN_UP_MS)]),
    })
    return (await answerLines(chunks)).map(line => JSON.parse(line) as readonly unknown[])
  }

/** The one number; null: NULL, NaN or no row. @throws WattlineError `scaling_input_failed` for anything else */
export function oneNumber(rows: readonly (readonly unknown[])[]): number | null {
  if (rows.length === 0) return null
  const [row = []] = rows
  if (rows.length > 1 || row.length !== 1)
    throw failed(`returns ${rows.length} rows of ${row.length} columns. Make it return one number`)
  const [given] = row
  if (given === null || given === undefined) return null
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  if (typeof value !== 'number' || (Number.isNaN(value) && given !== 'nan'))
    throw failed(`returns ${JSON.stringify(given)?.slice(0, 100)}, which is not a number`)
  return Number.isFinite(value) ? value : null
}

const failed = (why: string): WattlineError =>
  new WattlineError('scaling_input_failed', `The statement ${why}.`)

/** 64-bit integers come as text. */
export const numeric = (value: unknown): number | null => {
  if (value === null || value === undefined) return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}
