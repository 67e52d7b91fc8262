import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { STREAMS } from '../../../core/model/streams/index.ts'
import type { RowOf, StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { createFairness } from '../../../query/fair/fairness.ts'
import { type FencedReader, fencedReader } from '../../../query/fence/fenced-reader.ts'

export interface TestWarehouse {
  readonly path: string
  readonly warehouse: Warehouse
  /** As our own routes read. */
  reader(tenant: string, accounts?: readonly string[] | null): FencedReader
  insert<S extends StreamDeclaration>(stream: S, rows: readonly RowOf<S>[]): Promise<void>
  close(): Promise<void>
}

/** The real embedded engine with all tables, in a folder of its own, or in one that stays. */
export async function openTestWarehouse(signalsDays = 30, folder?: string): Promise<TestWarehouse> {
  const path = folder ?? (await mkdtemp(join(tmpdir(), 'wattline-query-')))
  const warehouse = await openEmbeddedWarehouse({
    path,
    maxMemoryBytes: 1_073_741_824,
    events: silentEvents,
  })
  await warehouse.migrate(STREAMS, { signalsDays, ledgerDays: Math.max(400, signalsDays) })
  let token = 0
  const limits = configSchema.parse({}).limits.sql
  const fairness = createFairness({ concurrent: limits.concurrent, isEmbedded: true })
  return {
    path,
    warehouse,
    reader: (tenant, accounts = null) =>
      fencedReader({
        warehouse,
        limits,
        sees: { tenant, accounts },
        signal: new AbortController().signal,
        turns: fairness.own,
      }),
    async insert(stream, rows) {
      token += 1
      await warehouse.insert(stream, encodeRows(stream, rows), `test/${token}`)
    },
    async close() {
      await warehouse.close()
      if (folder === undefined) await rm(path, { recursive: true, force: true })
    },
  }
}
