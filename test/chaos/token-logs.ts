import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { DEDUPLICATION_LOGS, tableFolders } from '../../core/warehouse/embedded/token-repair.ts'

/**
 * Calls back when the engine next writes a token: the moment before the part gets its final name, in which a kill
 * wastes the token. Returns a function that ends the watch.
 */
export async function onTokenWrite(enginePath: string, callback: () => void): Promise<() => void> {
  const watchers: FSWatcher[] = (await tableFolders(enginePath)).map(table =>
    watch(join(table, DEDUPLICATION_LOGS), callback),
  )
  return () => {
    for (const watcher of watchers) watcher.close()
  }
}
