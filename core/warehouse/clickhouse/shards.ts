import { WattlineError } from '../../catalogue/errors/errors.ts'
import { digest } from '../../model/digest.ts'
import type { Endpoints } from './endpoints.ts'
import { type ServerFacts, UnfitServerError } from './server-facts.ts'

/**
 * The shard of a token: always the same for the same set of shards. By rendezvous hashing: a new shard takes its part
 * from all others, and no token moves between these.
 */
export function shardOf(token: string, shards: readonly string[]): string | null {
  let found: { readonly shard: string; readonly weight: string } | null = null
  for (const shard of shards) {
    const weight = digest(`${token}\n${shard}`, 16)
    if (found === null || weight > found.weight) found = { shard, weight }
  }
  return found?.shard ?? null
}

/** For a configuration without shards. @throws UnfitServerError when the servers that answer are not one server */
export async function assertOne(endpoints: Endpoints): Promise<readonly string[]> {
  const answers = await Promise.allSettled(endpoints.all.map(endpoint => endpoints.facts(endpoint)))
  for (const answer of answers) {
    if (answer.status === 'rejected' && answer.reason instanceof UnfitServerError) throw answer.reason
  }
  return []
}

/**
 * Names of the shards behind the addresses; empty without a cluster.
 * @throws config_invalid when no address leads to some shard
 * @throws warehouse_unavailable, or a server's error, while servers that may belong to that shard do not answer
 */
export async function findShards(endpoints: Endpoints, cluster: string): Promise<readonly string[]> {
  const answers = await Promise.allSettled(endpoints.all.map(endpoint => endpoints.facts(endpoint)))
  const facts: ServerFacts[] = []
  let silent: unknown = null
  for (const answer of answers) {
    if (answer.status === 'fulfilled') facts.push(answer.value)
    else silent ??= answer.reason
  }
  const problem = shardsProblem(facts, cluster)
  if (problem === null) return namesOf(facts)
  if (silent !== null && facts.length < answers.length) throw silent
  throw new WattlineError('config_invalid', problem)
}

const namesOf = (facts: readonly ServerFacts[]): readonly string[] =>
  [...new Set(facts.flatMap(({ place }) => (place === null ? [] : [place.shard])))].sort()

/** Why the servers that answered are not enough; null: there is one of every shard. */
export function shardsProblem(facts: readonly ServerFacts[], cluster: string): string | null {
  const names = namesOf(facts)
  const counts = new Set(facts.map(({ place }) => place?.shards ?? 0))
  if (counts.size > 1) {
    return `The servers of cluster ${cluster} disagree about its number of shards: ${[...counts].join(', ')}.`
  }
  const [shards = 0] = counts
  if (names.length === shards) return null
  const found = names.join(', ') || 'none'
  return names.length < shards
    ? `Cluster ${cluster} has ${shards} shards, but warehouse.url reaches only ${names.length} of them (macro shard: ${found}). Add a server of each shard.`
    : `Cluster ${cluster} has ${shards} shards, but its servers name ${names.length} (macro shard: ${found}).`
}
