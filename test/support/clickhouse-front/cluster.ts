/**
 * A cluster, as far as one engine can be one. All shards are the engine itself, which it reads without a network; so
 * with more than one shard every row is read once for each of them. There is no Keeper, hence no ON CLUSTER and no
 * replicated engines: both are removed from statements.
 */
export interface FrontCluster {
  readonly name: string
  /** Macro `shard` of this server. */
  readonly shard: string
  readonly shards: number
}

const SHARD = `<shard><internal_replication>true</internal_replication>
  <replica><host>127.0.0.1</host><port>9000</port></replica></shard>`

/** Elements for the engine's configuration. */
export const clusterConfig = ({ name, shard, shards }: FrontCluster): string => `
<tcp_port>9000</tcp_port>
<macros><shard>${shard}</shard><replica>front</replica></macros>
<remote_servers><${name}>${SHARD.repeat(shards)}</${name}></remote_servers>
`

/** The statement in a form for an engine without Keeper. */
export const withoutKeeper = (sql: string): string =>
  sql
    .replace(/ ON CLUSTER (?:'[^']*'|`[^`]*`|\w+)/, '')
    .replace(/\bReplicated(\w*MergeTree)\('[^']*', '[^']*'\)/, '$1')
