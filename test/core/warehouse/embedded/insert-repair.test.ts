// Guarantees: an insert that failed in the middle, after the engine stored its token and before its part got its name,
// can be retried until complete: every row exists once, in the table and in derived tables, also while the table is
// read; a disk that is full or rejects writes is waited for.
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { STREAMS } from '../../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import { InsertRepair } from '../../../../core/warehouse/embedded/insert-repair.ts'
import { parsePartName } from '../../../../core/warehouse/embedded/token-repair.ts'
import { TRACE_INDEX } from '../../../../core/warehouse/tables/ddl-derived.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { chaosRecord, ENTRIES_PER_RECORD, SPANS_PER_RECORD } from '../../../chaos/warehouse/records.ts'
import { fencedQuery } from '../../../support/fenced-query.ts'
import { runs } from '../../../support/runs.ts'
import { smallDisk } from '../../../support/small-disk.ts'

let path: string
let warehouse: Warehouse
let repaired = 0

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'wattline-gate-'))
  warehouse = await open(path)
})
afterEach(async () => {
  await warehouse.close()
  await rm(path, { recursive: true, force: true })
})

async function open(folder: string): Promise<Warehouse> {
  repaired = 0
  const opened = await openEmbeddedWarehouse({
    path: folder,
    maxMemoryBytes: 2 ** 30,
    events: {
      emit(name, facts) {
        if (name === 'tokensRepaired') repaired += facts?.amount ?? 0
      },
    },
  })
  await opened.migrate(STREAMS, { signalsDays: 9_000, ledgerDays: 9_000 })
  return opened
}

const insert = (number: number): Promise<void> => {
  const { stream, bytes, token } = chaosRecord(number)
  return warehouse.insert(stream, bytes, token)
}

/** False if the engine could not. */
const stored = (number: number): Promise<boolean> =>
  insert(number).then(
    () => true,
    () => false,
  )

const value = async (sql: string): Promise<number> =>
  Number((await warehouse.query<{ n: string }>(`SELECT toString(${sql}) AS n`))[0]!.n)

const folderOf = async (table: string): Promise<string> =>
  (
    await warehouse.query<{ folder: string }>(
      `SELECT arrayJoin(data_paths) AS folder FROM system.tables WHERE database = 'wattline' AND name = '${table}'`,
    )
  )[0]!.folder

/**
 * Puts files in the place of the next parts, except the first: moving a part there fails, after its token was stored.
 * Returns a function that removes them.
 */
async function blockNames(table: string): Promise<() => Promise<void>> {
  const folder = await folderOf(table)
  const parts = (await readdir(folder)).map(parsePartName).filter(part => part !== null)
  const last = Math.max(...parts.map(part => part.maxBlock))
  const level = table === TRACE_INDEX ? 1 : 0
  const files = parts.flatMap(({ partition }) =>
    Array.from({ length: 2 * parts.length }, (_, index) =>
      join(folder, `${partition}_${last + 2 + index}_${last + 2 + index}_${level}`),
    ),
  )
  for (const file of files) await writeFile(file, 'in the way')
  return async () => {
    for (const file of files) await rm(file)
  }
}

describe('an insert with unnamed parts', () => {
  it.each([
    ['otel_traces', 2],
    ['otel_traces_trace_id_ts', 2],
    ['ledger', 3],
  ])('%s', async (table, number) => {
    await insert(number - 2)
    const free = await blockNames(table)
    await expect(insert(number)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
    await free()
    await insert(number)
    await insert(number)
    await insert(number - 2)
    expect(repaired).toBeGreaterThan(0)
    if (table === 'ledger') {
      expect(await value('(SELECT count() FROM wattline.ledger)')).toBe(2 * ENTRIES_PER_RECORD)
      expect(await value('(SELECT sum(Entries) FROM wattline.usage_hourly)')).toBe(2 * ENTRIES_PER_RECORD)
    } else {
      expect(await value('(SELECT count() FROM wattline.otel_traces)')).toBe(2 * SPANS_PER_RECORD)
      expect(await value('(SELECT uniqExact(SpanName, SpanId) FROM wattline.otel_traces)')).toBe(
        2 * SPANS_PER_RECORD,
      )
      expect(await value('(SELECT uniqExact(TraceId) FROM wattline.otel_traces_trace_id_ts)')).toBe(
        2 * SPANS_PER_RECORD,
      )
    }
  })
})

it('repairs while a reader has stopped reading: its query ends with an error, others wait and are answered', async () => {
  await insert(0)
  const endless = 'SELECT s.SpanName, number FROM numbers(100000000) AS n CROSS JOIN otel_traces AS s'
  const stalled = await warehouse.fenced(fencedQuery(endless, 'TSV', { maxSeconds: 600 }))
  const free = await blockNames('otel_traces')
  await expect(insert(2)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  await free()
  const repeated = insert(2)
  const counts = await Promise.all(
    Array.from({ length: 5 }, () => value('(SELECT count() FROM wattline.otel_traces)')),
  )
  await repeated
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(SPANS_PER_RECORD)
  expect(await value('(SELECT count() FROM wattline.otel_traces)')).toBe(2 * SPANS_PER_RECORD)
  const rest = (async () => {
    for await (const chunk of stalled.chunks) if (chunk.length === 0) return
  })()
  await expect(rest).rejects.toMatchObject({ name: 'WattlineError' })
})

it('waits while the disk accepts no writes, and continues by itself', async () => {
  await insert(0)
  const free = await blockNames('otel_traces')
  await expect(insert(2)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  await free()
  const folder = await folderOf('otel_traces')
  await rename(folder, `${folder.slice(0, -1)}.away`)
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(insert(2)).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  }
  await rename(`${folder.slice(0, -1)}.away`, folder)
  await insert(2)
  expect(await value('(SELECT count() FROM wattline.otel_traces)')).toBe(2 * SPANS_PER_RECORD)
})

it('continues when a table was attached without notice', async () => {
  const folder = join(path, 'a-table')
  await mkdir(folder)
  let isAttached = true
  const statements: string[] = []
  const gate = new InsertRepair({
    path,
    async run(statement) {
      statements.push(statement.split(' ').slice(0, 2).join(' '))
      if (statement.startsWith('DETACH')) isAttached = false
      if (!statement.startsWith('ATTACH')) return
      isAttached = true
      throw new Error('the answer got lost')
    },
    folderOf: async () => (isAttached ? folder : null),
    qualified: table => table,
    endReaders: async () => undefined,
    repaired: () => undefined,
  })
  const fail = (): Promise<void> => Promise.reject(new Error('out of nowhere'))
  await expect(gate.insert(['t'], fail)).rejects.toThrow('out of nowhere')
  await expect(gate.insert(['t'], async () => undefined)).rejects.toThrow('the answer got lost')
  await expect(gate.whole()).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  await gate.insert(['t'], async () => undefined)
  await gate.whole()
  expect(statements).toEqual(['SYSTEM STOP', 'DETACH TABLE', 'ATTACH TABLE'])
})

it('loses and duplicates nothing on a disk that fills up repeatedly', async () => {
  const disk = smallDisk(128)
  if (disk === null) return
  await warehouse.close()
  warehouse = await open(disk.path)
  try {
    let refused = 0
    const records = runs(6)
    for (let number = 0; number < records; number += 1) {
      disk.fill()
      // Just enough space for some of the parts.
      disk.leave(1_048_576 + (number % 8) * 65_536)
      while (!(await stored(number))) {
        refused += 1
        disk.free()
      }
      disk.free()
    }
    expect(refused).toBeGreaterThan(runs(1))
    disk.free()
    expect(await value('(SELECT count() FROM wattline.otel_traces)')).toBe((records / 2) * SPANS_PER_RECORD)
    expect(await value('(SELECT count() FROM wattline.ledger)')).toBe((records / 2) * ENTRIES_PER_RECORD)
  } finally {
    await warehouse.close()
    disk.remove()
  }
})
