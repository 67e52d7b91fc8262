import { existsSync, type FSWatcher, watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The engine's folders of deduplication logs, one a table: store/abc/abc...-uuid/deduplication_logs. Nothing below tables is
 * looked at: kills leave hundreds of thousands of files there, and the moment would be over.
 */
export async function tokenLogs(enginePath: string): Promise<readonly string[]> {
  const store = join(enginePath, 'store')
  const tables = await Promise.all(
    (await readdir(store)).map(async prefix =>
      (await readdir(join(store, prefix))).map(table => join(store, prefix, table)),
    ),
  )
  const logs = tables.flat().map(table => join(table, 'deduplication_logs'))
  return logs.filter(log => existsSync(log))
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
