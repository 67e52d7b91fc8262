/**
 * Differences from the rule that every account has one bill a month, whose lines sum to the ledger. Computed from the
 * tables with SQL only.
 */
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { ACCOUNTS } from './books.ts'

type Tables = Pick<Warehouse, 'query'>

/** Digest of the complete content of a month's bills. */
export async function fingerprint(tables: Tables, month: string): Promise<string> {
  const sql = (table: string) =>
    `SELECT toString(sum(cityHash64(*))) AS hash, toString(count()) AS n FROM wattline.${table} WHERE Period = {month:String}`
  const rows = await Promise.all(
    ['invoices', 'invoice_lines'].map(table =>
      tables.query<{ hash: string; n: string }>(sql(table), { month }),
    ),
  )
  return JSON.stringify(rows)
}

/** What is wrong at any time, also while a month is being closed. */
export async function repeated(tables: Tables): Promise<readonly string[]> {
  const findings: string[] = []
  const expectNone = expectingNone(tables, findings)
  await expectNone(
    'lines that are there twice',
    'SELECT InvoiceId, Line, count() AS n FROM wattline.invoice_lines GROUP BY InvoiceId, Line HAVING n > 1',
  )
  await expectNone(
    'bills that are there twice',
    'SELECT Account, Period, count() AS n FROM wattline.invoices GROUP BY Account, Period HAVING n > 1',
  )
  await expectNone(
    'numbers with gaps or repeated',
    'SELECT count() AS n, max(toUInt64(Number)) AS most, uniqExact(Number) AS different FROM wattline.invoices HAVING n != most OR n != different',
  )
  return findings
}

const expectingNone =
  (tables: Tables, findings: string[]) =>
  async (what: string, sql: string): Promise<void> => {
    const rows = await tables.query<Readonly<Record<string, unknown>>>(sql)
    if (rows.length > 0) findings.push(`${what}: ${JSON.stringify(rows.slice(0, 5))}`)
  }

/** What is wrong once all of these months are closed. */
export async function audit(tables: Tables, months: readonly string[]): Promise<readonly string[]> {
  const findings = [...(await repeated(tables))]
  const expectNone = expectingNone(tables, findings)
  const last = months.at(-1)!
  await expectNone(
    'accounts without a bill, or with too many lines or too few',
    `SELECT Account, Period, Lines, n FROM (SELECT InvoiceId, Account, Period, any(Lines) AS Lines FROM wattline.invoices GROUP BY ALL) AS i
     FULL JOIN (SELECT InvoiceId, toUInt32(count()) AS n FROM wattline.invoice_lines GROUP BY InvoiceId) AS l USING (InvoiceId) WHERE Lines != n`,
  )
  await expectNone(
    'months without all bills',
    `SELECT Period, uniqExact(Account) AS n FROM wattline.invoices GROUP BY Period HAVING n != ${ACCOUNTS}`,
  )
  await expectNone(
    'totals that are not the sum of the lines',
    `SELECT i.InvoiceId AS id FROM wattline.invoices AS i INNER JOIN (SELECT InvoiceId, sum(BilledCost) AS billed FROM wattline.invoice_lines
     GROUP BY InvoiceId) AS l ON l.InvoiceId = i.InvoiceId WHERE l.billed != i.Total`,
  )
  await expectNone(
    'accounts that were charged otherwise than the ledger says',
    `SELECT Account, ledger, billed FROM (SELECT Account, toInt128(sum(CostEnergyNano)) AS ledger FROM wattline.ledger
     WHERE WindowStart < addMonths(toDateTime('${last}-01 00:00:00', 'UTC'), 1) GROUP BY Account) AS b
     FULL JOIN (SELECT Account, toInt128(sum(ListCost) * 1000000000) AS billed FROM wattline.invoice_lines WHERE Category = 'Usage' GROUP BY Account) AS l
     USING (Account) WHERE ledger != billed`,
  )
  await expectNone(
    'credits of more than was given',
    "SELECT Account, sum(BilledCost) AS used FROM wattline.invoice_lines WHERE Category = 'Credit' GROUP BY Account HAVING used < -7.5",
  )
  await expectNone(
    'months that closed twice or not at all',
    `SELECT Period, countIf(State = 'closed') AS n FROM wattline.invoice_closings FINAL GROUP BY Period HAVING n != 1`,
  )
  const closed = await tables.query<{ n: number }>(
    'SELECT toUInt32(uniqExact(Period)) AS n FROM wattline.invoices',
  )
  if (closed[0]?.n !== months.length) findings.push(`${closed[0]?.n} months have bills, not ${months.length}`)
  return findings
}
