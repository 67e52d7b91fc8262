import { setTimeout as delay } from 'node:timers/promises'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { Events } from '../../catalogue/events/events.ts'
import { engineCode, isLoginFault, messageOf, ownQueryError } from '../engine-errors.ts'
import { clusterDialect, SERVER_DIALECT } from '../tables/ddl-cluster.ts'
import type { Warehouse } from '../warehouse.ts'
import { ClickHouseWarehouse } from './clickhouse-warehouse.ts'
import { type ClickHouseLogin, connect } from './connection.ts'
import { Endpoints, isServerTrouble } from './endpoints.ts'
import { UnfitServerError } from './server-facts.ts'
import { assertOne, findShards } from './shards.ts'

/** How to reach and use ClickHouse servers. */
export interface ClickHouseWarehouseOptions extends ClickHouseLogin {
  /**
   * `http://host:8123` or `https://host:8443`; several addresses belong to one server, or to the servers of a cluster.
   */
  readonly urls: readonly string[]
  /**
   * As in system.clusters: tables are sharded over it and replicated within each shard. `urls` name a server of each
   * shard.
   */
  readonly cluster?: string | undefined
  readonly events: Events
  /** Timeout for the answer to an insert; default 20 s, well below the time that a processor may be silent. */
  readonly insertTimeoutMs?: number
  /** Random choice of the first server, which distributes the processes; default Math.random. */
  readonly random?: () => number
  /** How long the start waits for a server that answers; default 20 s. */
  readonly startTimeoutMs?: number
}

const INSERT_TIMEOUT_MS = 20_000
const START_TIMEOUT_MS = 20_000
const START_PAUSE_MS = 500

/**
 * Connects to ClickHouse: one server, or a cluster.
 * @throws warehouse_unavailable when none answers in time
 * @throws config_invalid when they refuse the user, or have a version that cannot keep the guarantees
 */
export async function openClickHouseWarehouse(options: ClickHouseWarehouseOptions): Promise<Warehouse> {
  const cluster = options.cluster ?? null
  const first = Math.floor((options.random ?? Math.random)() * options.urls.length)
  const urls = [...options.urls.slice(first), ...options.urls.slice(0, first)]
  const servers = urls.map(url => ({ url, client: connect(url, options) }))
  const endpoints = new Endpoints(servers, cluster, options.events, Date.now)
  const deadline = Date.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS)
  for (;;) {
    try {
      await endpoints.use(endpoint => endpoints.facts(endpoint))
      const shards = cluster === null ? await assertOne(endpoints) : await findShards(endpoints, cluster)
      const dialect = cluster === null ? SERVER_DIALECT : clusterDialect(cluster)
      const insertTimeoutMs = options.insertTimeoutMs ?? INSERT_TIMEOUT_MS
      return new ClickHouseWarehouse({ endpoints, dialect, shards, insertTimeoutMs, events: options.events })
    } catch (error) {
      const fatal = startProblem(error, options.user)
      if (fatal === null && Date.now() + START_PAUSE_MS < deadline) {
        await delay(START_PAUSE_MS)
        continue
      }
      await endpoints.close()
      throw fatal ?? ownQueryError(error)
    }
  }
}

/** Errors that waiting does not fix. */
function startProblem(error: unknown, user: string): WattlineError | null {
  if (error instanceof WattlineError) return error.disposition === 'retry' ? null : error
  const cause = error instanceof Error && error.cause instanceof UnfitServerError ? error.cause : error
  if (cause instanceof UnfitServerError) {
    return new WattlineError('config_invalid', cause.message, { cause: error })
  }
  const code = engineCode(error)
  if (code !== null && isLoginFault(code)) {
    const message = `ClickHouse refused the user ${user} (warehouse.user, warehouse.password): ${messageOf(error)}`
    return new WattlineError('config_invalid', message, { cause: error })
  }
  return code === null || isServerTrouble(error) ? null : ownQueryError(error)
}
