/**
 * Unit costs, as measured by test/bench/unit-costs.ts, and assumptions. Both are data: measure again and replace
 * unit-costs.json, or change assumptions.json to your prices.
 */
import { readFileSync } from 'node:fs'
import { z } from 'zod'

const amount = z.number().nonnegative()

const processes = z.strictObject({
  /** Receiving, decoding, columns, compressing, appending. */
  collector: amount,
  /**
   * `store`, and for readings `meter` and `rate`, including the engine's inserts: as measured, at
   * `records_per_million`.
   */
  processors: amount,
  /** One merge of everything in the tables. */
  merge: amount,
  /** A broker that stores one replica. */
  broker: amount,
})

const unitCosts = z.strictObject({
  date: z.string(),
  machine: z.string(),
  spans: z.strictObject({
    cpu_seconds_per_million: processes,
    /** Number of records of all streams that were inserted per million items in that measurement. */
    records_per_million: amount,
    wire_bytes: amount,
    wire_gzip_bytes: amount,
    log_bytes: amount,
    /** In the tables after a merge, including the trace index. */
    table_bytes: amount,
  }),
  /** A data point that is a reading: a row of a metrics table and a row of `readings`. */
  points: z.strictObject({
    cpu_seconds_per_million: processes,
    /** Number of records of all streams that were inserted per million items in that measurement. */
    records_per_million: amount,
    wire_bytes: amount,
    log_bytes: amount,
    metric_table_bytes: amount,
    reading_table_bytes: amount,
  }),
  /** Entries: one for each workload, idle and unattributed, per component. */
  ledger: z.strictObject({ log_bytes: amount, table_bytes: amount }),
  /** `meter` alone, of what `points.cpu_seconds_per_million.processors` holds. */
  meter: z.strictObject({
    cpu_seconds_per_million: amount,
    /** Memory of a series: one meter of one workload, or of the host, with its samples and labels. And of a host besides. */
    memory_bytes_per_series: amount,
    memory_bytes_per_host: amount,
  }),
  /** What an insert costs however few rows it has, with all that belongs to it. */
  record_cpu_seconds: amount,
  /** What a small record costs that shares an insert, besides its part of that: reading and copying its rows. */
  shared_record_cpu_seconds: amount,
  memory_mb: z.strictObject({ collector: amount, processors: amount }),
})
/** Measured costs: CPU seconds per million items, bytes per item. */
export type UnitCosts = z.infer<typeof unitCosts>

const assumptions = z.strictObject({
  /** Utilisation of cores, disks and network cards at the planned peak hour. */
  utilisation: z.number().positive().max(1),
  /** Rows of a part that is not merged further; this determines how often a row is rewritten. */
  rows_per_large_part: z.number().positive(),
  /** Rows per record of spans in a fleet of that size. */
  rows_per_record: z.number().positive(),
  /** Parts per merge. */
  merge_fan_in: z.number().min(2),
  broker_write_megabytes_per_second: z.number().positive(),
  broker_disk_terabytes: z.number().positive(),
  /** Inserts that a shard can sustain. */
  inserts_per_second_a_shard: z.number().positive(),
  engine_cores: z.number().positive(),
  engine_disk_terabytes: z.number().positive(),
  collector_cores: z.number().positive(),
  processors_cores: z.number().positive(),
  network_gigabits_per_second: z.number().positive(),
  prices: z.strictObject({
    currency: z.string(),
    core_hour: amount,
    disk_terabyte_month: amount,
    source: z.string(),
  }),
})
/** Values that are not measured: utilisation, sizes of machines, prices. */
export type Assumptions = z.infer<typeof assumptions>

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

/** From unit-costs.json. @throws ZodError for a file that does not fit the schema */
export const readUnitCosts = (): UnitCosts => unitCosts.parse(read('unit-costs.json'))
/** From assumptions.json. @throws ZodError for a file that does not fit the schema */
export const readAssumptions = (): Assumptions => assumptions.parse(read('assumptions.json'))
