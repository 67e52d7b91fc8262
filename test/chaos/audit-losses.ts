/** The auditor's rules for lost files: what is missing was reported, and what was reported is missing. */
import type { Loss } from '../../core/runtime/losses.ts'
import type { Acknowledged } from './acknowledged.ts'

/** What was reported as permanently lost: the auditor knows no other losses. */
export interface Told {
  /** Tables that lack rows -> number; infinite if that was reported as unknown. */
  readonly rows: ReadonlyMap<string, number>
  /** Arrival times of lost records of a stream, unix milliseconds. */
  readonly records: readonly { readonly stream: string; readonly fromMs: number; readonly toMs: number }[]
  /** The log was an older copy, or deleted: windows that were open then were reported as missing from the ledger. */
  readonly isLogLost: boolean
}

export const NOTHING_TOLD: Told = { rows: new Map(), records: [], isLogLost: false }

export function toldBy(losses: readonly Loss[]): Told {
  const rows = new Map<string, number>()
  const records: { stream: string; fromMs: number; toMs: number }[] = []
  for (const { state, extent } of losses) {
    if (state !== 'lost') continue
    for (const { table, stream, rows: missing, restoredRows = 0, from, to } of extent) {
      if (table !== undefined) {
        const gone = missing === null ? Number.POSITIVE_INFINITY : missing - restoredRows
        if (gone > 0) rows.set(table, (rows.get(table) ?? 0) + gone)
      } else if (stream !== undefined) {
        const fromMs = from === null ? 0 : Date.parse(from)
        records.push({ stream, fromMs, toMs: to === null ? Number.POSITIVE_INFINITY : Date.parse(to) })
      }
    }
  }
  return { rows, records, isLogLost: losses.some(({ what }) => what.startsWith('The log')) }
}

export const isTold = ({ rows, records, isLogLost }: Told): boolean =>
  rows.size > 0 || records.length > 0 || isLogLost

/**
 * A record may wait this long in a batch before the log has it, and its sender may receive the answer this much later.
 */
const SLACK_MS = 3_000

/** Table -> the stream it is made from: lost records have taken its rows with them. */
const STREAM_OF: Readonly<Record<string, string>> = {
  ledger: 'ledger',
  late_readings: 'late_readings',
  readings: 'readings',
  metric_points: 'metric_points',
}

/** Whether one of some tables may lack rows. */
export const lostBy =
  ({ rows, records, isLogLost }: Told) =>
  (...tables: readonly string[]): boolean =>
    isLogLost ||
    tables.some(table => rows.has(table) || records.some(({ stream }) => STREAM_OF[table] === stream))

interface Lost {
  /** Acknowledged spans that are missing and not explained by a lost record. */
  readonly ofParts: number
  readonly ofLog: number
  /** Spans that may never have been stored. */
  readonly unsure: number
}

function lostOf(epochs: readonly Acknowledged[], told: Told): Lost {
  const ranges = told.records.filter(({ stream }) => stream === 'traces')
  const withLog = (ms: number): boolean =>
    ranges.some(({ fromMs, toMs }) => fromMs - SLACK_MS <= ms && ms <= toMs + SLACK_MS)
  let [ofParts, ofLog, unsure] = [0, 0, 0]
  for (const { missing } of epochs) {
    unsure += missing.unanswered
    for (const { spans, acknowledgedMs } of missing.acknowledged) {
      if (withLog(acknowledgedMs)) ofLog += spans
      else ofParts += spans
    }
  }
  return { ofParts, ofLog, unsure }
}

const toldRows = ({ rows }: Told): number => rows.get('otel_traces') ?? 0

/** Acknowledged spans that are missing without a report. */
export function untoldSpans(epochs: readonly Acknowledged[], told: Told): string[] {
  const { ofParts } = lostOf(epochs, told)
  const rows = toldRows(told)
  return ofParts > rows
    ? [`${ofParts} acknowledged spans are missing, ${rows} rows were told to be lost`]
    : []
}

/** The number of missing spans equals the reported one, less those of attempts that may not have been stored. */
export function auditLostSpans(epochs: readonly Acknowledged[], told: Told): string[] {
  const { ofParts, ofLog, unsure } = lostOf(epochs, told)
  const rows = toldRows(told)
  const isTooMuch = Number.isFinite(rows) && rows > ofParts + ofLog + unsure
  const missing = `${ofParts + ofLog} acknowledged ones are missing, and at most ${unsure} others`
  return [
    ...untoldSpans(epochs, told),
    ...(isTooMuch ? [`${rows} spans were told to be lost, ${missing}`] : []),
  ]
}
