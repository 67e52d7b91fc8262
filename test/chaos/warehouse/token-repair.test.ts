// Guarantees: a deduplication token whose part never got its final name, which a kill at the wrong moment leaves
// behind, makes the replay a silent loss without the repair, and no loss with it.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { STREAMS } from '../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { chaosRecord, SPAN_DAYS, SPANS_PER_RECORD } from './records.ts'

let path: string
let repaired: number
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'wattline-repair-'))
  repaired = 0
})
afterEach(() => rm(path, { recursive: true, force: true }))

const open = (repairTokens: boolean): Promise<Warehouse> =>
  openEmbeddedWarehouse({
    path,
    maxMemoryBytes: 2 ** 31,
    repairTokens,
    events: {
      emit(name, facts) {
        if (name === 'tokensRepaired') repaired += facts?.amount ?? 0
      },
    },
  })

const record = chaosRecord(0)

const countSpans = async (warehouse: Warehouse): Promise<number> =>
  Number((await warehouse.query<{ n: string }>('SELECT count() AS n FROM wattline.otel_traces'))[0]!.n)

/** Stores the record and removes one of its parts, as if the process had died before naming it. */
async function loseOnePart(): Promise<void> {
  const warehouse = await open(true)
  await warehouse.migrate(STREAMS, { signalsDays: 9_000, ledgerDays: 9_000 })
  await warehouse.insert(record.stream, record.bytes, record.token)
  expect(await countSpans(warehouse)).toBe(SPANS_PER_RECORD)
  const [table] = await warehouse.query<{ folder: string }>(
    "SELECT data_paths[1] AS folder FROM system.tables WHERE database = 'wattline' AND name = 'otel_traces'",
  )
  await warehouse.close()
  const part = (await readdir(table!.folder)).find(name => name.startsWith('20261103_'))!
  await rm(join(table!.folder, part), { recursive: true })
}

const replay = async (repairTokens: boolean): Promise<number> => {
  const warehouse = await open(repairTokens)
  try {
    await warehouse.insert(record.stream, record.bytes, record.token)
    return await countSpans(warehouse)
  } finally {
    await warehouse.close()
  }
}

it('loses the rows permanently without the repair', async () => {
  await loseOnePart()
  expect(await replay(false)).toBe(SPANS_PER_RECORD - SPANS_PER_RECORD / SPAN_DAYS)
  expect(repaired).toBe(0)
})

it('stores exactly the missing rows after the repair, and reports one repaired token', async () => {
  await loseOnePart()
  expect(await replay(true)).toBe(SPANS_PER_RECORD)
  expect(repaired).toBe(1)
  expect(await replay(true)).toBe(SPANS_PER_RECORD)
  expect(repaired).toBe(1)
})
