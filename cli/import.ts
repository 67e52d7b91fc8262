import { Command } from 'commander'
import { openBackupStore } from '../core/backup/backup-store.ts'
import { importTables } from '../core/backup/import.ts'
import { readExport, rowsIn } from '../core/backup/moved.ts'
import { openTarget } from '../core/backup/target.ts'
import { loadConfig } from '../core/catalogue/config/load.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import { progressLine, rowsText } from './progress.ts'

/** `wattline import`. Fails with `import_differs` when rows or sums differ from the export afterwards. */
export const importCommand = (): Command =>
  new Command('import')
    .description('Insert an export into the tables of a ClickHouse server or cluster, each row once')
    .argument('<from>', 'folder or s3://BUCKET/PREFIX that `wattline export` wrote to')
    .requiredOption('--config <file>', 'configuration file with warehouse.kind: clickhouse')
    .addHelpText(
      'after',
      `
Creates missing tables, inserts each file once under a token, and continues after an interruption. At the end it compares rows,
and the sums of the books by tenant, with the export: nothing else may write to these tables meanwhile.

Examples:
  wattline import /mnt/move --config server.yaml`,
    )
    .action(async (from: string, options: { config: string }) => {
      const config = loadConfig(options.config, process.env)
      const store = await openBackupStore(from, process.env)
      const made = await readExport(store)
      const { warehouse, target } = await openTarget(config)
      const line = progressLine('import', rowsText)
      try {
        const findings = await importTables({ store, made, warehouse, target, onProgress: line.show })
        line.end()
        if (findings.length > 0) throw new WattlineError('import_differs', `${findings.join('; ')}.`)
      } finally {
        line.end()
        await warehouse.close()
      }
      const rows = made.tables.reduce((sum, { files }) => sum + rowsIn(files), 0)
      process.stdout.write(
        `${rows} rows are in ${target}; row counts and sums of the books match export ${made.id}.\n`,
      )
    })
