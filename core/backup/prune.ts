import type { BackupStore } from './backup-store.ts'
import { backupsIn, objectsOf, readManifest, removeManifest } from './manifest.ts'

/**
 * Removes all but the newest `keep` backups, then every file that none of those needs: also what broken-off backups left.
 * Manifests go first: what is left of a removal that was broken off is never taken for a backup.
 */
export async function prune(store: BackupStore, keep: number): Promise<void> {
  const ids = await backupsIn(store)
  const kept = ids.slice(-keep)
  const needed = new Set<string>()
  for (const id of kept) for (const { name } of objectsOf(await readManifest(store, id))) needed.add(name)
  for (const id of ids.slice(0, -keep)) await removeManifest(store, id)
  for (const prefix of ['logs/', 'definitions/', 'parts/']) {
    for (const name of (await store.list(prefix)).keys()) if (!needed.has(name)) await store.remove(name)
  }
}
