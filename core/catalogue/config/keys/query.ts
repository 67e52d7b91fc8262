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
