import { escaped } from './engine-users.ts'

/**
 * The engine's configuration file. The engine's own defaults are those of a server (90 % of memory, caches of
 * gigabytes, dozens of threads); here the engine is a guest in a process of a few hundred MB.
 */
interface EngineConfig {
  /** Memory that all queries, inserts and merges together may hold. */
  readonly maxMemoryBytes: number
  /** The file of users and row policies; without one nothing is hidden. */
  readonly usersFile?: string
}

const MEBIBYTE = 1_048_576

/** Settings as a flat list of element name and value; `merge_tree` ones apply to every table. */
export function engineSettings(config: EngineConfig): Readonly<Record<string, number>> {
  const cache = Math.max(8 * MEBIBYTE, Math.floor(config.maxMemoryBytes / 32))
  return {
    max_server_memory_usage: config.maxMemoryBytes,
    mark_cache_size: cache,
    index_mark_cache_size: Math.floor(cache / 4),
    primary_index_cache_size: cache,
    uncompressed_cache_size: 0,
    index_uncompressed_cache_size: 0,
    mmap_cache_size: 0,
    query_condition_cache_size: Math.floor(cache / 4),
    background_pool_size: 2,
    background_merges_mutations_concurrency_ratio: 1,
    background_move_pool_size: 1,
    background_fetches_pool_size: 1,
    background_common_pool_size: 2,
    background_schedule_pool_size: 4,
    background_buffer_flush_schedule_pool_size: 1,
    background_message_broker_schedule_pool_size: 1,
    background_distributed_schedule_pool_size: 1,
    tables_loader_foreground_pool_size: 2,
    tables_loader_background_pool_size: 1,
    max_thread_pool_size: 256,
    max_thread_pool_free_size: 4,
    max_io_thread_pool_size: 8,
    max_io_thread_pool_free_size: 0,
  }
}

/**
 * - Values that are compared with free slots of the merge pool must not exceed it, or the engine refuses to create
 *   tables.
 * - A mutation (a new retention, sums of old rows) waits until both slots are free, so that one is left for merges.
 * - A merge takes parts that are together 16 times as large as the largest of them, not 5 times, unless they have
 *   waited: each row is rewritten fewer times, which is most of the cost of storing (docs/adr/0020-fewer-merges.md).
 */
const MERGE_TREE = {
  merge_selector_base: 16,
  number_of_free_entries_in_pool_to_lower_max_size_of_merge: 1,
  number_of_free_entries_in_pool_to_execute_mutation: 2,
  number_of_free_entries_in_pool_to_execute_optimize_entire_partition: 1,
} as const

const elements = (settings: Readonly<Record<string, number>>, indent: string): string =>
  Object.entries(settings)
    .map(([name, value]) => `${indent}<${name}>${value}</${name}>`)
    .join('\n')

/** The file's text. */
export const engineConfigXml = (config: EngineConfig): string =>
  [
    '<clickhouse>',
    elements(engineSettings(config), '  '),
    '  <merge_tree>',
    elements(MERGE_TREE, '    '),
    '  </merge_tree>',
    ...(config.usersFile === undefined
      ? []
      : [`  <users_config>${escaped(config.usersFile)}</users_config>`]),
    '</clickhouse>',
    '',
  ].join('\n')
