import { join } from 'node:path'
import type { Broker } from '../broker/broker.ts'
import type { HistoryOptions } from '../broker/embedded/history.ts'
import { roleNeeds } from '../catalogue/config/roles.ts'
import type { Config } from '../catalogue/config/schema.ts'
import type { Events } from '../catalogue/events/events.ts'
import { instanceName } from '../runtime/instance.ts'

/** Name in the data folder. */
const LOG_FOLDER = 'log'

/** Options of the embedded log, in addition to the configuration. */
export type LogOptions = Omit<HistoryOptions, 'endsFile'>

/** Timeouts for answers of Kafka; by default those of the client. */
export interface KafkaPatience {
  readonly timeoutMs?: number | undefined
  /** For the first answer only. */
  readonly startTimeoutMs?: number | undefined
}

/** Opens the log that the configuration names. */
export async function openBrokerOfKind(
  config: Config,
  events: Events,
  { timeoutMs, startTimeoutMs, ...history }: LogOptions & KafkaPatience = {},
): Promise<Broker> {
  const { data, broker } = config
  if (broker.kind === 'embedded') {
    const { openEmbeddedBroker } = await import('../broker/embedded/embedded-broker.ts')
    return openEmbeddedBroker({
      path: join(data, LOG_FOLDER),
      endsFile: join(data, 'log.ends'),
      maxBytes: broker.max_bytes,
      events,
      ...history,
    })
  }
  const { brokers, topic_prefix: topicPrefix, replication, tls, sasl } = broker
  const { mechanism, username = '', password = '' } = sasl
  const instance = config.instance ?? (roleNeeds(config).folder ? instanceName(data) : undefined)
  const { openKafkaBroker } = await import('../broker/kafka/kafka-broker.ts')
  return openKafkaBroker({
    brokers,
    topicPrefix,
    replication,
    events,
    // Only processes that read the log trim it: otherwise a thousand collectors would send the same requests.
    trims: config.roles.includes('processors') || config.forward.url !== undefined,
    // Before the end of the grace period: other replicas should not have to wait until Kafka notices that this one
    // hangs.
    leaveAfterMs: config.shutdown_grace * 600,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(instance === undefined ? {} : { instance }),
    ...(tls.enabled ? { tls } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  })
}
