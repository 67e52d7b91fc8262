/** Exports of tables as Parquet. */
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ParquetExporter } from '../core/exports/exporter.ts'
import { openExportPlace } from '../core/exports/place.ts'
import { dropExported } from '../core/warehouse/exported/tables.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import type { Wiring } from './wiring.ts'

/** Names the instance in its export folder; kept in the data folder. */
const OWNER_FILE = 'exports-owner'

/** Starts exporting; null where nothing is exported. Views of earlier exports are removed then. */
export async function startExports(
  { lifecycle, config, events, version }: Wiring,
  warehouse: Warehouse,
): Promise<ParquetExporter | null> {
  const { to, tables, period, settle, interval, retention_days: retentionDays } = config.exports
  if (warehouse.kind !== 'embedded' || warehouse.statements === undefined) return null
  if (to === undefined) {
    for (const text of dropExported([], warehouse.database)) await warehouse.statements.run(text)
    return null
  }
  return await lifecycle.start(
    'exports',
    async () => {
      const place = await openExportPlace(to, process.env)
      const exporter = new ParquetExporter({
        ...place,
        warehouse,
        tables,
        period,
        settle,
        interval,
        retentionDays: retentionDays ?? null,
        owner: await ownerOf(config.data),
        maxMemoryBytes: config.limits.sql.memory_bytes,
        version,
        events,
        now: Date.now,
      })
      await exporter.start()
      return exporter
    },
    exporter => exporter.close(),
  )
}

async function ownerOf(data: string): Promise<string> {
  const file = join(data, OWNER_FILE)
  const known = await readFile(file, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return ''
    throw error
  })
  if (known.trim() !== '') return known.trim()
  const made = randomBytes(8).toString('hex')
  await writeFile(file, `${made}\n`, { flush: true })
  return made
}
