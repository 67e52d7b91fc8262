import { z } from 'zod'
import { checkAlertSql } from '../../../alerts/checks.ts'
import { LABEL_NAME } from '../../../alerts/labels.ts'
import { TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { ZONE, ZONE_SHAPE } from '../../../model/zone.ts'
import { decimal, duration, durationOrZero } from './quantities.ts'

const MOST = 1_000_000
/** As long as a HorizontalPodAutoscaler allows. */
const LONGEST_STABILISATION_S = 3_600

const replicas = z.int().min(0).max(MOST)
const statement = z.string().superRefine((text, context) => {
  try {
    checkAlertSql(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
  }
})
const limited = durationOrZero.refine(
  seconds => seconds <= LONGEST_STABILISATION_S,
  'must be at most 1h, as a HorizontalPodAutoscaler allows',
)
const pattern = z.string().max(500)

const workloads = z.strictObject({
  account: pattern.default('').describe('Account, `*` as wildcard'),
  namespace: pattern.default('').describe('Namespace, `*` as wildcard'),
  name: pattern.default('').describe('Name of the workload, such as `checkout-*`'),
  kind: pattern.default('').describe('Kind of the workload, such as pod, container or vm'),
})

/** One number: exactly one of these keys. */
const source = {
  sql: statement
    .optional()
    .describe(
      'SELECT of the tenant that returns one row with one number. `{from:DateTime}` and `{to:DateTime}` are the window',
    ),
  metric: z
    .strictObject({
      name: z.string().min(1).max(500).describe('Name of the metric'),
      labels: z
        .record(z.string().min(1).max(200), z.string().max(1_000))
        .default({})
        .describe('Attributes of the series, its scope or its resource that must have these values'),
      aggregate: z
        .enum(['sum', 'avg', 'max', 'min', 'rate'])
        .default('sum')
        .describe(
          'How series become one number: their newest values, or, for `rate`, the increase of counters per second',
        ),
    })
    .optional()
    .describe('A gauge or sum that was received, in place of `sql`'),
  usage: z
    .strictObject({
      measure: z.enum(['watts', 'cpu_cores', 'grams_per_hour', 'cost_per_hour']).describe('What is summed'),
      ...workloads.shape,
    })
    .optional()
    .describe('What workloads use by the ledger, in place of `sql`; the newest minutes that are complete'),
  window: duration.prefault(60).describe('Seconds that the number looks back'),
}

const demand = z.strictObject({
  ...source,
  target_per_replica: z.number().positive().describe('How much of it one replica does'),
})

/** What rules of the field say: if it is missed, then. By a name of its own, because objects with this key look like promises. */
const THEN = 'then'

const slo = z.strictObject({
  ...source,
  max: z.number().optional().describe('The service level is missed above this'),
  min: z.number().optional().describe('The service level is missed below this'),
  [THEN]: replicas.describe('Replicas while it is missed, whatever the ceiling says'),
})

const speed = (stabilisation: number) =>
  z
    .strictObject({
      stabilisation: limited
        .prefault(stabilisation)
        .describe('Seconds whose demand counts: going down the largest, going up the smallest'),
      step: z
        .strictObject({
          replicas: replicas.default(0).describe('Replicas'),
          percent: z.number().min(0).max(10_000).default(0).describe('Percent of what there was'),
          per: duration.prefault(60).describe('Seconds in which that much may change'),
        })
        .optional()
        .describe(
          'The most that demand may change; of `replicas` and `percent` the larger. Bounds hold at once',
        ),
    })
    .prefault({})

const asList = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && !Array.isArray(given) ? [given] : given

const demandJson = z.toJSONSchema(demand, { io: 'input', unrepresentable: 'any' })

/** One policy, as the configuration has it by name, and as `PUT /api/v1/scaling/policies/{name}` takes it. */
export const scalingPolicySchema = z.strictObject({
  interval: duration.prefault(30).describe('Seconds between two decisions'),
  stale_after: duration
    .prefault(120)
    .describe('Seconds after which demand, hourly intensities and the decision itself are stale'),
  demand: z
    .preprocess(asList, z.array(demand).min(1).max(8))
    .meta({ type: 'array', items: demandJson })
    .describe('What has to be done; of several, the one that asks for most counts'),
  floor: z
    .strictObject({
      replicas: replicas.default(0).describe('Replicas that always run'),
      slo: slo.optional().describe('Service level: more replicas while it is missed'),
    })
    .prefault({}),
  ceiling: z
    .strictObject({
      replicas: replicas.optional().describe('Most replicas'),
      carbon_budget_g_per_hour: z
        .number()
        .positive()
        .optional()
        .describe('gCO2e per hour of all replicas, by their watts, PUE, intensity and embodied carbon'),
      cost_budget_per_hour: decimal
        .optional()
        .describe('Money per hour of all replicas, in the currency of their price list'),
      intensity: z
        .array(
          z.strictObject({
            above: z.number().min(0).describe('gCO2e/kWh above which it holds'),
            replicas: replicas.describe('Most replicas then'),
          }),
        )
        .default([])
        .describe('Most replicas by the intensity of the grid; of those exceeded the lowest'),
    })
    .prefault({}),
  shift: z
    .strictObject({
      deferrable: z.boolean().default(true).describe('Whether the work may wait'),
      deadline: duration.describe('Seconds after which work that came must be done'),
      duration: duration.prefault(3_600).describe('Seconds that the work takes'),
      objective: z.enum(['carbon', 'cost']).default('carbon').describe('What makes a window better'),
    })
    .optional()
    .describe('Work that waits for the best window before its deadline'),
  scale_up: speed(0).describe('How fast demand adds replicas'),
  scale_down: speed(300).describe('How fast demand removes replicas'),
  replica: z
    .strictObject({
      workloads: workloads
        .optional()
        .describe('Workloads of the ledger that are replicas: their power is measured'),
      window: duration.prefault(3_600).describe('Seconds of the ledger that are looked at'),
      watts: z.number().positive().optional().describe('Watts of a replica while nothing is measured'),
      cost_per_hour: decimal
        .optional()
        .describe('Money per hour of a replica besides energy while nothing is measured'),
      zone: z
        .string()
        .regex(ZONE, ZONE_SHAPE)
        .optional()
        .describe('Grid zone; default: that of the measured workloads, else `factors.zone`'),
      account: z.string().max(500).default('').describe('Account whose prices count'),
    })
    .prefault({}),
  kubernetes: z
    .strictObject({
      metric: z
        .string()
        .regex(
          /^[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?$/,
          'must be lower-case letters, digits, `.`, `_` and `-`',
        )
        .default('wattline_replicas')
        .describe('Name of the metric in the APIs of Kubernetes'),
      labels: z
        .record(z.string().regex(LABEL_NAME, 'must be letters, digits and underscores'), z.string().max(63))
        .default({})
        .describe('Labels of the metric besides `policy`'),
      namespace: z.string().max(63).optional().describe('Namespace of what is scaled'),
      api_version: z.string().max(200).default('apps/v1').describe('API version of what is scaled'),
      kind: z.string().max(63).default('Deployment').describe('Kind of what is scaled'),
      name: z.string().max(253).optional().describe('Name of what is scaled'),
    })
    .prefault({}),
})

/** Names of policies: they are part of addresses. */
export const SCALING_POLICY_NAME = /^(?!(?:policies|answers)$)[a-zA-Z0-9]([a-zA-Z0-9._-]{0,98}[a-zA-Z0-9])?$/
/** What is said of others. */
export const POLICY_NAME_SHAPE =
  'must be up to 100 letters, digits, `.`, `_` and `-`, such as checkout, and neither `policies` nor `answers`'

/** Policies by name. */
export const scalingSchema = z
  .record(
    z.string().regex(SCALING_POLICY_NAME, POLICY_NAME_SHAPE),
    scalingPolicySchema.extend({
      tenant: z.string().regex(TENANT, TENANT_SHAPE).default('default').describe('Tenant whose policy it is'),
    }),
  )
  .default({})
  .describe('Scaling policies by name')

/** For role `scaling` alone beside an instance whose log it cannot read. */
export const scalingSourceSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Address of an instance that decides; default: decisions are read from the log'),
    token: z
      .string()
      .min(1)
      .optional()
      .describe('Token of tenant default with scope read, best as `${file:PATH}`'),
  })
  .prefault({})
