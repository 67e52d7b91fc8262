/** Where backups are kept: names and bytes, written once and never changed. A folder, or a bucket of S3. */
import { WattlineError } from '../catalogue/errors/errors.ts'

/** Objects by name, written once and never changed. Implemented by a folder and by an S3 bucket. */
export interface BackupStore {
  /** As the user wrote it. */
  readonly name: string
  /** Names below `prefix` (a folder's name and a slash) and their sizes. */
  list(prefix: string): Promise<ReadonlyMap<string, number>>
  /** Whole or not at all: what is broken off leaves no name behind. */
  put(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void>
  /** @throws backup_unusable when there is none */
  get(name: string): Promise<AsyncIterable<Uint8Array>>
  remove(name: string): Promise<void>
}

/** Opens `s3://bucket/prefix` or a folder; one that is not there is made by the first `put`. */
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
