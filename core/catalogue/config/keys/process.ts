import { z } from 'zod'
import { duration } from './quantities.ts'

/** collector: receivers, sensors, intake. processors: store, meter, rate. query: routes and the page. */
export const ROLES = ['collector', 'processors', 'query'] as const
export type Role = (typeof ROLES)[number]

/** Keys of the process as a whole, which stand in no section. */
export const processKeys = {
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .default([...ROLES])
    .describe('Stages that this process runs; on one machine all of them'),
  instance: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,200}$/, 'letters, digits, dot, underscore and hyphen')
    .optional()
    .describe(
      'Kafka: name that this process keeps over restarts and no other has, so that it gets its partitions back at once after a crash; default: kept in the data folder, where one is used',
    ),
  shutdown_grace: duration
    .prefault(25)
    .describe('Seconds that a stop may take to finish what is in flight; less than the orchestrator waits'),
  data: z.string().default('./.wattline').describe('Folder of the embedded log and engine'),
}

/** What the process tells of its own work. */
export const telemetrySchema = z
  .strictObject({
    traces: z.boolean().default(true).describe('Send spans of its own work'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where to: base address of an OTLP/HTTP receiver; default its own port, when it has one'),
    token: z.string().min(1).optional().describe('Sent to telemetry.endpoint as `Authorization: Bearer`'),
    sample_ratio: z.number().min(0).max(1).default(0.1).describe('Share of its own traces that are kept'),
  })
  .prefault({})

/** Log lines. */
export const logSchema = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('Least severe line that is written'),
  })
  .prefault({})
