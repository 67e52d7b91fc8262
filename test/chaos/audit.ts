/**
 * The auditor: compares the tables with what was acknowledged. It knows the clients' books and SQL, and nothing about
 * the product's internals. README.md lists its rules.
 */

import { eventually } from '../support/until.ts'
import type { Acknowledged } from './acknowledged.ts'
import { spansOf } from './acknowledged.ts'
import { auditCarbon } from './audit-carbon.ts'
import { isTold, NOTHING_TOLD, type Told } from './audit-losses.ts'
import { auditMeters } from './audit-meters.ts'
import { auditSpans, countAcknowledged } from './audit-spans.ts'

/** Answers SQL over the tables. */
export interface Reader {
  sql<Row>(query: string): Promise<readonly Row[]>
}

/** How long to wait for pending data if some of it will never arrive. */
const FORGIVING_MS = 25_000

/** Every difference between the tables and what was acknowledged; empty is good. Waits this long for pending data. */
export async function audit(
  reader: Reader,
  acknowledged: Acknowledged,
  longestMs: number,
  told: Told = NOTHING_TOLD,
): Promise<string[]> {
  // Data reported as lost will not arrive.
  const deadline = Date.now() + (isTold(told) ? Math.min(longestMs, FORGIVING_MS) : longestMs)
  const waitMs = (): number => Math.max(0, deadline - Date.now())
  const expected = spansOf(acknowledged.batches)
  await eventually(
    () => countAcknowledged(reader, acknowledged),
    found => found >= expected,
    waitMs(),
  ).catch(() => undefined)
  return [
    ...(await auditSpans(reader, acknowledged, told)),
    ...(await auditMeters(reader, acknowledged, waitMs, told)),
    ...(isTold(told) ? [] : await auditCarbon(reader, acknowledged, waitMs)),
    ...(await auditQuarantine(reader)),
    ...(await auditFactors(reader, waitMs())),
  ]
}

/** Clients sent nothing wrong: nothing may have been quarantined. */
async function auditQuarantine(reader: Reader): Promise<string[]> {
  const rows = await reader.sql<{ stream: string; code: string; n: string }>(
    'SELECT Stream AS stream, Code AS code, toString(count()) AS n FROM quarantine GROUP BY stream, code',
  )
  return rows.map(({ stream, code, n }) => `${n} records of ${stream} are in quarantine: ${code}`)
}

/**
 * Every rating process publishes factors at each start: each version exists once anyway, and so do those that entries
 * name.
 */
async function auditFactors(reader: Reader, waitMs: number): Promise<string[]> {
  const read = async () =>
    (
      await reader.sql<{ n: string; versions: string; unknown: string }>(
        `SELECT toString(count()) AS n, toString(uniqExact(Version)) AS versions,
           (SELECT toString(count()) FROM ledger WHERE IntensityVersion != ''
            AND IntensityVersion NOT IN (SELECT Version FROM grid_intensity)) AS unknown FROM grid_intensity`,
      )
    )[0]
  const found = await eventually(read, row => row?.n !== '0' && row?.unknown === '0', waitMs).catch(read)
  return [
    ...(found?.n === found?.versions
      ? []
      : [`grid_intensity has ${found?.n} rows of ${found?.versions} versions`]),
    ...(found?.n === '0' ? ['grid_intensity is empty'] : []),
    ...(found?.unknown === '0' ? [] : [`${found?.unknown} entries name an intensity that no table has`]),
  ]
}
