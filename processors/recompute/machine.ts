/**
 * Under which names a machine stands in the tables: readings that came under its name alone are stored under that, and are metered
 * with those under its id (processors/meter/names).
 */
import { readings } from '../../core/model/streams/index.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { type HostSpan, instant } from './span.ts'

/** Claims of a name that are further apart do not stand beside each other. */
const CLAIM_SECONDS = 3 * 3600

/** Names that readings of the machine came under, around a span. A name that two machines claim belongs to none of them. */
export async function namesOf({ query, dialect }: Statements, span: HostSpan): Promise<string[]> {
  const { tenant, host } = span
  const when = `Timestamp >= ${instant(span.from - CLAIM_SECONDS)} AND Timestamp < ${instant(span.to + CLAIM_SECONDS)}`
  const from = `FROM ${qualified(dialect, readings.name)} WHERE Tenant = ${quoteText(tenant)} AND ${when}`
  const said = await query<{ name: string }>(
    `SELECT DISTINCT HostName AS name ${from} AND Host = ${quoteText(host)} AND HostName NOT IN ('', ${quoteText(host)})`,
  )
  const names: string[] = []
  for (const { name } of said) {
    const used = await query(`SELECT 1 AS one ${from} AND Host = ${quoteText(name)} LIMIT 1`)
    if (used.length === 0) continue
    const claimants = await query(
      `SELECT DISTINCT Host ${from} AND HostName = ${quoteText(name)} AND Host != ${quoteText(name)} LIMIT 2`,
    )
    if (claimants.length === 1) names.push(name)
  }
  return names.sort()
}
