/** Periods that close by themselves. */
import { billingPeriod, followingPeriod, periodAt } from '../../core/billing/periods.ts'
import type { CloseRequest } from '../../core/billing/request.ts'
import { DATABASE } from '../../core/warehouse/tables/ddl.ts'
import { type ClosingOptions, readClosed } from './close.ts'

/** The next period of each tenant that has ended, and whose grace is over. */
export async function dueClosings(
  { ask, config, openSeconds }: ClosingOptions,
  nowMs: number,
): Promise<readonly CloseRequest[]> {
  const latest = nowMs / 1000 - Math.max(config.grace, openSeconds)
  const tenants = await ask<{ Tenant: string; First: number }>({
    text:
      `SELECT Tenant, toUInt32(min(Day)) AS First FROM (SELECT Tenant, toStartOfDay(WindowStart) AS Day ` +
      `FROM ${DATABASE}.ledger GROUP BY Tenant, Day) GROUP BY Tenant ORDER BY Tenant`,
    params: {},
  })
  const due: CloseRequest[] = []
  for (const { Tenant: tenant, First } of tenants) {
    const last = (await readClosed(ask, tenant)).at(-1)
    const first = config.first_period ?? periodAt(First, config.time_zone).name
    const period = last === undefined ? first : followingPeriod(last)
    if (billingPeriod(period, config.time_zone).to > latest) continue
    due.push({ id: `auto-${tenant}-${period}`, tenant, period, origin: 'auto', requestedMs: nowMs })
  }
  return due
}
