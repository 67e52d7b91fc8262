/** SQL over the ledger: what each workload's entries in a minute sum to. */
import { REQUEST_AMOUNTS } from '../../core/model/streams/request-energy.ts'

const inMinute = (minute: number): string =>
  `WindowStart = toDateTime(${minute}, 'UTC') AND WorkloadKind != ''`

/** Workloads of the minute as rules of matching look at them. */
export const minuteWorkloadsStatement = (table: string, minute: number, condition: string): string =>
  `SELECT Tenant, Host, WorkloadKind, WorkloadId, any(HostName) AS HostName, any(WorkloadName) AS WorkloadName,
      any(Namespace) AS Namespace, any(Labels) AS l
    FROM ${table} WHERE ${inMinute(minute)}${condition}
    GROUP BY Tenant, Host, WorkloadKind, WorkloadId`

/** Amounts of which there is energy known, and all others: null where no entry has any. */
const AMOUNTS = REQUEST_AMOUNTS.map(({ name }) =>
  name === 'EnergyUj'
    ? "if(countIf(e.EnergyQuality != 'none') = 0, NULL, sum(e.EnergyUj))"
    : `sum(e.${name})`,
)

/** The best first: see core/model/quality.ts. */
const QUALITY =
  "['none', 'measured', 'interpolated', 'estimated', 'simulated'][greatest(1, maxIf(indexOf(['none', 'measured', 'interpolated', 'estimated', 'simulated'], e.EnergyQuality), e.EnergyUj != 0 OR e.EntryKind = 'original'))]"

/**
 * Sums by workload, account, currency and kind of intensity, numbered by `Booking` within a workload. What corrections have
 * taken back to nothing is left out.
 */
export const bookingsOf = (table: string, minute: number, condition: string): string =>
  `SELECT Tenant, Host, WorkloadKind, WorkloadId, any(WorkloadName) AS WorkloadName, any(Namespace) AS Namespace,
    Account, Currency, IntensityKind, ${QUALITY} AS EnergyQuality,
    [${AMOUNTS.join(', ')}] AS Amounts,
    arrayStringConcat(arraySort(arrayFilter(x -> x != '', arrayDistinct(arrayFlatten(groupArray(splitByChar(',', e.Reason)))))), ',') AS Reason,
    row_number() OVER (PARTITION BY Tenant, Host, WorkloadKind, WorkloadId ORDER BY Account, Currency, IntensityKind) AS Booking
  FROM ${table} AS e WHERE ${inMinute(minute)}${condition}
  GROUP BY Tenant, Host, WorkloadKind, WorkloadId, Account, Currency, IntensityKind
  HAVING countIf(EntryKind = 'correction') = 0 OR arrayExists(x -> ifNull(x, 0) != 0, Amounts)`
