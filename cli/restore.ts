import { Command } from 'commander'
import { type BackupStore, openBackupStore } from '../core/backup/backup-store.ts'
import { backupsIn, readManifest } from '../core/backup/manifest.ts'
import { restore } from '../core/backup/restore.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { lockFolder } from '../core/runtime/folder-lock.ts'
import { progressLine } from './progress.ts'
import { withData } from './snapshot.ts'

/** `wattline restore`. Holds the folder's lock meanwhile; fails with `data_in_use` while a process uses the folder. */
export const restoreCommand = (): Command =>
  new Command('restore')
    .description('Restore a backup into an empty data folder; every file is checked')
    .argument('<from>', 'folder or s3://BUCKET/PREFIX that `wattline backup` wrote to')
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .option('--data <folder>', 'data folder; overrides the configuration')
    .option('--backup <id>', 'id of the backup, as shown by `wattline backup --list` (default: the newest)')
    .addHelpText(
      'after',
      `
After an interruption the same command continues. No process starts on the folder before the restore is complete.

Examples:
  wattline restore /mnt/backups/wattline --data /var/lib/wattline
  wattline restore s3://backups/wattline --config wattline.yaml
  wattline restore /mnt/backups/wattline --backup 20261130T061500Z_1a2b3c`,
    )
    .action(async (from: string, options: { config?: string; data?: string; backup?: string }) => {
      const { data } = withData(loadConfig(options.config, process.env), options.data)
      const store = await openBackupStore(from, process.env)
      const id = options.backup ?? (await newest(store))
      const manifest = await readManifest(store, id)
      const lock = lockFolder(data)
      const line = progressLine('restore')
      try {
        await restore({ store, manifest, data, onProgress: line.show })
      } finally {
        line.end()
        lock.release()
      }
      process.stdout.write(
        `Backup ${id} of ${manifest.takenAt} is restored into ${data}. Start it with \`wattline run\`.\n`,
      )
    })

async function newest(store: BackupStore): Promise<string> {
  const id = (await backupsIn(store)).at(-1)
  if (id !== undefined) return id
  throw new WattlineError('backup_unusable', `There is no complete backup in ${store.name}.`)
}
