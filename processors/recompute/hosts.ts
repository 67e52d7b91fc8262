/** Hosts that have entries or readings in a range, in order of tenant and name, a page at a time. */
import type { HostRules } from '../../core/books/host-join.ts'
import { ledger, readings } from '../../core/model/streams/index.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { firstMinute } from './first-minute.ts'
import type { RecomputeRequest, RequestProgress } from './requests.ts'
import { instant, minute } from './span.ts'

/** A host of a tenant. */
export interface HostName {
  readonly tenant: string
  readonly host: string
}

/** Hosts of a request after a place; fewer than `limit` are the last ones. */
function hostsAfter(
  { query, dialect }: Statements,
  { tenant, host, from, to }: RecomputeRequest,
  { after, limit }: { readonly after: HostName | null; readonly limit: number },
): Promise<readonly HostName[]> {
  const conditions = [
    ...(tenant === null ? [] : [`Tenant = ${quoteText(tenant)}`]),
    ...(host === null ? [] : [`Host = ${quoteText(host)}`]),
    ...(after === null ? [] : [`(Tenant, Host) > (${quoteText(after.tenant)}, ${quoteText(after.host)})`]),
  ]
  const hosts = (table: string, time: string, at: (seconds: number) => string): string =>
    `SELECT Tenant AS tenant, Host AS host FROM ${qualified(dialect, table)}
WHERE ${[`${time} >= ${at(from)} AND ${time} < ${at(to)}`, ...conditions].join(' AND ')} GROUP BY Tenant, Host`
  return query<HostName>(
    `SELECT tenant, host FROM (
${hosts(ledger.name, 'WindowStart', minute)}
UNION ALL
${hosts(readings.name, 'Timestamp', instant)}
) GROUP BY tenant, host ORDER BY tenant, host LIMIT ${limit}`,
  )
}

/** A host of a request, and from where on its minutes are to be computed. */
export interface AskedHost extends HostName {
  readonly from: number
}

/** Hosts of a request that are taken up at a time. */
const HOSTS_AT_ONCE = 16
const PAGE = 1_000

/** The next hosts of a request that a partition has. */
export async function nextHosts(
  statements: Statements,
  request: RequestProgress,
  isMine: (host: HostName) => boolean,
  rules?: HostRules,
): Promise<{ readonly hosts: readonly AskedHost[]; readonly isLast: boolean }> {
  const { cursor, from, to } = request
  const hosts: AskedHost[] = []
  if (cursor !== null && cursor.done < to) hosts.push({ ...cursor, from: cursor.done })
  let after: HostName | null = cursor
  while (hosts.length < HOSTS_AT_ONCE) {
    const found = await hostsAfter(statements, request, { after, limit: PAGE })
    for (const one of found) {
      if (hosts.length >= HOSTS_AT_ONCE) return { hosts, isLast: false }
      const first = isMine(one)
        ? await firstMinute(statements, { ...one, from, to }, request.reason, rules)
        : null
      if (first !== null) hosts.push({ ...one, from: first })
    }
    if (found.length < PAGE) return { hosts, isLast: true }
    after = found.at(-1) ?? after
  }
  return { hosts, isLast: false }
}
