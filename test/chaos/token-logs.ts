import { type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The engine's folders of deduplication logs, one a table. */
export async function tokenLogs(enginePath: string): Promise<readonly string[]> {
  const store = join(enginePath, 'store')
  const folders = await readdir(store, { recursive: true })
  return folders.filter(name => name.endsWith('deduplication_logs')).map(name => join(store, name))
}

/**
 * Calls back when the engine next writes a token: the moment before the part gets its final name, in which a kill burns
 * the token. Returns what ends the watch.
 */
export async function onTokenWrite(enginePath: string, callback: () => void): Promise<() => void> {
  const watchers: FSWatcher[] = (await tokenLogs(enginePath)).map(log => watch(log, callback))
  return () => {
    for (const watcher of watchers) watcher.close()
  }
}
