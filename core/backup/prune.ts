import { backupsIn, objectsOf, readManifest, removeManifest } from './manifest.ts'
import type { BackupStore } from './place.ts'

/**
 * Removes all but the newest `keep` backups, then every file that none of those needs: also what broken-off backups left.
 * Manifests go first: what is left of a removal that was broken off is never taken for a backup.
 */
export async function prune(place: BackupStore, keep: number): Promise<void> {
  const ids = await backupsIn(place)
  const kept = ids.slice(-keep)
  const needed = new Set<string>()
  for (const id of kept) for (const { name } of objectsOf(await readManifest(place, id))) needed.add(name)
  for (const id of ids.slice(0, -keep)) await removeManifest(place, id)
  for (const prefix of ['logs/', 'definitions/', 'parts/']) {
    for (const name of (await place.list(prefix)).keys()) if (!needed.has(name)) await place.remove(name)
  }
}
