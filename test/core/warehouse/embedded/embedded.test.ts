// Guarantees: opening removes what a crash left, closing ends running work, a folder can be reopened in one process,
// and a second folder is refused without harm to the first.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ENGINE_BYTES } from '../../../../collector/intake/large-request.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { FIXED_LIMITS } from '../../../../core/catalogue/limits/limits.ts'
import { encodeRows } from '../../../../core/columns/rows.ts'
import { traces } from '../../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import type { FencedResult, Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { span } from '../../../contract/warehouse/sample-rows.ts'
import { fencedQuery } from '../../../support/fenced-query.ts'

let path: string
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'wattline-embedded-'))
})
afterEach(() => rm(path, { recursive: true, force: true }))

const open = (folder = path): Promise<Warehouse> =>
  openEmbeddedWarehouse({ path: folder, maxMemoryBytes: 2 ** 30, events: silentEvents })

const fenced = (warehouse: Warehouse, sql: string, format: string): Promise<FencedResult> =>
  warehouse.fenced(fencedQuery(sql, format))

it('removes records that a crash left half written', async () => {
  await mkdir(join(path, 'incoming'))
  await writeFile(join(path, 'incoming', 'left.arrow.zst'), 'x')
  const warehouse = await open()
  expect(await readdir(join(path, 'incoming'))).toEqual([])
  await warehouse.close()
})

it('can be opened again after closing, and refuses work in between', async () => {
  const first = await open()
  await first.ping()
  await first.close()
  await first.close()
  await expect(first.ping()).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  await expect(first.query('SELECT 1')).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  await expect(fenced(first, 'SELECT 1', 'TSV')).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  const second = await open()
  expect(await second.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await second.close()
})

it.each(['TSV', 'JSON'])('ends a running user query when it closes (%s)', async format => {
  const warehouse = await open()
  await warehouse.query('SELECT 1')
  await warehouse.migrate([], { signalsDays: 1, ledgerDays: 1 })
  const running = fenced(warehouse, 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)', format)
  const ended = expect(running).rejects.toMatchObject({ name: 'WattlineError' })
  const busy = async (): Promise<boolean> =>
    (await warehouse.query('SELECT query FROM system.processes')).length > 1
  while (!(await busy())) await new Promise(resolve => setTimeout(resolve, 5))
  await warehouse.close()
  await ended
})

it('closes while a stream has not been read to its end', async () => {
  const warehouse = await open()
  await warehouse.migrate([], { signalsDays: 1, ledgerDays: 1 })
  const result = await fenced(warehouse, 'SELECT * FROM numbers(1000000000)', 'TSV')
  for await (const chunk of result.chunks) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  await fenced(warehouse, 'SELECT * FROM numbers(1000000000)', 'TSV')
  await warehouse.close()
})

it('closes in limited time while a query does not end', async () => {
  const warehouse = await openEmbeddedWarehouse({
    path,
    maxMemoryBytes: 2 ** 30,
    events: silentEvents,
    closeTimeoutMs: 50,
  })
  let isOver = false
  const endless = warehouse.query('SELECT sleep(2)').finally(() => {
    isOver = true
  })
  await warehouse.query('SELECT 1')
  await warehouse.close()
  expect(isOver).toBe(false)
  await endless
  // Then it releases the folder after all.
  const other = await mkdtemp(join(tmpdir(), 'wattline-embedded-'))
  await (await vi.waitFor(() => open(other), { timeout: 60_000 })).close()
  await rm(other, { recursive: true, force: true })
})

it('refuses a second folder in one process, and continues with the first', async () => {
  const warehouse = await open()
  const other = await mkdtemp(join(tmpdir(), 'wattline-embedded-'))
  await expect(open(other)).rejects.toMatchObject({ code: 'data_unusable' })
  await warehouse.ping()
  await warehouse.close()
  await rm(other, { recursive: true, force: true })
})

it('permanently refuses a record that needs more memory than allowed, and accepts the largest that intake makes', async () => {
  const warehouse = await open()
  await warehouse.migrate([traces], { signalsDays: 9_000, ledgerDays: 9_000 })
  const rows = 1_000
  // The log stores a resource once per record, the engine once per row.
  const record = (resourceBytes: number): Uint8Array =>
    encodeRows(traces, Array(rows).fill(span({ ResourceAttributes: { k: 'x'.repeat(resourceBytes) } })))
  const tooLarge = record(2 ** 21)
  expect(tooLarge.length).toBeLessThan(100_000)
  await expect(warehouse.insert(traces, tooLarge, 'traces/0/0')).rejects.toMatchObject({
    code: 'record_refused',
    disposition: 'quarantine',
  })
  const largest = FIXED_LIMITS.repeatedBytes + ENGINE_BYTES
  await warehouse.insert(traces, record(largest / rows), 'traces/0/1')
  expect(await warehouse.query('SELECT count() AS n FROM wattline.otel_traces')).toEqual([
    { n: String(rows) },
  ])
  await warehouse.close()
})

it('merges as configured, which is most of the cost of storing', async () => {
  const warehouse = await open()
  const [setting] = await warehouse.query<{ value: string }>(
    "SELECT value FROM system.merge_tree_settings WHERE name = 'merge_selector_base'",
  )
  expect(setting?.value).toBe('16')
  await warehouse.close()
})

it('limits user queries by the available threads', async () => {
  const room = 4
  vi.stubEnv('UV_THREADPOOL_SIZE', String(room + 16))
  const warehouse = await open()
  await warehouse.migrate([], { signalsDays: 1, ledgerDays: 1 })
  const asked = await Promise.allSettled(
    Array.from({ length: room + 4 }, () => fenced(warehouse, 'SELECT * FROM numbers(1000000000)', 'TSV')),
  )
  const refused = asked.flatMap(one => (one.status === 'rejected' ? [one.reason.code] : []))
  expect(refused).toEqual(Array(4).fill('too_many_queries'))
  for (const one of asked) {
    if (one.status === 'fulfilled') for await (const _ of one.value.chunks) break
  }
  // The engine stops unread statements, and has capacity again.
  const again = await vi.waitFor(() => fenced(warehouse, 'SELECT 1', 'TSV'), { timeout: 60_000 })
  for await (const chunk of again.chunks) expect(Buffer.from(chunk).toString()).toBe('1\n')
  await warehouse.close()
  vi.unstubAllEnvs()
})
