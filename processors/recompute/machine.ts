/**
 * Under which names a machine stands in the tables: readings that came under its name alone are stored under that, and are metered
 * with those under its id (processors/meter/names).
 */
import { type HostRules, MOST_STEPS, NO_HOST_RULES, stepOf } from '../../core/books/host-join.ts'
import { readings } from '../../core/model/streams/index.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { type HostSpan, instant } from './span.ts'

/** Claims of a name that are further apart do not stand beside each other. */
const CLAIM_SECONDS = 3 * 3600

/** Names that readings of the machine came under, around a span. A name that two machines claim belongs to none of them. */
export async function machineNames(
  statements: Statements,
  span: HostSpan,
  rules: HostRules = NO_HOST_RULES,
): Promise<string[]> {
  const { host } = span
  const names = new Set<string>()
  let found: readonly string[] = [host]
  for (let step = 0; step < MOST_STEPS && found.length > 0; step++) {
    const further: string[] = []
    for (const one of found) {
      for (const name of await namesOfHost(statements, { ...span, host: one }, rules, step > 0)) {
        if (name === host || names.has(name)) continue
        names.add(name)
        further.push(name)
      }
    }
    found = further
  }
  return [...names].sort()
}

/** Names that stand for a host in one step. `isName`: the host is known by a name itself, for which only aliases stand. */
async function namesOfHost(
  { query, dialect }: Statements,
  { tenant, host, from: start, to }: HostSpan,
  rules: HostRules,
  isName: boolean,
): Promise<readonly string[]> {
  const when = `Timestamp >= ${instant(start - CLAIM_SECONDS)} AND Timestamp < ${instant(to + CLAIM_SECONDS)}`
  const from = `FROM ${qualified(dialect, readings.name)} WHERE Tenant = ${quoteText(tenant)} AND ${when}`
  const said = await query<{ name: string; isAlias: number }>(
    `SELECT HostName AS name, toFloat64(min(Quantity = 'identity')) AS isAlias ${from} AND Host = ${quoteText(host)}
AND HostName NOT IN ('', ${quoteText(host)}) GROUP BY HostName`,
  )
  const configured = Object.entries(rules.aliases).flatMap(([name, is]) => (is === host ? [name] : []))
  const claimed = said.flatMap(({ name, isAlias }) => (isName && isAlias === 0 ? [] : [name]))
  const names: string[] = []
  for (const name of new Set([...configured, ...claimed])) {
    const used = await query(`SELECT 1 AS one ${from} AND Host = ${quoteText(name)} LIMIT 1`)
    if (used.length === 0) continue
    const claimants = await query<{ Host: string; isAlias: number }>(
      `SELECT Host, toFloat64(min(Quantity = 'identity')) AS isAlias ${from} AND HostName = ${quoteText(name)}
AND Host != ${quoteText(name)} GROUP BY Host LIMIT 2`,
    )
    const step = stepOf(
      name,
      true,
      claimants.map(({ Host, isAlias }) => ({ host: Host, isAlias: isAlias === 1 })),
      rules,
    )
    if (step?.to === host) names.push(name)
  }
  return names
}

/** A machine's minutes are computed an hour at a time, so its hours may begin that much before and end that much after another's. */
const MACHINE_SECONDS = 3600

/**
 * Whether no machine takes the readings of a host for its own, in any minute of a span of an hour at most. Where it may depend on which
 * hours a machine is computed in, the answer is no: what is counted once stays counted once.
 */
export async function standsAlone(
  { query, dialect }: Statements,
  { tenant, host, from, to }: Omit<HostSpan, 'names'>,
  rules: HostRules = NO_HOST_RULES,
): Promise<boolean> {
  if (rules.separate.includes(host)) return true
  if (stepOf(host, true, [], rules) !== null) return false
  const between = (start: number, end: number): string =>
    `Timestamp >= ${instant(start)} AND Timestamp < ${instant(end)}`
  const near = between(to - CLAIM_SECONDS, from + CLAIM_SECONDS)
  const claims = await query<{ Host: string; isAlias: number; isNear: number }>(
    `SELECT Host, toFloat64(min(Quantity = 'identity')) AS isAlias, toFloat64(max(${near})) AS isNear
FROM ${qualified(dialect, readings.name)} WHERE Tenant = ${quoteText(tenant)} AND HostName = ${quoteText(host)}
AND Host != HostName AND ${between(from - MACHINE_SECONDS - CLAIM_SECONDS, to + MACHINE_SECONDS + CLAIM_SECONDS)} GROUP BY Host`,
  )
  const claimants = claims.map(claim => ({
    host: claim.Host,
    isAlias: claim.isAlias === 1,
    isNear: claim.isNear === 1,
  }))
  // Two that every hour sees claim it against each other; fewer may be the only one that some hour sees.
  const seen = claimants.filter(({ isNear }) => isNear)
  return stepOf(host, true, seen.length > 1 ? seen : claimants.slice(0, 1), rules) === null
}
