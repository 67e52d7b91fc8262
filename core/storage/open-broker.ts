import { join } from 'node:path'
import type { Broker } from '../broker/broker.ts'
import type { HistoryOptions } from '../broker/embedded/history.ts'
import { needsOf } from '../catalogue/config/roles.ts'
import type { Config } from '../catalogue/config/schema.ts'
import type { Events } from '../catalogue/events/events.ts'
import { instanceName } from '../runtime/instance.ts'

/** Of the data folder. */
const LOG_FOLDER = 'log'

/** What goes with the log of the data folder, beside the configuration. */
export type LogOptions = Omit<HistoryOptions, 'endsFile'>

/** Longest waits for an answer of Kafka; default the client's. */
export interface KafkaPatience {
  readonly timeoutMs?: number | undefined
  /** For the first answer alone. */
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
  const instance = config.instance ?? (needsOf(config).folder ? instanceName(data) : undefined)
  const { openKafkaBroker } = await import('../broker/kafka/kafka-broker.ts')
  return openKafkaBroker({
    brokers,
    topicPrefix,
    replication,
    events,
    // Who reads the log also trims it: a thousand collectors would ask for the same.
    trims: config.roles.includes('processors') || config.forward.url !== undefined,
    // Before the grace is over: what hangs here is not to wait for Kafka to miss it.
    leaveAfterMs: config.shutdown_grace * 600,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(instance === undefined ? {} : { instance }),
    ...(tls.enabled ? { tls } : {}),
    ...(mechanism === 'none' ? {} : { sasl: { mechanism, username, password } }),
  })
}
