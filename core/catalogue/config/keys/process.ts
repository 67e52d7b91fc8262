import { z } from 'zod'
import { duration } from './quantities.ts'

/**
 * collector: receivers, sensors, intake. processors: store, meter, rate, and the others. query: routes and the page. scaling:
 * answers for autoscalers.
 */
export const ROLES = ['collector', 'processors', 'query', 'scaling'] as const
/** A stage that a process can run. */
export type Role = (typeof ROLES)[number]

/** Keys of the process as a whole, outside any section. */
export const processKeys = {
  roles: z
    .array(z.enum(ROLES))
    .min(1)
    .default([...ROLES])
    .describe('Stages that this process runs; on a single machine all of them'),
  instance: z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,200}$/, 'letters, digits, dot, underscore and hyphen')
    .optional()
    .describe(
      'Kafka: unique name of this process that survives restarts, so that it gets its partitions back at once after a crash; default: a name stored in the data folder, if there is one',
    ),
  shutdown_grace: duration
    .prefault(25)
    .describe(
      'Seconds that a shutdown may take to finish requests in flight; must be less than the grace period of the orchestrator',
    ),
  data: z.string().default('./.wattline').describe('Folder of the embedded log and engine'),
}

/** Telemetry about the process itself. */
export const telemetrySchema = z
  .strictObject({
    traces: z.boolean().default(true).describe('Send traces of its own work'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Base URL of the OTLP/HTTP receiver; default: its own port, if it has one'),
    token: z.string().min(1).optional().describe('Sent to telemetry.endpoint as `Authorization: Bearer`'),
    sample_ratio: z.number().min(0).max(1).default(0.1).describe('Sampling ratio of its own traces, 0 to 1'),
  })
  .prefault({})

/** Log lines. */
export const logSchema = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error'])
      .default('info')
      .describe('Lowest severity that is logged'),
  })
  .prefault({})
