import { z } from 'zod'
import { bytes, duration } from './quantities.ts'

/** Limits of one SQL statement. */
export const sqlLimitsSchema = z
  .strictObject({
    seconds: duration.prefault(30).describe('Time limit of one statement'),
    memory_bytes: bytes.prefault(4_294_967_296).describe('Memory limit of one statement'),
    result_rows: z.int().positive().default(10_000_000).describe('Row limit of one answer'),
    concurrent: z
      .int()
      .positive()
      .default(8)
      .describe('Statements of one tenant at a time, running or waiting'),
  })
  .prefault({})

/** Limits of one query of the Prometheus API. */
export const promqlLimitsSchema = z
  .strictObject({
    seconds: duration
      .prefault(120)
      .describe('Time limit of one PromQL query, waiting included; clients can ask for less'),
    samples: z.int().positive().default(50_000_000).describe('Samples that one query may hold in memory'),
    samples_read: z.int().positive().default(500_000_000).describe('Samples that one query may read'),
    result_points: z.int().positive().default(20_000_000).describe('Points of one answer'),
    lookback: duration.prefault(300).describe('How long a sample counts as the value of its series'),
    concurrent: z
      .int()
      .positive()
      .default(40)
      .describe('PromQL queries of one tenant at a time, running or waiting'),
  })
  .prefault({})
