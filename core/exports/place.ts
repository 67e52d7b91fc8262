/** Where files go: a folder, or a bucket; as a store to write to, and as the engine reads it. */
import { resolve } from 'node:path'
import { type BackupStore, openBackupStore } from '../backup/backup-store.ts'
import { bucketAndPrefix, endpointOf, loginOf } from '../backup/s3-store.ts'
import type { ExportedFiles } from '../warehouse/exported/tables.ts'

/** Both views of one place. */
export interface ExportPlace {
  readonly store: BackupStore
  readonly files: ExportedFiles
}

/** @throws config_invalid when a required environment variable is missing */
export async function openExportPlace(
  name: string,
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<ExportPlace> {
  const isS3 = name.startsWith('s3://')
  const store = await openBackupStore(isS3 ? name : resolve(name), environment)
  if (!isS3) return { store, files: { kind: 'folder', path: resolve(name) } }
  const { bucket, prefix } = bucketAndPrefix(name)
  const { accessKeyId, secretAccessKey, sessionToken = '' } = loginOf(environment)
  const url = `${endpointOf(environment)}/${bucket}${prefix === '' ? '' : `/${prefix.replace(/\/$/, '')}`}`
  return { store, files: { kind: 's3', url, accessKeyId, secretAccessKey, sessionToken } }
}
