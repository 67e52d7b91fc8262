import { Command } from 'commander'
import { type BackupStore, openBackupStore } from '../core/backup/backup-store.ts'
import { exportTables } from '../core/backup/export.ts'
import { type Export, rowsIn } from '../core/backup/moved.ts'
import { readSnapshot } from '../core/backup/snapshot.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { address, type ClientOptions, DEFAULT_URL } from './client.ts'
import { progressLine, rowsText } from './progress.ts'
import { withData, withSnapshot } from './snapshot.ts'
import { renderTable } from './table.ts'

interface ExportOptions extends ClientOptions {
  readonly config?: string
  readonly data?: string
}

/** `wattline export`, for embedded tables only. Fails with `backup_refused` when the tables are on a server. */
export const exportCommand = (): Command =>
  new Command('export')
    .description('Write the rows of the embedded tables to files, to be imported into a ClickHouse server')
    .argument('<to>', 'folder, or s3://BUCKET/PREFIX')
    .option('--config <file>', 'configuration file (default: wattline.yaml, if it exists)')
    .option('--data <folder>', 'data folder; overrides the configuration')
    .option('--url <url>', 'address of the running process', address, DEFAULT_URL)
    .option('--token <token>', 'token with scope admin of the tenant that runs it (default: WATTLINE_TOKEN)')
    .addHelpText(
      'after',
      `
Like a backup it reads a snapshot, whether the process runs or not, and continues after an interruption. It does not contain
what arrives afterwards: to move, stop the senders, wait until \`wattline lag\` shows 0, then export.

Examples:
  wattline export /mnt/move
  wattline export s3://move/wattline --config wattline.yaml`,
    )
    .action(async (to: string, options: ExportOptions) => {
      const store = await openBackupStore(to, process.env)
      const config = withData(loadConfig(options.config, process.env), options.data)
      if (config.warehouse.kind !== 'embedded') {
        throw new WattlineError('backup_refused', 'The tables are already on a ClickHouse server.')
      }
      const made = await withSnapshot(config, options, id => exportSnapshot(config, id, store))
      process.stdout.write(summary(made))
    })

async function exportSnapshot(config: Config, id: string, store: BackupStore): Promise<Export> {
  const { data, warehouse } = config
  const snapshot = await readSnapshot(data, id)
  const line = progressLine('export', rowsText)
  try {
    const maxMemoryBytes = warehouse.max_memory_bytes
    return await exportTables({ data, snapshot, store, maxMemoryBytes, onProgress: line.show })
  } finally {
    line.end()
  }
}

function summary({ id, takenAt, tables }: Export): string {
  const rows = tables
    .filter(({ files }) => files.length > 0)
    .map(({ table, files }) => [table, String(rowsIn(files)), String(files.length)])
  return `${renderTable(['table', 'rows', 'files'], rows)}Export ${id} of ${takenAt} is complete. Import it with \`wattline import\`.\n`
}
