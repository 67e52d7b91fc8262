import { WattlineError } from '../catalogue/errors/errors.ts'
import type { BackupStore } from './backup-store.ts'
import { inTurns } from './in-turns.ts'
import { type BackupManifest, type BackupObject, objectsOf } from './manifest.ts'
import type { ByteProgress } from './progress.ts'
import { Watched } from './watched.ts'

const AT_A_TIME = 4

/** Error for an object whose bytes do not match the manifest. */
export const damaged = ({ name }: BackupObject, store: BackupStore): WattlineError =>
  new WattlineError('backup_unusable', `${name} in ${store.name} is damaged: its checksum does not match.`)

/** Reads every file of a backup and compares checksums. @throws backup_unusable */
export async function verifyBackup(
  store: BackupStore,
  manifest: BackupManifest,
  onProgress: (progress: ByteProgress) => void,
): Promise<void> {
  const totalBytes = objectsOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  await inTurns(objectsOf(manifest), AT_A_TIME, async object => {
    const watched = new Watched(await store.get(object.name), bytes => {
      doneBytes += bytes
      onProgress({ doneBytes, totalBytes })
    })
    for await (const _ of watched);
    const { bytes, sha256 } = watched.facts()
    if (bytes !== object.bytes || sha256 !== object.sha256) throw damaged(object, store)
  })
}
