/** `GET /v2/scope`: the accounts, and how far the ledger is for each. */
import { LEDGER_BUCKETS } from '../../../core/model/streams/ledger.ts'
import type { FencedReader } from '../../fence/fenced-reader.ts'
import { tableName } from '../../fence/tables.ts'
import { multiple, type RawQuery } from '../../http/parameters.ts'
import { nothingFound } from './failure.ts'
import type { RowPage } from './request.ts'
import { isoOffset } from './times.ts'

const MOST = 100_000
const DAY_S = 86_400

/** A page of scopes. @throws CloudKittyError */
export async function scopesOf(
  reader: FencedReader,
  tenant: string,
  query: RawQuery,
  {
    page: { offset, limit },
    nowMs,
    days,
  }: { readonly page: RowPage; readonly nowMs: number; readonly days: number },
): Promise<object> {
  const since = Math.max(0, Math.floor(nowMs / 1000 / DAY_S - days) * DAY_S)
  const hour = LEDGER_BUCKETS.hour
  const rows = await reader.query<{ readonly account: string; readonly last: number }>(
    `SELECT Account AS account, max(toUInt32(${hour})) AS last FROM ${tableName('ledger')} ` +
      `WHERE Tenant = {tenant:String} AND ${hour} >= toDateTime({since:UInt32}, 'UTC') AND Account != '' ` +
      `GROUP BY Account ORDER BY Account LIMIT ${MOST}`,
    { tenant, since },
  )
  const named = (name: string): readonly string[] => multiple(query, name).flatMap(text => text.split(','))
  const isNamed = (name: string, value: string): boolean =>
    named(name).length === 0 || named(name).includes(value)
  const found = rows.filter(
    ({ account }) =>
      isNamed('scope_id', account) &&
      isNamed('scope_key', SCOPE.scope_key) &&
      isNamed('fetcher', SCOPE.fetcher) &&
      isNamed('collector', SCOPE.collector),
  )
  const results = found.slice(offset, offset + limit).map(({ account, last }) => ({
    scope_id: account,
    ...SCOPE,
    last_processed_timestamp: isoOffset(last),
    active: true,
    scope_activation_toggle_date: null,
  }))
  if (results.length === 0) throw nothingFound()
  return { results }
}

const SCOPE = { scope_key: 'project_id', fetcher: 'wattline', collector: 'wattline' } as const
