import type { BackupStore } from './backup-store.ts'
import { backupsIn, objectsOf, readManifest, removeManifest } from './manifest.ts'

/**
 * Removes all but the newest `keep` backups, then every object that none of the remaining ones needs, including those
 * of interrupted backups. Manifests are removed first, so an interrupted removal never leaves a backup that looks
 * complete.
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
