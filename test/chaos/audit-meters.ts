/** The auditor's rules for readings and the ledger. */

import { eventually } from '../support/until.ts'
import type { Acknowledged, Meter } from './acknowledged.ts'
import type { Reader } from './audit.ts'
import { lostBy, NOTHING_TOLD, type Told } from './audit-losses.ts'
import { ROWS_PER_SAMPLE } from './meter-clients.ts'

/** For every host: samples stored as sent, and books that balance. */
export async function auditMeters(
  reader: Reader,
  { meters }: Acknowledged,
  waitMs: () => number,
  told: Told = NOTHING_TOLD,
): Promise<string[]> {
  const isLost = lostBy(told)
  const findings: string[] = []
  for (const [host, meter] of meters) {
    // An excess never disappears by waiting.
    const isThere = (found: Books): boolean => sum(found.ledger) + sum(found.late) >= meter.total
    const books = await eventually(() => readBooks(reader, host), isThere, waitMs()).catch(() =>
      readBooks(reader, host),
    )
    findings.push(
      ...auditBooks(books, meter, isLost('ledger', 'late_readings')).map(
        finding => `host ${host}: ${finding}`,
      ),
    )
    findings.push(
      ...(await auditSamples(reader, host, meter, isLost)).map(finding => `host ${host}: ${finding}`),
    )
  }
  return findings
}

/** Window, hour or day (its start in seconds) -> µJ. */
type Sums = ReadonlyMap<number, bigint>

interface Books {
  readonly ledger: Sums
  readonly late: Sums
  readonly hours: Sums
  readonly days: Sums
  /** Duplicate entries. */
  readonly repeated: number
}

const sum = (sums: Sums): bigint => [...sums.values()].reduce((total, value) => total + value, 0n)

async function readBooks(reader: Reader, host: string): Promise<Books> {
  const sums = async (table: string, column: string, condition = ''): Promise<Sums> => {
    const rows = await reader.sql<{ at: string; uj: string }>(
      `SELECT toString(toUnixTimestamp(WindowStart)) AS at, toString(sum(${column})) AS uj
       FROM ${table} WHERE Host = '${host}'${condition} GROUP BY at`,
    )
    return new Map(rows.map(({ at, uj }) => [Number(at), BigInt(uj)]))
  }
  const [row] = await reader.sql<{ n: string }>(
    `SELECT toString(count() - uniqExact(EntryId)) AS n FROM ledger WHERE Host = '${host}'`,
  )
  return {
    late: await sums('late_readings', 'Value', " AND Quantity = 'energy'"),
    ledger: await sums('ledger', 'EnergyUj'),
    hours: await sums('usage_hourly', 'EnergyUj'),
    days: await sums('usage_daily', 'EnergyUj'),
    repeated: Number(row?.n ?? 0),
  }
}

/**
 * Ledger and late readings (a host that was long unable to send is late) equal what the meter counted: in total, and
 * for each minute; hours and days are the sums of their minutes; no entry exists twice.
 */
function auditBooks(
  { ledger, late, hours, days, repeated }: Books,
  meter: Meter,
  mayLack: boolean,
): string[] {
  const findings: string[] = []
  const [booked, waiting] = [sum(ledger), sum(late)]
  const isGood = (ours: bigint, theirs: bigint): boolean => (mayLack ? ours <= theirs : ours === theirs)
  if (!isGood(booked + waiting, meter.total)) {
    findings.push(`ledger ${booked} + late ${waiting} µJ, the meter counted ${meter.total} µJ`)
  }
  for (const window of new Set([...meter.minutes.keys(), ...seconds(ledger), ...seconds(late)])) {
    const [ours, theirs] = [
      (ledger.get(window * 60) ?? 0n) + (late.get(window * 60) ?? 0n),
      meter.minutes.get(window) ?? 0n,
    ]
    if (!isGood(ours, theirs)) findings.push(`minute ${window}: ${ours} µJ, the meter counted ${theirs} µJ`)
  }
  for (const [name, length, found] of [
    ['hours', 3_600, hours],
    ['days', 86_400, days],
  ] as const) {
    const wanted = grouped(ledger, length)
    for (const at of new Set([...wanted.keys(), ...found.keys()])) {
      if (wanted.get(at) === found.get(at)) continue
      findings.push(`${name} from ${at}: ${found.get(at)} µJ, its minutes ${wanted.get(at)} µJ`)
    }
  }
  if (repeated !== 0) findings.push(`${repeated} ledger entries are there more than once`)
  return findings
}

const seconds = (sums: Sums): number[] => [...sums.keys()].map(at => at / 60)

function grouped(sums: Sums, length: number): Sums {
  const result = new Map<number, bigint>()
  for (const [at, value] of sums) {
    const start = at - (at % length)
    result.set(start, (result.get(start) ?? 0n) + value)
  }
  return result
}

/** Samples are stored complete, at least once if acknowledged, and no more often than they were sent. */
async function auditSamples(
  reader: Reader,
  host: string,
  meter: Meter,
  isLost: (...tables: readonly string[]) => boolean,
): Promise<string[]> {
  const mayLack = isLost('readings')
  const findings: string[] = []
  const readings = await reader.sql<{ at: string; n: string }>(
    `SELECT toString(toUnixTimestamp64Nano(Timestamp)) AS at, toString(count()) AS n
     FROM readings WHERE Host = '${host}' GROUP BY at`,
  )
  const stored = new Map(readings.map(({ at, n }) => [BigInt(at), Number(n)]))
  for (const [time, { tries, isAcknowledged }] of meter.samples) {
    const times = (stored.get(time) ?? 0) / ROWS_PER_SAMPLE
    const isWhole = mayLack || (Number.isInteger(times) && times >= (isAcknowledged ? 1 : 0))
    if (isWhole && times <= tries) continue
    findings.push(`sample ${time} is ${times} times in readings after ${tries} tries`)
  }
  for (const time of stored.keys()) {
    if (!meter.samples.has(time)) findings.push(`sample ${time} is in readings but was refused`)
  }
  return [...findings, ...(await auditPoints(reader, host, meter, isLost('metric_points')))]
}

/** The same samples as metrics: each attempt complete and once. */
async function auditPoints(reader: Reader, host: string, meter: Meter, mayLack: boolean): Promise<string[]> {
  const findings: string[] = []
  const rows = await reader.sql<{ attempt: string; n: string }>(
    `SELECT ResourceAttributes['attempt'] AS attempt, toString(count()) AS n
     FROM otel_metrics_sum WHERE ResourceAttributes['host.id'] = '${host}' GROUP BY attempt`,
  )
  const stored = new Map(rows.map(({ attempt, n }) => [attempt, Number(n)]))
  for (const id of meter.acknowledged) {
    const n = stored.get(id) ?? 0
    if (mayLack && n < ROWS_PER_SAMPLE) continue
    if (n !== ROWS_PER_SAMPLE)
      findings.push(`acknowledged sample ${id} has ${n} rows of ${ROWS_PER_SAMPLE} in otel_metrics_sum`)
  }
  for (const [id, n] of stored) {
    if (meter.acknowledged.has(id)) continue
    if (!meter.unanswered.has(id)) findings.push(`sample ${id} is in otel_metrics_sum but was refused`)
    else if (mayLack && n < ROWS_PER_SAMPLE) continue
    else if (n !== ROWS_PER_SAMPLE) findings.push(`unanswered sample ${id} has ${n} rows in otel_metrics_sum`)
  }
  return findings
}
