/** Converts the measurements of unit-costs.ts to the unit costs that the plan uses. */
import type { UnitCosts } from '../../../simulate/plan/costs.ts'
import type { TableCost } from './tables.ts'

type Numbers = Readonly<Record<string, number>>

interface Rate {
  readonly cpu_seconds: Numbers
  readonly wire_bytes: number
  readonly log_bytes_by_stream: Numbers
  readonly records_by_stream: Numbers
}

/** One set-up of a run, with a process for each role. */
export interface Measured {
  readonly spans: Rate
  readonly spans_gzip: Rate
  readonly readings: Rate
  readonly thin: { readonly records: number; readonly cpu_seconds: Numbers }
  readonly ledger: { readonly rows: string }
  readonly stored: { readonly readings: number }
  readonly memory: Readonly<Record<string, { readonly peakMb: number }>>
  readonly tables: readonly TableCost[]
}

/** What benches of one thing each say: meter.ts, meter-memory.ts and small-records.ts. */
export interface Alone {
  /** `meter`: CPU seconds of a million readings. */
  readonly cpuSecondsPerMillion: number
  readonly memoryBytesPerSeries: number
  readonly memoryBytesPerHost: number
  /** A small record among others: CPU seconds, without the insert that they share. */
  readonly sharedRecordSeconds: number
}

/** Streams with inserted records; `energy` exists only in the log. */
const isStored = (stream: string): boolean => stream !== 'energy'

const three = (value: number): number => Number(value.toPrecision(3))

export function deriveUnitCosts(
  measured: Measured,
  alone: Alone,
  words: { readonly date: string; readonly machine: string },
): UnitCosts {
  const { spans, spans_gzip: zipped, readings, thin } = measured
  const table = (name: string): TableCost => measured.tables.find(one => one.table === name)!
  const index = table('otel_traces_trace_id_ts')
  const traces = table('otel_traces')
  const metrics = [table('metric_points')]
  const metricRows = metrics.reduce((sum, { rows }) => sum + rows, 0)
  const stored = table('readings')
  const ledger = table('ledger')
  const mergeOf = (tables: readonly TableCost[], rows: number): number =>
    (tables.reduce((sum, { merge_cpu_seconds }) => sum + merge_cpu_seconds, 0) / rows) * 1e6
  const bytesOf = (tables: readonly TableCost[], rows: number): number =>
    tables.reduce((sum, { merged_bytes }) => sum + merged_bytes, 0) / rows
  const records = (rate: Rate): number =>
    Object.entries(rate.records_by_stream).reduce(
      (sum, [name, value]) => sum + (isStored(name) ? value : 0),
      0,
    )
  const entriesPerPoint = ledger.rows / stored.rows
  const log = readings.log_bytes_by_stream
  return {
    ...words,
    spans: {
      cpu_seconds_per_million: costsOf(spans.cpu_seconds, mergeOf([traces, index], traces.rows)),
      records_per_million: three(records(spans)),
      wire_bytes: three(spans.wire_bytes),
      wire_gzip_bytes: three(zipped.wire_bytes),
      log_bytes: three(spans.log_bytes_by_stream['traces']!),
      table_bytes: three(bytesOf([traces, index], traces.rows)),
    },
    points: {
      cpu_seconds_per_million: costsOf(
        readings.cpu_seconds,
        mergeOf(metrics, metricRows) + mergeOf([stored], stored.rows),
      ),
      records_per_million: three(records(readings)),
      wire_bytes: three(readings.wire_bytes),
      log_bytes: three(log['metric_points']! + log['readings']!),
      metric_table_bytes: three(bytesOf(metrics, metricRows)),
      reading_table_bytes: three(bytesOf([stored], stored.rows)),
    },
    ledger: {
      log_bytes: three((log['energy']! + log['ledger']!) / entriesPerPoint),
      table_bytes: three(bytesOf([ledger], ledger.rows)),
    },
    meter: {
      cpu_seconds_per_million: three(alone.cpuSecondsPerMillion),
      memory_bytes_per_series: three(alone.memoryBytesPerSeries),
      memory_bytes_per_host: three(alone.memoryBytesPerHost),
    },
    shared_record_cpu_seconds: three(alone.sharedRecordSeconds),
    record_cpu_seconds: three(thin.cpu_seconds['processors']! / thin.records),
    memory_mb: {
      collector: Math.round(measured.memory['collector']!.peakMb),
      processors: Math.round(measured.memory['processors']!.peakMb),
    },
  }
}

const costsOf = (cpu: Numbers, merge: number) => ({
  collector: three(cpu['collector']!),
  processors: three(cpu['processors']!),
  merge: three(merge),
  // The idle usage of the broker is subtracted; a small value may become zero.
  broker: three(Math.max(0.1, cpu['broker']!)),
})
