/** In which parts idle energy of a window is shared, so that the engine never holds more than a few entries at once. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { LEDGER_BUCKETS } from '../../core/model/streams/ledger.ts'
import { type ParameterizedSql, tableName } from '../fence/tables.ts'
import type { UsageRequest } from './request.ts'

/** Entries that one statement shares: two to three CPU seconds of the engine, which `limits.sql.seconds` leaves room for. */
const ENTRIES_AT_ONCE = 500_000
/** Entries that one question shares: a minute or so of the engine's time. */
const ENTRIES_MAX = 15_000_000

const HOUR = 3_600

/** Hours of the window with idle energy that the books hold by another policy, with how many entries they have. */
export const hoursStatement = (request: UsageRequest): ParameterizedSql => ({
  text:
    'SELECT start, sum(n) AS entries FROM (' +
    `SELECT toUnixTimestamp(${LEDGER_BUCKETS.hour}) AS start, Share, IdlePolicy, count() AS n FROM ${tableName('ledger')} ` +
    `WHERE Tenant = {tenant:String} AND ${LEDGER_BUCKETS.hour} >= toDateTime({from:UInt32}, 'UTC') ` +
    `AND ${LEDGER_BUCKETS.hour} < toDateTime({to:UInt32}, 'UTC') GROUP BY start, Share, IdlePolicy) ` +
    "GROUP BY start HAVING countIf(Share = 'idle' AND IdlePolicy != {policy:String}) > 0 ORDER BY start",
  params: {
    tenant: request.tenant,
    from: Math.floor(request.from / HOUR) * HOUR,
    to: request.to,
    policy: request.idleSharing,
  },
})

/** An hour that must be shared. */
export interface HourOfEntries {
  readonly start: string | number
  readonly entries: string | number
}

/**
 * Windows within that of the request which hold all hours, each with few enough entries.
 * @throws WattlineError `sql_limit` where all of them are too many
 */
export function sharingWindows(
  { from, to, idleSharing }: Pick<UsageRequest, 'from' | 'to' | 'idleSharing'>,
  hours: readonly HourOfEntries[],
): readonly { readonly from: number; readonly to: number }[] {
  const total = hours.reduce((sum, { entries }) => sum + Number(entries), 0)
  if (total > ENTRIES_MAX) {
    throw new WattlineError(
      'sql_limit',
      `Sharing the idle energy of this window would read ${total} entries, more than ${ENTRIES_MAX}. Ask about a shorter ` +
        `window, or set \`metering.idle_policy: ${idleSharing}\`: then the books hold the shares, and any window is answered.`,
    )
  }
  const windows: { from: number; to: number; entries: number }[] = []
  for (const hour of hours) {
    const [start, entries] = [Number(hour.start), Number(hour.entries)]
    const last = windows.at(-1)
    const end = Math.min(start + HOUR, to)
    if (last !== undefined && last.entries + entries <= ENTRIES_AT_ONCE) {
      last.to = end
      last.entries += entries
    } else windows.push({ from: Math.max(start, from), to: end, entries })
  }
  return windows
}
