import { z } from 'zod'
import { bytes, days, duration } from './quantities.ts'

/** Each partition is a separate reader in every processor: docs/scaling.md says how many a fleet needs. */
export const MOST_PARTITIONS = 1024

/** The log that carries the streams. */
export const brokerSchema = z
  .strictObject({
    kind: z
      .enum(['embedded', 'kafka'])
      .default('embedded')
      .describe('Log that holds the streams: `embedded` in the data folder, or Apache `kafka` 4.0 or newer'),
    brokers: z
      .array(z.string().regex(/^\S+:\d+$/, 'host:port, such as kafka-1:9092'))
      .default([])
      .describe('Kafka: host:port of some brokers; they name the others'),
    topic_prefix: z
      .string()
      .regex(/^[a-zA-Z0-9._-]{1,100}$/, 'letters, digits, dot, underscore and hyphen')
      .default('wattline')
      .describe('Kafka: prefix of the names of topics, groups and transactional ids'),
    replication: z
      .int()
      .min(1)
      .max(9)
      .default(3)
      .describe('Kafka: replicas of every topic; a record is acknowledged when all but one have it'),
    tls: z
      .strictObject({
        enabled: z.boolean().default(false).describe('Kafka: encrypt connections'),
        ca: z
          .string()
          .optional()
          .describe('Kafka: certificate authorities to trust, PEM; default: those of Node.js'),
        cert: z.string().optional().describe('Kafka: client certificate, PEM'),
        key: z.string().optional().describe('Kafka: key of the client certificate, PEM'),
      })
      .prefault({}),
    sasl: z
      .strictObject({
        mechanism: z
          .enum(['none', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])
          .default('none')
          .describe('Kafka: SASL credentials'),
        username: z.string().optional().describe('Kafka: user'),
        password: z.string().optional().describe('Kafka: password'),
      })
      .prefault({}),
    partitions: z
      .int()
      .min(1)
      .max(MOST_PARTITIONS)
      .default(2)
      .describe('Partitions per stream; cannot be changed once the data folder or the topics exist'),
    host_partitions: z
      .int()
      .min(1)
      .max(MOST_PARTITIONS)
      .optional()
      .describe(
        'Partitions of streams keyed by host (readings, energy, ledger, late_readings); default: as `partitions`. Every collector keeps one open batch per partition, so many partitions make small records',
      ),
    retention_time: duration
      .prefault(3600)
      .describe('Seconds that records stay in the log after all groups have read them'),
    retention_bytes: bytes
      .prefault(8_388_608)
      .describe('Bytes that a partition keeps of records that all groups have read'),
    max_bytes: bytes
      .prefault(17_179_869_184)
      .describe('Size limit of the log on disk; beyond it intake answers 503'),
  })
  .prefault({})

/** The tables. */
export const warehouseSchema = z
  .strictObject({
    kind: z
      .enum(['embedded', 'clickhouse'])
      .default('embedded')
      .describe('ClickHouse that holds the tables: the engine in this process, or a server'),
    url: z
      .array(z.string().regex(/^https?:\/\/[^\s/]+/, 'an address such as http://clickhouse-1:8123'))
      .default([])
      .describe('ClickHouse: URLs of the HTTP interface; if one fails, the next is used'),
    user: z.string().default('default').describe('ClickHouse: user'),
    password: z.string().default('').describe('ClickHouse: password'),
    cluster: z
      .string()
      .regex(/^[\w.-]{1,100}$/, 'a name as in system.clusters')
      .optional()
      .describe(
        'ClickHouse: cluster to shard and replicate the tables on; url names a server of every shard',
      ),
    tls: z
      .strictObject({
        ca: z
          .string()
          .optional()
          .describe('ClickHouse: certificate authorities to trust, PEM; default: those of Node.js'),
        cert: z.string().optional().describe('ClickHouse: client certificate, PEM'),
        key: z.string().optional().describe('ClickHouse: key of the client certificate, PEM'),
      })
      .prefault({}),
    max_memory_bytes: bytes
      .prefault(2_147_483_648)
      .describe(
        'Memory limit of the embedded engine; below 1 GiB the largest records of hostile senders do not fit',
      ),
  })
  .prefault({})

/** Retention of rows. */
export const retentionSchema = z
  .strictObject({
    signals_days: days.prefault(30).describe('Days to keep spans, metrics, logs and readings'),
    ledger_days: days.prefault(400).describe('Days to keep ledger entries'),
    requests_days: days
      .optional()
      .describe('Days to keep the energy of single requests; default: as `signals_days`'),
  })
  .prefault({})
