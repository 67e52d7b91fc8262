import type { WattlineProcess } from '../support/wattline-process.ts'
import { eventually } from '../support/wattline-process.ts'
import type { Acknowledged } from './clients.ts'

/** Every way in which the tables differ from what was acknowledged; empty is good. */
export async function audit(
  wattline: WattlineProcess,
  acknowledged: Acknowledged,
  waitMs: number,
): Promise<string[]> {
  return [
    ...(await auditSpans(wattline, acknowledged, waitMs)),
    ...(await auditLedger(wattline, acknowledged, waitMs)),
  ]
}

interface BatchRow {
  readonly batch: string
  readonly spans: string
  readonly distinct: string
}

/** Each acknowledged attempt is in the table whole and once; any other attempt whole and once, or not at all. */
async function auditSpans(
  wattline: WattlineProcess,
  acknowledged: Acknowledged,
  waitMs: number,
): Promise<string[]> {
  const expected = sum(acknowledged.batches.values())
  const findings: string[] = []
  await eventually(
    () => countAcknowledged(wattline, acknowledged),
    found => found >= expected,
    waitMs,
  ).catch(() => undefined)
  const rows = new Map((await batchRows(wattline)).map(row => [row.batch, row]))
  for (const [id, size] of acknowledged.batches) {
    const row = rows.get(id)
    if (row === undefined) findings.push(`acknowledged batch ${id} of ${size} spans is missing`)
    else if (Number(row.spans) !== size || Number(row.distinct) !== size) {
      findings.push(`acknowledged batch ${id} has ${row.spans} rows, ${row.distinct} distinct, of ${size}`)
    }
  }
  for (const [id, row] of rows) {
    if (acknowledged.batches.has(id)) continue
    const size = acknowledged.unanswered.get(id)
    if (size === undefined) findings.push(`batch ${id} is in the table but was refused`)
    else if (Number(row.spans) !== size || Number(row.distinct) !== size) {
      findings.push(`unanswered batch ${id} has ${row.spans} rows, ${row.distinct} distinct, of ${size}`)
    }
  }
  return findings
}

async function countAcknowledged(wattline: WattlineProcess, acknowledged: Acknowledged): Promise<number> {
  const rows = await batchRows(wattline)
  return sum(rows.filter(({ batch }) => acknowledged.batches.has(batch)).map(({ spans }) => Number(spans)))
}

const batchRows = (wattline: WattlineProcess) =>
  wattline.sql<BatchRow>(
    `SELECT SpanAttributes['batch'] AS batch, toString(count()) AS spans, toString(uniqExact(SpanId)) AS distinct
     FROM otel_traces GROUP BY batch`,
  )

/**
 * For every host: minutes = hours = days, and with what came after its window had closed (a host that could not reach
 * the process for longer than a gap may be) they are what the meter counted from the first to the last acknowledged sample.
 */
async function auditLedger(
  wattline: WattlineProcess,
  acknowledged: Acknowledged,
  waitMs: number,
): Promise<string[]> {
  const findings: string[] = []
  for (const [host, { first, last }] of acknowledged.meters) {
    const counted = last - first
    const isComplete = ({ minutes, late }: Sums): boolean => BigInt(minutes) + BigInt(late) === counted
    const sums = await eventually(() => ledgerSums(wattline, host), isComplete, waitMs).catch(() =>
      ledgerSums(wattline, host),
    )
    if (!isComplete(sums)) {
      findings.push(
        `host ${host}: ledger ${sums.minutes} + late ${sums.late} µJ, the meter counted ${counted} µJ`,
      )
    }
    if (sums.hours !== sums.minutes || sums.days !== sums.minutes) {
      findings.push(`host ${host}: minutes ${sums.minutes}, hours ${sums.hours}, days ${sums.days} µJ`)
    }
  }
  return findings
}

type Sums = Readonly<Record<'minutes' | 'hours' | 'days' | 'late', string>>

async function ledgerSums(wattline: WattlineProcess, host: string): Promise<Sums> {
  const total = (table: string): string =>
    `(SELECT toString(sum(EnergyUj)) FROM ${table} WHERE Host = '${host}')`
  const [row] = await wattline.sql<Sums>(
    `SELECT ${total('ledger')} AS minutes, ${total('usage_hourly')} AS hours, ${total('usage_daily')} AS days,
       (SELECT toString(sum(Value)) FROM late_readings WHERE Host = '${host}' AND Quantity = 'energy') AS late`,
  )
  if (row === undefined) throw new Error('no answer')
  return row
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)
