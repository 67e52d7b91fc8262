/**
 * Guarantees of exports in a process: killed at any moment and started again, each row is in the files once; a process that opens the folder
 * of an earlier one works, with exports and without; erasing a tenant takes its files along.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import { spanRequest } from '../../support/span-page.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-exports-'))
const files = join(data, 'exported')
const environment = {
  WATTLINE_EXPORTS_TO: files,
  WATTLINE_EXPORTS_TABLES: 'otel_traces,ledger',
  WATTLINE_EXPORTS_SETTLE: '1',
  WATTLINE_EXPORTS_INTERVAL: '1',
}
afterAll(() => rmSync(data, { recursive: true, force: true }))

/** A span of an hour that has ended. */
async function sendSpan({ otlp }: WattlineProcess, hoursAgo: number): Promise<void> {
  const response = await fetch(`${otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: spanRequest(Math.floor(Date.now() / 1_000) - hoursAgo * 3_600),
  })
  expect(response.status).toBe(200)
}

const counted = async (process: WattlineProcess, table: string): Promise<number> =>
  Number((await process.sql<{ n: string }>(`SELECT count() AS n FROM ${table}`))[0]?.n)
const parquet = (): string[] =>
  readdirSync(files, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.parquet'))

/** Otherwise the engine keeps them for a minute, and looks for them every few minutes. */
async function removeOldPartsSoon(): Promise<void> {
  const warehouse = await openEmbeddedWarehouse({
    path: join(data, 'warehouse'),
    maxMemoryBytes: 1_000_000_000,
    events: silentEvents,
  })
  for (const table of ['otel_traces', 'otel_traces_trace_id_ts', 'request_energy', 'request_minutes']) {
    await warehouse.statements!.run(
      `ALTER TABLE wattline.${table} MODIFY SETTING old_parts_lifetime = 1, cleanup_delay_period = 1, ` +
        'cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1, merge_tree_clear_old_parts_interval_seconds = 1',
    )
  }
  await warehouse.close()
}

it('each row once, through kills and restarts, and none after erasing', async () => {
  let process = await startProcess({ data, environment })
  await sendSpan(process, 2)
  await sendSpan(process, 3)
  const sent = await eventually(
    () => counted(process, 'otel_traces'),
    n => n > 0,
  )
  await eventually(
    () => counted(process, 'exported_otel_traces'),
    n => n === sent,
  )
  const before = parquet()
  // At different moments of a comparison or of a write.
  for (const pause of [0, 400]) {
    await sendSpan(process, 2)
    await new Promise(resolve => setTimeout(resolve, pause))
    await process.end('SIGKILL')
    process = await startProcess({ data, environment })
  }
  const all = await eventually(
    () => counted(process, 'otel_traces'),
    n => n >= sent + 2,
  )
  await eventually(
    () => counted(process, 'exported_otel_traces'),
    n => n === all,
  )
  expect(parquet()).toEqual(expect.arrayContaining(before))

  await process.end('SIGTERM')
  await removeOldPartsSoon()
  process = await startProcess({ data, environment })
  const erased = await fetch(`${process.http}/api/v1/erasures`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      tenant: 'default',
      // Later than the spans, and before the process measured itself: its tables remove old parts when they please.
      before: new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+/, ''),
    }),
  })
  const { id } = (await erased.json()) as { id: string }
  const done = await eventually(
    async () =>
      (await (await fetch(`${process.http}/api/v1/erasures/${id}`)).json()) as {
        step: string
        erased: object
      },
    ({ step }) => step === 'done',
    300_000,
  )
  expect(done.erased).toMatchObject({ 'exported files': all })
  expect(parquet()).toEqual([])
  await eventually(
    () => counted(process, 'exported_otel_traces'),
    n => n === 0,
  )
  await process.end('SIGTERM')

  process = await startProcess({ data })
  const names = await process.sql<{ name: string }>('SELECT name FROM system.tables')
  expect(names.map(({ name }) => name).filter(name => name.startsWith('exported_'))).toEqual([])
  await expect(process.sql('SELECT * FROM exported_otel_traces')).rejects.toThrow()
  expect((await fetch(`${process.http}/api/v1/exports`)).status).toBe(404)
  expect(await process.end('SIGTERM')).toBe(0)
}, 600_000)
