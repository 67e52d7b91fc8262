import { Command, InvalidArgumentError } from 'commander'
import { type BackedUp, backUp } from '../core/backup/back-up.ts'
import { type BackupStore, openBackupStore } from '../core/backup/backup-store.ts'
import { type BackupManifest, backupsIn, objectsOf, readManifest } from '../core/backup/manifest.ts'
import { prune } from '../core/backup/prune.ts'
import { readSnapshot } from '../core/backup/snapshot.ts'
import { verifyBackup } from '../core/backup/verify.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { address, type ClientOptions, DEFAULT_URL } from './client.ts'
import { bytesText, progressLine } from './progress.ts'
import { withData, withSnapshot } from './snapshot.ts'
import { renderTable } from './table.ts'

interface BackupOptions extends ClientOptions {
  readonly config?: string
  readonly data?: string
  readonly list?: boolean
  readonly verify?: boolean
  readonly keep?: number
}

/**
 * `wattline backup`. Fails with `backup_unusable` (none to verify), `backup_refused`, or the error of the destination.
 */
export const backupCommand = (): Command =>
  new Command('backup')
    .description(
      'Copy the log and the tables of the data folder to another place, whether the process runs or not',
    )
    .argument('<to>', 'folder, or s3://BUCKET/PREFIX; holds any number of backups of one data folder')
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .option('--data <folder>', 'data folder; overrides the configuration')
    .option('--url <url>', 'address of the running process', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope admin of the tenant that runs it (default: WATTLINE_TOKEN)')
    .option('--keep <backups>', 'afterwards remove all but this many of the newest backups', keepCount)
    .option('--verify', 'read the newest backup and compare checksums, without making a backup')
    .option('--list', 'list the backups, without making one')
    .addHelpText('after', HELP)
    .action(async (to: string, options: BackupOptions) => {
      const store = await openBackupStore(to, process.env)
      if (options.list === true) return await list(store)
      if (options.verify === true) return await verifyNewest(store)
      const config = withData(loadConfig(options.config, process.env), options.data)
      const { manifest, reusedBytes } = await withSnapshot(config, options, id =>
        copy(config.data, id, store),
      )
      if (options.keep !== undefined) await prune(store, options.keep)
      process.stdout.write(summary(manifest, reusedBytes))
    })

const HELP = `
Run it where the process runs, on the same machine or in the same container: it reads the data folder. Files that earlier
backups have are not copied again, and after an interruption the same command continues. For S3, set AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION and AWS_ENDPOINT_URL in the environment.

Examples:
  wattline backup /mnt/backups/wattline
  wattline backup /mnt/backups/wattline --keep 14
  wattline backup s3://backups/wattline
  wattline backup /mnt/backups/wattline --list
  wattline backup /mnt/backups/wattline --verify`

function keepCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  throw new InvalidArgumentError('Give an integer, 1 or more.')
}

async function copy(data: string, id: string, store: BackupStore): Promise<BackedUp> {
  const snapshot = await readSnapshot(data, id)
  const line = progressLine('backup')
  try {
    return await backUp({ data, snapshot, store, onProgress: line.show, now: Date.now })
  } finally {
    line.end()
  }
}

async function list(store: BackupStore): Promise<void> {
  const rows: string[][] = []
  for (const id of await backupsIn(store)) {
    const manifest = await readManifest(store, id)
    rows.push([
      id,
      manifest.takenAt.slice(0, 19).replace('T', ' '),
      bytesText(sizeOf(manifest)),
      manifest.version,
    ])
  }
  process.stdout.write(
    rows.length === 0
      ? `There is no complete backup in ${store.name}.\n`
      : renderTable(['backup', 'taken (UTC)', 'bytes', 'by version'], rows),
  )
}

async function verifyNewest(store: BackupStore): Promise<void> {
  const id = (await backupsIn(store)).at(-1)
  if (id === undefined)
    throw new WattlineError('backup_unusable', `There is no complete backup in ${store.name}.`)
  const manifest = await readManifest(store, id)
  const line = progressLine('verify')
  try {
    await verifyBackup(store, manifest, line.show)
  } finally {
    line.end()
  }
  process.stdout.write(
    `Backup ${id} is complete and unchanged: ${objectsOf(manifest).length} files, ${bytesText(sizeOf(manifest))}.\n`,
  )
}

const sizeOf = (manifest: BackupManifest): number =>
  objectsOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0)

function summary(manifest: BackupManifest, reusedBytes: number): string {
  const { id, takenAt, log, engine, heldMs } = manifest
  const lines = [
    `Backup ${id} is complete: ${bytesText(sizeOf(manifest))}, of which ${bytesText(reusedBytes)} existed already.`,
    `  state of ${takenAt}; inserts were paused for ${heldMs} ms`,
  ]
  if (log === null) lines.push('  without the log: it is in Kafka')
  if (engine === null)
    lines.push('  without tables: they are on the ClickHouse server, which has its own BACKUP')
  for (const { name, parts } of engine?.tables ?? []) {
    const rows = parts.reduce((sum, part) => sum + part.rows, 0)
    if (rows > 0) lines.push(`  ${name}: ${rows} rows`)
  }
  return `${lines.join('\n')}\n`
}
