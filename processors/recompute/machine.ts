/**
 * Under which names a machine stands in the tables: readings that came under its name alone are stored under that, and are metered
 * with those under its id (processors/meter/names).
 */
import { isCloudId } from '../../core/books/host-ids.ts'
import {
  type HostClaim,
  type HostRules,
  MOST_STEPS,
  NO_HOST_RULES,
  sameMachine,
  stepOf,
} from '../../core/books/host-join.ts'
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
  statements: Statements,
  { tenant, host, from, to }: HostSpan,
  rules: HostRules,
  isName: boolean,
): Promise<readonly string[]> {
  const claims = new Claims(statements, tenant, rules, {
    from: from - CLAIM_SECONDS,
    to: to + CLAIM_SECONDS,
  })
  const said = await claims.saidBy(host)
  const configured = Object.entries(rules.aliases).flatMap(([name, is]) => (is === host ? [name] : []))
  const claimed = said.flatMap(({ name, isAlias }) => (isName && !isAlias ? [] : [name]))
  const names: string[] = []
  for (const name of new Set([...configured, ...claimed])) {
    for (const same of sameMachine(name, await claims.of(name)))
      if (same.host === host && !rules.separate.includes(same.name) && (await claims.isUsed(same.name)))
        names.push(same.name)
    if (!(await claims.isUsed(name))) continue
    const step = stepOf(name, true, await claims.ofMachines(name), rules)
    if (step?.to === host) names.push(name)
  }
  return names
}

/** What readings of a time say of hosts and names. */
class Claims {
  readonly #statements: Statements
  readonly #rules: HostRules
  readonly #from: string

  constructor(
    statements: Statements,
    tenant: string,
    rules: HostRules,
    { from, to }: { readonly from: number; readonly to: number },
  ) {
    this.#statements = statements
    this.#rules = rules
    const when = `Timestamp >= ${instant(from)} AND Timestamp < ${instant(to)}`
    const table = qualified(statements.dialect, readings.name)
    this.#from = `FROM ${table} WHERE Tenant = ${quoteText(tenant)} AND ${when}`
  }

  async saidBy(host: string): Promise<readonly { readonly name: string; readonly isAlias: boolean }[]> {
    const said = await this.#statements.query<{ name: string; isAlias: number }>(
      `SELECT HostName AS name, toFloat64(min(Quantity = 'identity')) AS isAlias ${this.#from} AND Host = ${quoteText(host)}
AND HostName NOT IN ('', ${quoteText(host)}) GROUP BY HostName`,
    )
    return said.map(({ name, isAlias }) => ({ name, isAlias: isAlias === 1 }))
  }

  /** Who claims a name. */
  async of(name: string): Promise<readonly Omit<HostClaim, 'name'>[]> {
    const found = await this.#statements.query<{ Host: string; isAlias: number }>(
      `SELECT Host, toFloat64(min(Quantity = 'identity')) AS isAlias ${this.#from} AND HostName = ${quoteText(name)}
AND Host != ${quoteText(name)} GROUP BY Host LIMIT ${MOST_CLAIMANTS}`,
    )
    return found.map(({ Host, isAlias }) => ({ host: Host, isAlias: isAlias === 1 }))
  }

  /** The same without ids of clouds that stand for machines: they claim nothing beside them. */
  async ofMachines(name: string): Promise<readonly Omit<HostClaim, 'name'>[]> {
    const found = await this.of(name)
    if (found.length < 2 || isCloudId(name)) return found
    const stands = await Promise.all(found.map(({ host }) => this.isOther(host)))
    return found.filter((_, at) => !stands[at])
  }

  /** Whether a host is the cloud's id of another one. */
  async isOther(host: string): Promise<boolean> {
    if (!isCloudId(host) || this.#rules.separate.includes(host)) return false
    if (stepOf(host, false, await this.of(host), this.#rules) !== null) return true
    for (const { name } of await this.saidBy(host))
      if (sameMachine(name, await this.of(name)).some(same => same.name === host)) return true
    return false
  }

  /** Whether readings came under that name. */
  async isUsed(name: string): Promise<boolean> {
    const used = await this.#statements.query(
      `SELECT 1 AS one ${this.#from} AND Host = ${quoteText(name)} LIMIT 1`,
    )
    return used.length > 0
  }
}

/** Hosts of one name that are looked at. */
const MOST_CLAIMANTS = 8

/** A machine's minutes are computed an hour at a time, so its hours may begin that much before and end that much after another's. */
const MACHINE_SECONDS = 3600

/**
 * Whether no machine takes the readings of a host for its own, in any minute of a span of an hour at most. Where it may depend on which
 * hours a machine is computed in, the answer is no: what is counted once stays counted once.
 */
export async function standsAlone(
  statements: Statements,
  { tenant, host, from, to }: Omit<HostSpan, 'names'>,
  rules: HostRules = NO_HOST_RULES,
): Promise<boolean> {
  const { query, dialect } = statements
  if (rules.separate.includes(host)) return true
  if (stepOf(host, true, [], rules) !== null) return false
  const between = (start: number, end: number): string =>
    `Timestamp >= ${instant(start)} AND Timestamp < ${instant(end)}`
  const wide = {
    from: from - MACHINE_SECONDS - CLAIM_SECONDS,
    to: to + MACHINE_SECONDS + CLAIM_SECONDS,
  }
  if (await new Claims(statements, tenant, rules, wide).isOther(host)) return false
  const near = between(to - CLAIM_SECONDS, from + CLAIM_SECONDS)
  const claims = await query<{ Host: string; isAlias: number; isNear: number }>(
    `SELECT Host, toFloat64(min(Quantity = 'identity')) AS isAlias, toFloat64(max(${near})) AS isNear
FROM ${qualified(dialect, readings.name)} WHERE Tenant = ${quoteText(tenant)} AND HostName = ${quoteText(host)}
AND Host != HostName AND ${between(wide.from, wide.to)} GROUP BY Host`,
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
