import { z } from 'zod'
import { OPERATOR_TENANT, TENANT, TENANT_SHAPE } from '../../model/identity.ts'
import { filePath, listenSchema } from './listen-schema.ts'
import { bytes, days, decimal, duration, durationOrZero, milliseconds, signedDecimal } from './quantities.ts'
import { ROLES } from './roles.ts'
import { scrapeSchema } from './scrape-schema.ts'

/**
 * Every configuration key with its default and one sentence of reason. docs/reference/configuration.md is checked against
 * this schema by a test. Unknown keys are errors. Keys are snake_case, as users write them.
 */
const toggle = z.enum(['auto', 'on', 'off'])
/** Each is a reader of its own for every processor: docs/scaling.md says how many a fleet needs. */
export const MOST_PARTITIONS = 1024
/** More cores than that are a case for more collectors. */
const MOST_PROCESSES = 64
/** A time of day range of a tariff: `from` inclusive, `to` exclusive, local to the tariff's time zone, `HH:MM`. */
const tariffBand = z.strictObject({
  from: z
    .string()
    .regex(/^\d\d:\d\d$/, 'must be a time of day in quotes, such as "06:00"')
    .describe('Start of the band, `HH:MM`'),
  to: z
    .string()
    .regex(/^\d\d:\d\d$/, 'must be a time of day in quotes, such as "22:00"')
    .describe('Its end, not in it any more; may lie beyond midnight'),
  price_per_kwh: signedDecimal.describe('Energy price in the band'),
})

const workloadRule = z.strictObject({
  match: z.strictObject({
    kind: z.string().optional().describe('Workload kind, exact'),
    namespace: z.string().optional().describe('Namespace, `*` as wildcard'),
    name: z.string().optional().describe('Workload name, `*` as wildcard'),
    label: z.record(z.string(), z.string()).optional().describe('Labels that must all be equal'),
  }),
  account: z.string().min(1).describe('Who pays; `${namespace}` and `${label:KEY}` are replaced'),
})

export const configSchema = z.strictObject({
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
  listen: listenSchema,
  auth: z
    .strictObject({
      tokens_file: filePath
        .optional()
        .describe(
          'File with the tokens that are let in, as hashes (`wattline token`); read again when it changes',
        ),
    })
    .prefault({}),
  broker: z
    .strictObject({
      kind: z
        .enum(['embedded', 'kafka'])
        .default('embedded')
        .describe(
          'Which log carries the streams: `embedded` in the data folder, or Apache `kafka` 4.0 or newer',
        ),
      brokers: z
        .array(z.string().regex(/^\S+:\d+$/, 'host:port, such as kafka-1:9092'))
        .default([])
        .describe('Kafka: host:port of some brokers; the others are learnt from them'),
      topic_prefix: z
        .string()
        .regex(/^[a-zA-Z0-9._-]{1,100}$/, 'letters, digits, dot, underscore and hyphen')
        .default('wattline')
        .describe('Kafka: what the names of topics, groups and transactional ids begin with'),
      replication: z
        .int()
        .min(1)
        .max(9)
        .default(3)
        .describe('Kafka: replicas of every topic; all but one must have a record before it counts'),
      tls: z
        .strictObject({
          enabled: z.boolean().default(false).describe('Kafka: encrypt connections'),
          ca: z.string().optional().describe('Kafka: authorities to trust, PEM; default those of Node'),
          cert: z.string().optional().describe('Kafka: certificate to show, PEM'),
          key: z.string().optional().describe('Kafka: key of that certificate, PEM'),
        })
        .prefault({}),
      sasl: z
        .strictObject({
          mechanism: z
            .enum(['none', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
            .default('none')
            .describe('Kafka: how to log in'),
          username: z.string().optional().describe('Kafka: user'),
          password: z.string().optional().describe('Kafka: password'),
        })
        .prefault({}),
      partitions: z
        .int()
        .min(1)
        .max(MOST_PARTITIONS)
        .default(2)
        .describe('Partitions a stream; fixed once the data folder or the topics exist'),
      host_partitions: z
        .int()
        .min(1)
        .max(MOST_PARTITIONS)
        .optional()
        .describe(
          'Partitions of streams keyed by host (readings, energy, ledger, late_readings); default as `partitions`. Every collector keeps a batch open for each: many make small records',
        ),
      retention_time: duration
        .prefault(3600)
        .describe('Seconds that records stay in the log after all have read them'),
      retention_bytes: bytes
        .prefault(8_388_608)
        .describe('Bytes a partition may keep of records that all have read'),
      max_bytes: bytes
        .prefault(17_179_869_184)
        .describe('Size the log may reach on disk; beyond it intake answers 503'),
    })
    .prefault({}),
  warehouse: z
    .strictObject({
      kind: z
        .enum(['embedded', 'clickhouse'])
        .default('embedded')
        .describe('Which ClickHouse holds the tables: the engine in this process, or a server'),
      url: z
        .array(z.string().regex(/^https?:\/\/[^\s/]+/, 'an address such as http://clickhouse-1:8123'))
        .default([])
        .describe('ClickHouse: addresses of its HTTP interface; of several the next is asked when one fails'),
      user: z.string().default('default').describe('ClickHouse: user'),
      password: z.string().default('').describe('ClickHouse: password'),
      cluster: z
        .string()
        .regex(/^[\w.-]{1,100}$/, 'a name as in system.clusters')
        .optional()
        .describe(
          'ClickHouse: cluster over whose shards the tables are spread, replicated within each; url names a server of every shard',
        ),
      tls: z
        .strictObject({
          ca: z.string().optional().describe('ClickHouse: authorities to trust, PEM; default those of Node'),
          cert: z.string().optional().describe('ClickHouse: certificate to show, PEM'),
          key: z.string().optional().describe('ClickHouse: key of that certificate, PEM'),
        })
        .prefault({}),
      max_memory_bytes: bytes
        .prefault(2_147_483_648)
        .describe(
          'Memory the embedded engine may use for one process; below 1 GiB the largest records of hostile senders do not fit',
        ),
    })
    .prefault({}),
  sensors: z
    .strictObject({
      interval: duration.prefault(5).describe('Seconds between two rounds of reading this machine'),
      cpu_time: toggle.default('auto').describe('CPU time of host, cgroups and processes'),
      rapl: toggle
        .default('auto')
        .describe('Energy counters of packages and memory under /sys/class/powercap'),
      estimate: toggle
        .default('auto')
        .describe('Estimated energy where no meter can be read; marked as such'),
      host_id: z.string().optional().describe('Identity of this host; default /etc/machine-id'),
      host_name: z.string().optional().describe('Name of this host; default as the kernel says'),
      host_root: z
        .string()
        .startsWith('/', 'an absolute path, such as /host')
        .default('/')
        .describe('Where /proc, /sys and /etc of this host are; elsewhere only in a container'),
      tenant: z
        .string()
        .regex(TENANT, TENANT_SHAPE)
        .default(OPERATOR_TENANT)
        .describe('Tenant that the readings of this host belong to'),
    })
    .prefault({}),
  hosts: z
    .strictObject({
      aliases: z
        .record(z.string().min(1).max(256), z.string().min(1).max(256))
        .default({})
        .describe(
          'Other names of machines that nothing sent links (a BMC, an address): readings under the key are booked on the host that is the value, its id or its name',
        ),
    })
    .prefault({}),
  scrape: scrapeSchema,
  metering: z
    .strictObject({
      lateness: durationOrZero
        .prefault(30)
        .describe('Seconds after its end that a window waits for readings'),
      idle_flush: duration
        .prefault(120)
        .describe('Seconds of silence of a host after which its windows close'),
      gap: duration
        .prefault(300)
        .describe('Longest trusted distance of two samples; beyond it energy is interpolated'),
      sensor_gap: duration.prefault(25).describe('The same for the sensors of this process'),
      uplink_patience: duration
        .prefault(172_800)
        .describe(
          'Seconds that the last windows of hosts behind a forwarding node stay open in silence: what follows may wait there',
        ),
      method: z.enum(['ratio', 'baseline']).default('ratio').describe('How idle energy is told from active'),
      idle_watts: z
        .number()
        .min(0)
        .optional()
        .describe('Calibrated idle power of a host for method `baseline`'),
      state_bytes: bytes
        .optional()
        .describe(
          'Memory that hosts and workloads of one tenant may take in this process, estimated; beyond it new ones are not metered. Default: a quarter of what JavaScript may use',
        ),
    })
    .prefault({}),
  collector: z
    .strictObject({
      processes: z
        .int()
        .min(1)
        .max(MOST_PROCESSES)
        .default(1)
        .describe(
          'Processes that share the OTLP ports of a collector, one for each core that it may use; more than one needs Kafka and role `collector` alone',
        ),
    })
    .prefault({}),
  processors: z
    .strictObject({
      poll_bytes: bytes
        .prefault(268_435_456)
        .describe(
          'Bytes of records that this process holds while it works them off, shared by its partitions; at least 1 MiB or one record each',
        ),
    })
    .prefault({}),
  workloads: z
    .strictObject({
      account: z.string().default('default').describe('Account of workloads that no rule names'),
      operator_account: z.string().default('operator').describe('Account of idle and unattributed energy'),
      rules: z.array(workloadRule).default([]).describe('First match wins'),
    })
    .prefault({}),
  factors: z
    .strictObject({
      zone: z
        .string()
        .default('WORLD')
        .describe('Grid zone of hosts that name none: ISO country code or WORLD'),
      pue: decimal.default('1').describe('Facility energy over IT energy; 1 counts the machine alone'),
      intensity_g_per_kwh: decimal.optional().describe('Overrides the built-in yearly average of the zone'),
      intensity_source: z.string().optional().describe('Where that override comes from'),
      embodied_kg: decimal.optional().describe('Embodied emissions of one host, kgCO2e'),
      embodied_years: decimal
        .default('5')
        .describe('Expected lifespan that embodied emissions are spread over'),
    })
    .prefault({}),
  tariffs: z
    .strictObject({
      currency: z
        .string()
        .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code of three capitals, such as EUR')
        .default('EUR')
        .describe('ISO 4217 code of all prices'),
      price_per_kwh: signedDecimal.optional().describe('Energy price; without it energy stays unpriced'),
      time_zone: z.string().default('UTC').describe('Zone of the bands, IANA name'),
      bands: z.array(tariffBand).default([]).describe('Other prices by time of day'),
      price_per_vcpu_hour: decimal.optional().describe('Resource price of CPU time'),
      price_per_gib_hour: decimal.optional().describe('Resource price of memory'),
    })
    .prefault({}),
  retention: z
    .strictObject({
      signals_days: days.prefault(30).describe('Days that spans, metrics, logs and readings stay'),
      ledger_days: days.prefault(400).describe('Days that ledger entries stay'),
    })
    .prefault({}),
  limits: z
    .strictObject({
      body_bytes: bytes.prefault(67_108_864).describe('Largest request body, also after decompression'),
      in_flight_bytes: bytes.prefault(268_435_456).describe('Bytes of requests that wait to become durable'),
      memory_bytes: bytes
        .optional()
        .describe(
          'Resident memory of the process; above four fifths of it requests are told to come back; default what the container or the machine has',
        ),
      attributes: z.int().positive().default(128).describe('Attributes an item; more are cut and counted'),
      attribute_bytes: bytes.prefault(4096).describe('Bytes an attribute value; longer is cut and counted'),
      future_seconds: duration
        .prefault(3600)
        .describe('How far ahead an item may be dated; later is rejected'),
      sql: z
        .strictObject({
          seconds: duration.prefault(30).describe('Longest run of one statement'),
          memory_bytes: bytes.prefault(4_294_967_296).describe('Most memory of one statement'),
          result_rows: z.int().positive().default(10_000_000).describe('Most rows of one answer'),
          concurrent: z
            .int()
            .positive()
            .default(8)
            .describe('Statements of one tenant at a time, running or waiting'),
        })
        .prefault({}),
    })
    .prefault({}),
  group_commit: z
    .strictObject({
      rows: z.int().positive().default(32_768).describe('Rows that close a batch'),
      bytes: bytes.prefault(8_388_608).describe('Raw bytes that close a batch'),
      wait_ms: milliseconds
        .prefault(100)
        .describe('Milliseconds after its first row that a batch closes under load'),
      thin_wait_ms: milliseconds
        .prefault(1000)
        .describe('The same while traffic is thin: fewer, larger inserts'),
    })
    .prefault({}),
  forward: z
    .strictObject({
      url: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe(
          'Base address of another Wattline, or of any OTLP/HTTP receiver, that this log is forwarded to; without it nothing is',
        ),
      protocol: z
        .enum(['wattline', 'otlp'])
        .default('wattline')
        .describe('`wattline`: every record takes effect there once; `otlp`: any receiver, at least once'),
      token: z.string().min(1).optional().describe('Sent as `Authorization: Bearer`'),
      headers: z
        .record(z.string(), z.string())
        .default({})
        .describe('Further headers of every request, such as keys of other receivers'),
      compression: z
        .enum(['gzip', 'none'])
        .default('gzip')
        .describe('Of OTLP bodies; records of another Wattline are compressed as they are'),
      timeout: duration
        .prefault(30)
        .describe('Seconds for one request and its answer; then it is sent again'),
      tls: z
        .strictObject({
          ca: z.string().optional().describe('Authorities to trust, PEM; default those of Node'),
          cert: z.string().optional().describe('Certificate to show, PEM'),
          key: z.string().optional().describe('Key of that certificate, PEM'),
        })
        .prefault({}),
    })
    .prefault({}),
  telemetry: z
    .strictObject({
      traces: z.boolean().default(true).describe('Send spans of its own work'),
      endpoint: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Where to: base address of an OTLP/HTTP receiver; default its own port, when it has one'),
      token: z.string().min(1).optional().describe('Sent to telemetry.endpoint as `Authorization: Bearer`'),
      sample_ratio: z.number().min(0).max(1).default(0.1).describe('Share of its own traces that are kept'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least severe line that is written'),
    })
    .prefault({}),
})

/** The configuration as components get it: complete and frozen. */
export type Config = z.infer<typeof configSchema>
