/** SQL that finds minutes whose spans or entries are other ones than when they were shared last. */

import { runningSpans } from './spans-statement.ts'
import type { RequestTables } from './statement.ts'

/** Minutes of some tenants that are to be shared. */
export interface StaleMinute {
  /** Seconds since the epoch. */
  readonly minute: number
  readonly tenants: readonly string[]
  /** Spans that ran, of all of them. */
  readonly spans: number
  /** They have not been shared before. */
  readonly isFirst: boolean
}

/** `[from, to)` in seconds, whole minutes; and whether spans are looked at, or entries alone, which costs next to nothing. */
export interface Look {
  readonly from: number
  readonly to: number
  readonly spans: boolean
}

const DAY = 86_400
const MINUTE_NANO = '60000000000'

/**
 * Of tenants that send no spans nothing is shared: all of it would be in the ledger already. A day counts as one with spans
 * once a minute with spans has been shared in it; then its other minutes are shared too.
 *
 * The answer has a row for each minute, and two where some tenants' are the first; the newest minute comes first.
 */
export function staleMinutes(tables: RequestTables, look: Look): string {
  const { from, to } = look
  const within = `WindowStart >= toDateTime(${from}, 'UTC') AND WindowStart < toDateTime(${to}, 'UTC')`
  const days = `WindowStart >= toDateTime(${from - (from % DAY)}, 'UTC') AND WindowStart < toDateTime(${to - (to % DAY) + DAY}, 'UTC')`
  const first = `greatest(intDiv(Start, ${MINUTE_NANO}), ${from / 60})`
  const last = `least(intDiv(greatest(End - 1, Start), ${MINUTE_NANO}), ${to / 60 - 1})`
  const spans = `
    SELECT Tenant, toDateTime(Minute * 60, 'UTC') AS WindowStart, count() AS Spans, 0 AS Entries
    FROM (SELECT Tenant, arrayJoin(range(toUInt32(${first}), toUInt32(${last}) + 1)) AS Minute
      FROM (${runningSpans(tables.spans, look, ['Tenant'])}))
    GROUP BY Tenant, Minute
    UNION ALL `
  return `
SELECT toUnixTimestamp(n.WindowStart) AS minute, groupArray(n.Tenant) AS tenants, toFloat64(sum(SpansNow)) AS spans,
  Known = 0 AS isFirst
FROM (
  SELECT Tenant, WindowStart, sum(Spans) AS SpansNow, sum(Entries) AS EntriesNow
  FROM (${look.spans ? spans : ''}
    SELECT Tenant, WindowStart, 0 AS Spans, count() AS Entries
    FROM ${tables.ledger} WHERE ${within} AND WorkloadKind != '' GROUP BY Tenant, WindowStart
  )
  GROUP BY Tenant, WindowStart
) AS n
LEFT JOIN (
  SELECT Tenant, WindowStart, argMax(SpanRows, Revision) AS SpansThen, argMax(LedgerEntries, Revision) AS EntriesThen,
    toUInt8(1) AS Known
  FROM ${tables.minutes} WHERE ${within} GROUP BY Tenant, WindowStart
) AS r USING (Tenant, WindowStart)
LEFT JOIN (
  SELECT Tenant, toDate(WindowStart) AS Day, toUInt8(1) AS HasSpans
  FROM ${tables.minutes} WHERE ${days} AND SpanRows > 0 GROUP BY Tenant, Day
) AS d ON n.Tenant = d.Tenant AND toDate(n.WindowStart) = d.Day
WHERE (SpansNow > 0 OR Known = 1 OR HasSpans = 1) AND (EntriesNow != EntriesThen OR Known = 0${look.spans ? ' OR SpansNow != SpansThen' : ''})
GROUP BY n.WindowStart, Known
ORDER BY n.WindowStart DESC, Known`
}
