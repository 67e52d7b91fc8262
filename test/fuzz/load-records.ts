/** The engine's own check of records: it must load each, with all its rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Builders, createBuilders } from '../../collector/otlp/signals.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'

export interface KeptRecord {
  readonly record: Uint8Array
  readonly rows: number
}

/** Rows loaded; throws if a record is refused or rows are missing. */
export async function loadRecords(
  records: ReadonlyMap<keyof Builders, readonly KeptRecord[]>,
): Promise<number> {
  const path = mkdtempSync(join(tmpdir(), 'wattline-fuzz-'))
  const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 31, events: silentEvents })
  try {
    await warehouse.migrate(STREAMS, { signalsDays: 30_000, ledgerDays: 30_000 })
    const builders = createBuilders()
    let loaded = 0
    for (const [name, list] of records) {
      const { stream } = builders[name]
      for (const [index, { record }] of list.entries()) {
        await warehouse.insert(stream, record, `${stream.name}/0/${index}`)
      }
      const expected = list.reduce((sum, { rows }) => sum + rows, 0)
      const [row] = await warehouse.query<{ n: string }>(
        `SELECT count() AS n FROM ${warehouse.database}.${stream.table?.name}`,
      )
      if (Number(row?.n) !== expected)
        throw new Error(`${row?.n} rows of ${expected} are in ${stream.table?.name}.`)
      loaded += expected
    }
    return loaded
  } finally {
    await warehouse.close()
    rmSync(path, { recursive: true, force: true })
  }
}
