import { z } from 'zod'
import { FAMILY_NAMES } from '../../../books/cpu-families.ts'
import { unknownPlaceholders } from '../../../model/account-template.ts'
import { EIC, EIC_SHAPE } from '../../../model/places/entsoe-areas.ts'
import { ZONE, ZONE_SHAPE } from '../../../model/zone.ts'
import { embodiedSchema, pueSchema } from './factor-values.ts'
import { filePath } from './file-path.ts'
import { bytes, decimal, duration, durationOrZero } from './quantities.ts'

const patterns = (what: string) =>
  z.array(z.string().min(1)).min(1).optional().describe(`${what}, \`*\` as wildcard`)
const tenantPatterns = patterns('Tenants')
const hostPatterns = patterns('Names or ids of hosts')

const idlePolicy = z.enum(['none', 'by_usage', 'by_request'])

/** Metering: how readings become energy. */
export const meteringSchema = z
  .strictObject({
    lateness: durationOrZero
      .prefault(30)
      .describe('Seconds that a window waits for late readings after its end'),
    late_settle: duration
      .prefault(120)
      .describe(
        'Seconds after the last late reading of a host until the minutes concerned are computed again and corrected in the ledger',
      ),
    idle_flush: duration
      .prefault(120)
      .describe('Seconds without readings from a host after which its windows close'),
    gap: duration
      .prefault(300)
      .describe(
        'Longest time between two samples for which their difference is trusted; beyond it energy is interpolated',
      ),
    sensor_gap: duration.prefault(25).describe('The same for the sensors of this process'),
    uplink_patience: duration
      .prefault(172_800)
      .describe(
        'Seconds that the last windows of hosts behind a forwarding node stay open without readings, which may still be waiting on that node',
      ),
    method: z
      .enum(['ratio', 'baseline'])
      .default('ratio')
      .describe('How idle energy is separated from active energy'),
    idle_watts: z
      .number()
      .min(0)
      .optional()
      .describe('Calibrated idle power of a host for method `baseline`'),
    gpu_idle_watts: z
      .array(
        z.strictObject({
          gpus: patterns('UUIDs of boards'),
          hosts: hostPatterns,
          watts: z.number().min(0).max(3_000).describe('Power of one board without processes'),
        }),
      )
      .default([])
      .describe(
        'Idle power of GPUs; the first that names board and host applies. Otherwise it is the lowest average power of a minute in which no process held the board',
      ),
    estimates: z
      .array(
        z.strictObject({
          tenants: tenantPatterns,
          hosts: hostPatterns,
          family: z
            .enum(FAMILY_NAMES)
            .default('average')
            .describe('Family of their processors; see docs/meters.md'),
          idle_watts: z
            .number()
            .min(0)
            .max(1_000)
            .optional()
            .describe('Power of an idle logical CPU, in place of that of the family'),
          max_watts: z
            .number()
            .min(0)
            .max(1_000)
            .optional()
            .describe('Power of a logical CPU at full load, in place of that of the family'),
        }),
      )
      .default([])
      .describe(
        'Hosts whose energy is estimated from their CPU time in minutes without a meter of processor or host; the first that names both applies. Do not name virtual machines whose hypervisor is metered too: their energy would count twice',
      ),
    idle_policy: idlePolicy
      .default('none')
      .describe(
        'Who takes idle energy, minute by minute: `none` (the operator), `by_usage` (workloads, by what they used) or `by_request` (workloads, by what they reserved; the operator takes the rest)',
      ),
    idle_policies: z
      .array(
        z.strictObject({
          tenants: tenantPatterns,
          hosts: hostPatterns,
          policy: idlePolicy.describe('Their idle policy'),
        }),
      )
      .default([])
      .describe('Other policies for some tenants and hosts; the first that names both applies'),
    state_bytes: bytes
      .optional()
      .describe(
        'Estimated memory for the hosts and workloads of one tenant in this process; beyond it new ones are not metered. Default: a quarter of the JavaScript heap limit',
      ),
  })
  .prefault({})

const workloadRule = z.strictObject({
  match: z.strictObject({
    kind: z.string().optional().describe('Workload kind, exact'),
    namespace: z.string().optional().describe('Namespace, `*` as wildcard'),
    name: z.string().optional().describe('Workload name, `*` as wildcard'),
    tenant: z.string().optional().describe('Tenant, `*` as wildcard'),
    host: z.string().optional().describe('Name or id of the host, `*` as wildcard'),
    zone: z.string().optional().describe('Grid zone of the host, `*` as wildcard'),
    cluster: z.string().optional().describe('Kubernetes cluster (`k8s.cluster.name`), `*` as wildcard'),
    project: z
      .string()
      .optional()
      .describe(
        'Project of OpenStack or account of a cloud (`openstack.project.id`, `project_id`, `cloud.account.id`), `*` as wildcard',
      ),
    label: z
      .record(z.string(), z.string())
      .optional()
      .describe('Labels that the workload must all have, `*` as wildcard in the values'),
  }),
  account: z
    .string()
    .min(1)
    .refine(
      text => unknownPlaceholders(text).length === 0,
      'knows only ${tenant}, ${host}, ${zone}, ${kind}, ${namespace}, ${name}, ${cluster}, ${project} and ${label:KEY}',
    )
    .describe(
      'Account that pays; `${namespace}`, `${label:KEY}` and the other parts of `match` are replaced',
    ),
})

/** Workload accounts. */
export const workloadsSchema = z
  .strictObject({
    account: z.string().default('default').describe('Account of workloads that match no rule'),
    operator_account: z.string().default('operator').describe('Account of idle and unattributed energy'),
    rules: z.array(workloadRule).default([]).describe('First match wins'),
  })
  .prefault({})

const providedZone = z
  .string()
  .regex(ZONE, `must be ${ZONE_SHAPE}`)
  .describe('Grid zone to which its values apply')
const providerKeys = {
  zone: providedZone,
  interval: duration.prefault(900).describe('Seconds between two requests'),
  requests_per_day: z
    .int()
    .min(2)
    .optional()
    .describe(
      'Most requests of a UTC day, shared by all entries with this key; Wattline spreads them over the day',
    ),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Base URL, if not the public one'),
}
const area = z.string().min(1).describe('Name of the zone or region at the provider')

/** A source of intensities. Only one process should fetch from it, so configure it there only. */
const provider = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('uk_carbon_intensity').describe('Great Britain, half-hourly, without a key'),
    ...providerKeys,
    zone: providedZone.default('GB'),
  }),
  z.strictObject({
    kind: z.literal('electricity_maps').describe('Electricity Maps, API v3, hourly'),
    ...providerKeys,
    area: area.optional(),
    token: z.string().min(1).describe('Key, best as `${file:PATH}`'),
  }),
  z.strictObject({
    kind: z.literal('watttime').describe('WattTime, API v3, every five minutes'),
    ...providerKeys,
    area,
    user: z.string().min(1).describe('User'),
    password: z.string().min(1).describe('Password, best as `${file:PATH}`'),
    signal: z
      .enum(['co2_moer', 'co2_aoer'])
      .default('co2_moer')
      .describe('Marginal or average emissions; the ledger uses averages'),
  }),
  z.strictObject({
    kind: z
      .literal('entsoe')
      .describe(
        'ENTSO-E Transparency Platform: generation by fuel and day-ahead prices, by quarter hours or hours',
      ),
    ...providerKeys,
    area: z
      .string()
      .regex(EIC, EIC_SHAPE)
      .optional()
      .describe('Code of the area at ENTSO-E (EIC); default: that of the zone'),
    token: z.string().min(1).describe('Security token, best as `${file:PATH}`'),
  }),
])

/** Carbon factors. */
export const factorsSchema = z
  .strictObject({
    zone: z
      .string()
      .default('WORLD')
      .describe('Grid zone of hosts without a zone of their own: ISO country code or WORLD'),
    pue: decimal
      .default('1')
      .describe('Power usage effectiveness (facility energy / IT energy); 1 counts only the machine'),
    intensity_g_per_kwh: decimal.optional().describe('Overrides the built-in yearly average of the zone'),
    intensity_source: z.string().optional().describe('Source of the override, stored with the factor'),
    embodied_kg: decimal.optional().describe('Embodied emissions of one host, kgCO2e'),
    embodied_years: decimal
      .default('5')
      .describe('Expected lifespan over which embodied emissions are spread'),
    pue_values: z.array(pueSchema).default([]).describe('PUE by site or zone and time'),
    embodied: z.array(embodiedSchema).default([]).describe('Embodied emissions by type of host'),
    files: z
      .array(filePath)
      .default([])
      .describe(
        'Files of intensities, PUE, embodied emissions, spot prices and price lists (`.csv`, `.yaml`), read at start and whenever they change; see docs/factors.md',
      ),
    providers: z
      .array(provider)
      .default([])
      .describe('Providers of intensities; configure each in one process only'),
  })
  .prefault({})

/** Locations of hosts; keys that a site omits come from `factors`. */
export const sitesSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).describe('Display name of the site'),
      hosts: z.array(z.string().min(1)).min(1).describe('Names or ids of its hosts, `*` as wildcard'),
      zone: z.string().regex(ZONE, `must be ${ZONE_SHAPE}`).optional().describe('Grid zone of the site'),
      pue: decimal.optional().describe('Power usage effectiveness (facility energy / IT energy)'),
      embodied_kg: decimal.optional().describe('Embodied emissions of one host, kgCO2e'),
      embodied_years: decimal.optional().describe('Lifespan over which embodied emissions are spread'),
      operator_account: z
        .string()
        .min(1)
        .optional()
        .describe('Account of idle and unattributed energy at the site; default: workloads.operator_account'),
    }),
  )
  .default([])
  .describe('Locations of hosts; the first site that matches a host applies')
