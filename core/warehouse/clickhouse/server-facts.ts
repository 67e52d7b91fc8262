import type { ClickHouseClient } from '@clickhouse/client'
import { INSERT_SETTINGS } from '../insert.ts'
import { timed } from './connection.ts'

/** Properties of a server that matter to us. */
export interface ServerFacts {
  readonly version: string
  /** Stays the same as long as its data folder. */
  readonly uuid: string
  /** The settings among `ASKED` that it knows. A server refuses a request with an unknown setting. */
  readonly settings: ReadonlySet<string>
  /** Its place in the cluster; null if there is none. */
  readonly place: ShardPlacement | null
}

interface ShardPlacement {
  /** Shard of this server, according to its macro `shard`. */
  readonly shard: string
  /** Shards of the cluster. */
  readonly shards: number
}

const ASKED: readonly string[] = [
  ...Object.keys(INSERT_SETTINGS),
  'deduplicate_insert',
  'deduplicate_insert_select',
  'insert_select_deduplicate',
]

/**
 * Everything else that we need is older than this: row filters by setting, the time zone of a session, the analyzer's
 * query tree.
 */
const OLDEST = [24, 8] as const
const FACTS_MS = 5_000

/** The server answers, but cannot keep the guarantees of a warehouse. */
export class UnfitServerError extends Error {
  constructor(problem: string) {
    super(problem)
    this.name = 'UnfitServerError'
  }
}

/** Queries the properties of a server. @throws UnfitServerError */
export async function readFacts(client: ClickHouseClient, cluster: string | null): Promise<ServerFacts> {
  const [row] = await ask<{ version: string; uuid: string; names: string[] }>(
    client,
    `SELECT version() AS version, toString(serverUUID()) AS uuid, groupArray(name) AS names FROM system.settings
     WHERE name IN (${ASKED.map(name => `'${name}'`).join(', ')})`,
  )
  const facts = { version: row?.version ?? '', uuid: row?.uuid ?? '', settings: new Set(row?.names) }
  const problem = serverProblem(facts)
  if (problem !== null) throw new UnfitServerError(problem)
  return { ...facts, place: cluster === null ? null : await readPlace(client, cluster) }
}

async function readPlace(client: ClickHouseClient, cluster: string): Promise<ShardPlacement> {
  const [row] = await ask<{ shards: number; shard: string; macros: string[]; clusters: string[] }>(
    client,
    `SELECT toUInt32((SELECT uniqExact(shard_num) FROM system.clusters WHERE cluster = {cluster:String})) AS shards,
       (SELECT groupArray(macro) FROM system.macros WHERE macro IN ('shard', 'replica')) AS macros,
       (SELECT any(substitution) FROM system.macros WHERE macro = 'shard') AS shard,
       (SELECT arraySort(groupUniqArray(cluster)) FROM system.clusters) AS clusters`,
    { cluster },
  )
  const { shards = 0, shard = '', macros = [], clusters = [] } = row ?? {}
  if (shards === 0) {
    throw new UnfitServerError(
      `ClickHouse has no cluster ${cluster} (warehouse.cluster). Its clusters: ${clusters.join(', ') || 'none'}.`,
    )
  }
  if (!macros.includes('shard') || !macros.includes('replica')) {
    throw new UnfitServerError(
      'A ClickHouse server of the cluster lacks the macros shard and replica. Define them on every server.',
    )
  }
  return { shard, shards }
}

const ask = <Row>(
  client: ClickHouseClient,
  query: string,
  query_params: Readonly<Record<string, string>> = {},
): Promise<Row[]> =>
  timed(FACTS_MS, async abort_signal => {
    const result = await client.query({ query, query_params, format: 'JSONEachRow', abort_signal })
    return await result.json<Row>()
  })

/** Why this server cannot be used; null: it can. */
export function serverProblem({
  version,
  settings,
}: Pick<ServerFacts, 'version' | 'settings'>): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return `ClickHouse ${version} is too old: Wattline needs 24.8 or newer.`
  }
  // In some releases an INSERT with a SELECT silently ignored its deduplication token, and no setting prevented it.
  if (settings.has('insert_select_deduplicate') && !settings.has('deduplicate_insert_select')) {
    return `ClickHouse ${version} has a fault in the deduplication of inserts: use 26.2 or newer, or 25.11 or older.`
  }
  return null
}
