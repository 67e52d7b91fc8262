import { z } from 'zod'
import { OPERATOR_TENANT, TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { bytes, duration } from './quantities.ts'

/** Keys of `scrape`, named as in Prometheus where they mean the same. docs/scrape.md lists what is not supported. */

/** Exposition formats with the names of Prometheus, newest first. */
export const SCRAPE_PROTOCOLS = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
] as const
const protocol = z.enum(SCRAPE_PROTOCOLS)

const target = z
  .string()
  .regex(/^[^\s/?#@]+$/, 'host:port, such as node-1:9100; path and scheme have keys of their own')
const labels = z.record(z.string(), z.string())

const relabelRule = z.strictObject({
  action: z
    .enum(['replace', 'keep', 'drop', 'hashmod', 'labelmap', 'labeldrop', 'labelkeep'])
    .default('replace')
    .describe('What to do when the pattern matches'),
  source_labels: z.array(z.string()).default([]).describe('Labels whose values are joined and matched'),
  separator: z.string().default(';').describe('Separator of the joined values'),
  regex: z.string().default('(.*)').describe('Pattern in the syntax of RE2; must match from end to end'),
  target_label: z.string().optional().describe('`replace`, `hashmod`: label to write'),
  replacement: z.string().default('$1').describe('Its new value; `labelmap`: the new name'),
  modulus: z.int().positive().optional().describe('`hashmod`: modulus of the hash of the joined values'),
})
/** A relabelling rule after defaults. */
export type RelabelRule = z.infer<typeof relabelRule>

const job = z.strictObject({
  job_name: z.string().min(1).describe('Value of label `job`, and service.name of the targets'),
  tenant: z.string().regex(TENANT, TENANT_SHAPE).default(OPERATOR_TENANT).describe('Tenant of the series'),
  scrape_interval: duration
    .prefault(15)
    .describe('Seconds between two scrapes of a target, or a duration such as `1m`'),
  scrape_timeout: duration
    .optional()
    .describe(
      'Timeout of one scrape in seconds, at most the interval; default: 10, or the interval if that is shorter',
    ),
  scheme: z.enum(['http', 'https']).default('http').describe('Protocol of the targets'),
  metrics_path: z.string().startsWith('/').default('/metrics').describe('Path of the exposition'),
  params: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe('Query parameters, each with its values'),
  honor_labels: z
    .boolean()
    .default(false)
    .describe(
      'Keep labels of the target that collide with ours; otherwise they are renamed to `exported_...`',
    ),
  honor_timestamps: z.boolean().default(true).describe('Use the timestamps that a target gives its samples'),
  basic_auth: z
    .strictObject({
      username: z.string().describe('User'),
      password: z.string().default('').describe('Password, best as `${file:PATH}`'),
    })
    .optional(),
  authorization: z
    .strictObject({
      type: z
        .string()
        .regex(/^[\w-]+$/, 'one word')
        .default('Bearer')
        .describe('Scheme of the Authorization header, such as Bearer'),
      credentials: z
        .string()
        .min(1)
        .describe('Credentials of the Authorization header, best as `${file:PATH}`'),
    })
    .optional(),
  tls_config: z
    .strictObject({
      ca: z.string().optional().describe('Certificate authorities to trust, PEM; default: those of Node.js'),
      cert: z.string().optional().describe('Client certificate, PEM'),
      key: z.string().optional().describe('Key of the client certificate, PEM'),
      server_name: z
        .string()
        .optional()
        .describe('Host name to verify the certificate of the target against'),
      insecure_skip_verify: z
        .boolean()
        .default(false)
        .describe('Accept any certificate: anyone on the network path can read and change the traffic'),
    })
    .prefault({}),
  body_size_limit: bytes
    .prefault(16_777_216)
    .describe('Decompressed bytes of one scrape; a larger one fails'),
  sample_limit: z
    .int()
    .positive()
    .default(100_000)
    .describe('Samples of one scrape after relabelling; a scrape with more fails'),
  scrape_protocols: z
    .array(protocol)
    .min(1)
    .default([...SCRAPE_PROTOCOLS])
    .describe('Exposition formats to request, in order of preference'),
  fallback_scrape_protocol: protocol
    .optional()
    .describe('Format of targets without a usable Content-Type; without it their scrapes fail'),
  static_configs: z
    .array(
      z.strictObject({
        targets: z.array(target).describe('host:port each'),
        labels: labels.default({}).describe('Labels of all these targets'),
      }),
    )
    .default([])
    .describe('Targets by name'),
  file_sd_configs: z
    .array(
      z.strictObject({
        files: z
          .array(z.string().regex(/\.(json|ya?ml)$/, 'a path that ends in .json, .yml or .yaml'))
          .min(1)
          .describe('Files with targets; `*` in the last part of the path'),
        refresh_interval: duration.prefault(5).describe('Seconds between two reads of the files'),
      }),
    )
    .default([])
    .describe('Targets in files, which are watched while the process runs'),
  relabel_configs: z.array(relabelRule).default([]).describe('Relabelling rules for targets'),
  metric_relabel_configs: z.array(relabelRule).default([]).describe('Relabelling rules for samples'),
})

/** Key `scrape`. */
export const scrapeSchema = z
  .strictObject({
    concurrency: z
      .int()
      .min(1)
      .max(1024)
      .default(64)
      .describe('Limit of targets that are scraped at the same time'),
    in_flight_bytes: bytes
      .prefault(134_217_728)
      .describe('Memory limit of all running scrapes together; a scrape that does not fit fails'),
    jobs: z.array(job).default([]).describe('Scrape jobs; see docs/scrape.md'),
  })
  .prefault({})

/** A scrape job after defaults, durations in seconds. */
export type ScrapeJob = z.infer<typeof job>
/** Name of an exposition format. */
export type ScrapeProtocol = (typeof SCRAPE_PROTOCOLS)[number]

/** Groups of targets that share labels, as in target files. */
export const targetGroups = z.array(z.object({ targets: z.array(target), labels: labels.default({}) }))
/** Targets with the labels that they share. */
export type TargetGroup = z.infer<typeof targetGroups>[number]
