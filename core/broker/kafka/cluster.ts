/** Finds leaders of partitions and coordinators of groups, and keeps connections to them. */
import {
  Admin,
  type BaseOptions,
  type ClusterMetadata,
  type Connection,
  ConnectionPool,
  FindCoordinatorKeyTypes,
} from '@platformatic/kafka'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { backoffMs, sleep } from '../../runtime/backoff.ts'
import { kafkaFailure, TakenOver } from './failure.ts'

/** How to reach Kafka, for all our clients. */
export interface KafkaConnection {
  /** `host:port` of some brokers; they name the others. */
  readonly brokers: readonly string[]
  /** TLS, with certificates as PEM text. */
  readonly tls?: {
    readonly ca?: string | undefined
    readonly cert?: string | undefined
    readonly key?: string | undefined
  }
  readonly sasl?: {
    readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
    readonly username: string
    readonly password: string
  }
}

const CLIENT_ID = 'wattline'
/** If a request gets no answer within this time, its connection is closed. */
const REQUEST_TIMEOUT_MS = 15_000
const FIRST_RETRY_MS = 50
const MAX_RETRY_MS = 1000

interface CallOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** The error for a failure; it differs during start. */
  readonly asFailure?: typeof kafkaFailure
}

/** Connections to the brokers, and calls that are retried while leaders and coordinators move. */
export class Cluster {
  readonly options: BaseOptions
  readonly admin: Admin
  /** For short requests. Reading uses separate connections, since a waiting fetch blocks all requests behind it. */
  readonly #pool: ConnectionPool
  readonly #timeoutMs: number
  readonly #coordinators = new Map<string, number>()
  readonly #closed = new AbortController()

  /** `timeoutMs`: how long calls are retried before they reject. */
  constructor(connection: KafkaConnection, timeoutMs: number) {
    this.options = {
      clientId: CLIENT_ID,
      bootstrapBrokers: [...connection.brokers],
      requestTimeout: REQUEST_TIMEOUT_MS,
      retries: 0,
      ...(connection.tls === undefined ? {} : { tls: certificatesOf(connection.tls) }),
      ...(connection.sasl === undefined ? {} : { sasl: { ...connection.sasl } }),
    }
    this.#timeoutMs = timeoutMs
    this.admin = new Admin({ ...this.options })
    this.#pool = this.newPool()
  }

  newPool(): ConnectionPool {
    return new ConnectionPool(CLIENT_ID, this.options)
  }

  /** Topics as Kafka reports them; rejects for a missing one. */
  metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    return this.admin.metadata({ topics: [...topics] })
  }

  /** The topic's id and a connection to the partition's leader. */
  async leader(
    topic: string,
    partition: number,
    pool: ConnectionPool = this.#pool,
  ): Promise<{ readonly topicId: string; readonly connection: Connection }> {
    const metadata = await this.metadata([topic])
    const found = metadata.topics.get(topic)
    const leader = metadata.brokers.get(found?.partitions[partition]?.leader ?? -1)
    if (found === undefined || leader === undefined) {
      throw new WattlineError(
        'broker_unavailable',
        `Partition ${partition} of ${topic} currently has no leader.`,
      )
    }
    return { topicId: found.id, connection: await pool.get(leader) }
  }

  /** A connection to the coordinator of a group; `group` is its name in Kafka. */
  async coordinator(group: string): Promise<Connection> {
    const metadata = await this.metadata([])
    let node = this.#coordinators.get(group)
    if (node === undefined) {
      const [found] = await this.admin.findCoordinator({
        keyType: FindCoordinatorKeyTypes.GROUP,
        keys: [group],
      })
      node = found?.nodeId ?? -1
      this.#coordinators.set(group, node)
    }
    const broker = metadata.brokers.get(node)
    if (broker !== undefined) return this.#pool.get(broker)
    throw new WattlineError(
      'broker_unavailable',
      `The coordinator of group ${group} is currently not available.`,
    )
  }

  /** Retries `work` on transient failures of Kafka, until the time is up or the signal aborts. */
  async call<T>(
    doing: string,
    work: () => Promise<T>,
    { signal, timeoutMs = this.#timeoutMs, asFailure = kafkaFailure }: CallOptions = {},
  ): Promise<T> {
    const deadline = Date.now() + timeoutMs
    for (let attempt = 0; ; attempt++) {
      try {
        this.refuseWhenClosed()
        return await work()
      } catch (thrown) {
        const failure = asFailure(thrown, doing)
        const over = this.#closed.signal.aborted || signal?.aborted === true || Date.now() > deadline
        if (failure.disposition !== 'retry' || failure instanceof TakenOver || over) throw failure
        this.forget()
        await sleep(backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS), signal)
      }
    }
  }

  /** Leaders and coordinators may have moved: look them up again. */
  forget(): void {
    this.#coordinators.clear()
    this.admin.clearMetadata()
  }

  refuseWhenClosed(): void {
    if (this.#closed.signal.aborted) throw new WattlineError('broker_unavailable', 'The log is closed.')
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.allSettled([this.admin.close(), this.#pool.close()])
  }
}

/** Omitted options use Node's defaults; a key with the value undefined would not. */
const certificatesOf = ({ ca, cert, key }: NonNullable<KafkaConnection['tls']>): object => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
})
