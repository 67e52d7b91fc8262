/** Where the work on a range begins: hosts that came later than the range begins are not gone through hour by hour. */
import type { HostRules } from '../../core/books/host-join.ts'
import { ledger, readings } from '../../core/model/streams/index.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import type { RecomputeReason } from './differences.ts'
import { machineNames } from './machine.ts'
import { type HostSpan, minute, ofMachine } from './span.ts'

/**
 * The first minute of a span that may have entries, seconds since the epoch; null: none has. An interval between two readings
 * reaches over any number of minutes without readings, so what counts is the first reading that there is, at any time.
 */
export async function firstMinute(
  statements: Statements,
  host: Omit<HostSpan, 'names'>,
  reason: RecomputeReason,
  rules?: HostRules,
): Promise<number | null> {
  const { query, dialect } = statements
  const alone = { ...host, names: [] }
  const span =
    reason === 'factors_revised' ? alone : { ...host, names: await machineNames(statements, alone, rules) }
  const [booked] = await query<{ n: number; at: number }>(
    `SELECT toFloat64(count()) AS n, toFloat64(min(toUnixTimestamp(WindowStart))) AS at
FROM ${qualified(dialect, ledger.name)}
WHERE ${ofMachine(span)} AND WindowStart >= ${minute(span.from)} AND WindowStart < ${minute(span.to)}`,
  )
  const entry = booked === undefined || booked.n === 0 ? null : booked.at
  if (reason === 'factors_revised') return entry
  const [read] = await query<{ n: number; at: number }>(
    `SELECT toFloat64(count()) AS n, toFloat64(toUnixTimestamp(min(Timestamp))) AS at
FROM ${qualified(dialect, readings.name)} WHERE ${ofMachine(span)}`,
  )
  const reading = read === undefined || read.n === 0 ? null : Math.floor(read.at / 60) * 60
  const first = Math.min(entry ?? Number.POSITIVE_INFINITY, reading ?? Number.POSITIVE_INFINITY)
  return first < span.to ? Math.max(first, span.from) : null
}
