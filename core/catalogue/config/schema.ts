import { z } from 'zod'
import { alertsSchema } from './keys/alerts.ts'
import { autoscalersSchema } from './keys/autoscalers.ts'
import { billingSchema } from './keys/billing.ts'
import { bmcSchema } from './keys/bmc.ts'
import { factorsSchema, meteringSchema, sitesSchema, workloadsSchema } from './keys/books.ts'
import {
  collectorSchema,
  groupCommitSchema,
  hostsSchema,
  intakeLimits,
  metricsSchema,
  sensorsSchema,
} from './keys/collector.ts'
import { exportsSchema } from './keys/exports.ts'
import { kubernetesSchema } from './keys/kubernetes.ts'
import { authSchema, listenSchema } from './keys/listeners.ts'
import { mappingsSchema } from './keys/mappings.ts'
import { tariffsSchema } from './keys/prices.ts'
import { logSchema, processKeys, telemetrySchema } from './keys/process.ts'
import { forwardSchema, processorsSchema, requestsSchema } from './keys/processors.ts'
import { promqlLimitsSchema, sqlLimitsSchema } from './keys/query.ts'
import { scalingSchema, scalingSourceSchema } from './keys/scaling.ts'
import { scrapeSchema } from './keys/scrape.ts'
import { brokerSchema, retentionSchema, warehouseSchema } from './keys/storage.ts'

/**
 * Every configuration key with its default and a one-sentence description, in the order of
 * docs/reference/configuration.md, which is generated from it. Unknown keys are errors. Keys are snake_case, as users
 * write them.
 */
export const configSchema = z.strictObject({
  ...processKeys,
  listen: listenSchema,
  auth: authSchema,
  broker: brokerSchema,
  warehouse: warehouseSchema,
  sensors: sensorsSchema,
  bmc: bmcSchema,
  hosts: hostsSchema,
  kubernetes: kubernetesSchema,
  scrape: scrapeSchema,
  mappings: mappingsSchema,
  metrics: metricsSchema,
  metering: meteringSchema,
  collector: collectorSchema,
  processors: processorsSchema,
  workloads: workloadsSchema,
  requests: requestsSchema,
  factors: factorsSchema,
  sites: sitesSchema,
  tariffs: tariffsSchema,
  alerts: alertsSchema,
  scaling: scalingSchema,
  scaling_source: scalingSourceSchema,
  autoscalers: autoscalersSchema,
  billing: billingSchema,
  retention: retentionSchema,
  exports: exportsSchema,
  limits: z.strictObject({ ...intakeLimits, sql: sqlLimitsSchema, promql: promqlLimitsSchema }).prefault({}),
  group_commit: groupCommitSchema,
  forward: forwardSchema,
  telemetry: telemetrySchema,
  log: logSchema,
})

/** The configuration that components receive: complete and frozen. */
export type Config = z.infer<typeof configSchema>
