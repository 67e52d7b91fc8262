/** Where backups are kept: objects with names, written once and never changed. A folder, or an S3 bucket. */
import { WattlineError } from '../catalogue/errors/errors.ts'

/** Objects by name, written once and never changed. Implemented by a folder and by an S3 bucket. */
export interface BackupStore {
  /** As the user wrote it. */
  readonly name: string
  /** Names below `prefix` (a folder's name and a slash) and their sizes. */
  list(prefix: string): Promise<ReadonlyMap<string, number>>
  /** Atomic: an interrupted write leaves no object with this name. */
  put(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** @throws backup_unusable when it does not exist */
  get(name: string): Promise<AsyncIterable<Uint8Array>>
  remove(name: string): Promise<void>
}

/** Opens `s3://bucket/prefix` or a folder; the first `put` creates a missing folder. */
export async function openBackupStore(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<BackupStore> {
  if (/^s3:\/\//.test(name)) {
    const { openS3 } = await import('./s3-store.ts')
    return openS3(name, environment)
  }
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(name)) {
    throw new WattlineError('parameter_invalid', `${name} is neither a folder nor s3://BUCKET/PREFIX.`)
  }
  const { openFolder } = await import('./folder-store.ts')
  return openFolder(name)
}
