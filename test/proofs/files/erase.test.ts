// Guarantees: after `wattline erase` no row, no record of the log, no state of the meter and no file of the engine
// contains anything of the tenant, also when the process is killed in the middle; all others keep their data, to the
// last row, and the books balance; its record names no tenant; while the tenant may still send, only data older than a
// date is erased.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { ErasureAnswer } from '../../../core/api/answers.ts'
import { openStore } from '../../../core/broker/embedded/store.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { quarantine, STREAMS, traces } from '../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import { erasableTables } from '../../../core/warehouse/erase.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { span } from '../../contract/warehouse/sample-rows.ts'
import { wattline } from '../../support/backups.ts'
import { counterJson, encodeTraces, metricsJson, randomSpans } from '../../support/otlp.ts'
import { appendStored } from '../../support/stored-log.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const root = mkdtempSync(join(tmpdir(), 'wattline-erase-'))
const data = join(root, 'data')
const tokensFile = join(root, 'tokens.yaml')
mkdirSync(data)
afterAll(() => rmSync(root, { recursive: true, force: true }), 180_000)

const ENVIRONMENT = {
  WATTLINE_AUTH_TOKENS_FILE: tokensFile,
  WATTLINE_GROUP_COMMIT_WAIT_MS: '10',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '20',
  WATTLINE_METERING_LATENESS: '0',
}
const start = (): Promise<WattlineProcess> => startProcess({ data, environment: ENVIRONMENT })
const tokens = { shop: '', bank: '', default: '' }
const TABLES = erasableTables(STREAMS).map(({ name }) => name)
/** How often the engine checks for old parts. */
const CLEANUP =
  'cleanup_delay_period = 1, cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 1, merge_tree_clear_old_parts_interval_seconds = 1'
const NOW_S = Math.floor(Date.now() / 1000)

async function withWarehouse<Result>(work: (warehouse: Warehouse) => Promise<Result>): Promise<Result> {
  const warehouse = await openEmbeddedWarehouse({
    path: join(data, 'warehouse'),
    maxMemoryBytes: 1_000_000_000,
    events: silentEvents,
  })
  try {
    return await work(warehouse)
  } finally {
    await warehouse.close()
  }
}

/** Rows of a tenant by table, of a stopped process. */
const rowsOf = (tenant: string): Promise<Readonly<Record<string, number>>> =>
  withWarehouse(async warehouse => {
    const counts: Record<string, number> = {}
    for (const table of TABLES) {
      const [row] = await warehouse.query<{ n: number }>(
        `SELECT toUInt32(count()) AS n FROM wattline.${table} WHERE Tenant = '${tenant}'`,
      )
      if (row!.n > 0) counts[table] = row!.n
    }
    return counts
  })

/** Whether the log of a stopped process contains bytes anywhere: in keys, records and state. */
function isInLog(text: string): boolean {
  const store = openStore(join(data, 'log'), 1_000_000_000)
  const entries = [...store.entries({ start: Buffer.of(0), end: Buffer.of(255) })]
  void store.close()
  return entries.some(
    ({ key, value }) => Buffer.from(key).includes(text) || Buffer.from(value).includes(text),
  )
}

async function send(process: WattlineProcess, tenant: 'shop' | 'bank', ageDays: number): Promise<void> {
  const authorization = `Bearer ${tokens[tenant]}`
  const nowMs = (NOW_S - ageDays * 86_400) * 1000
  const post = async (path: string, type: string, body: Buffer | string): Promise<void> => {
    const headers = { authorization, 'content-type': type }
    const answer = await fetch(`${process.otlp}${path}`, {
      method: 'POST',
      headers,
      body: new Uint8Array(Buffer.from(body)),
    })
    expect([answer.status, await answer.text()]).toEqual([200, expect.anything()])
  }
  const spans = encodeTraces({ 'service.name': `${tenant}-service` }, randomSpans(50, nowMs))
  await post('/v1/traces', 'application/x-protobuf', spans)
  const points = [-180, -120, -60, 0].map(second => ({
    timeUnixNano: `${nowMs + second * 1000}000000`,
    asDouble: 10_000 + second * 50,
    attributes: {},
  }))
  const body = metricsJson({ 'host.id': `${tenant}-host`, 'host.name': `${tenant}-host` }, [
    counterJson(
      'hw.energy',
      'J',
      points.map(point => ({ ...point, attributes: { 'hw.type': 'cpu', 'hw.id': '0' } })),
    ),
  ])
  await post('/v1/metrics', 'application/json', JSON.stringify(body))
}

const erasure = async (process: WattlineProcess, id: string): Promise<ErasureAnswer> => {
  const headers = { authorization: `Bearer ${tokens.default}` }
  return (await (await fetch(`${process.http}/api/v1/erasures/${id}`, { headers })).json()) as ErasureAnswer
}

const asideRow = (record: Uint8Array, offset: bigint) => ({
  Time: BigInt(NOW_S) * 1_000_000_000n,
  Processor: 'store',
  Stream: 'traces',
  Partition: 0,
  Offset: offset,
  Code: 'record_refused',
  Error: 'it says shop-secret',
  Headers: {},
  Record: Buffer.from(record).toString('base64'),
  Key: '',
})

it('leaves nothing of a tenant, and everything of the others', { timeout: 400_000 }, async () => {
  for (const tenant of ['shop', 'bank', 'default'] as const) {
    const scopes = tenant === 'default' ? 'read,admin' : 'ingest,read'
    const made = await wattline(['token', '--tenant', tenant, '--scopes', scopes, '--add', tokensFile])
    tokens[tenant] = made.stdout.trim()
  }
  const first = await start()
  for (const ageDays of [5, 0]) {
    for (const tenant of ['shop', 'bank'] as const) await send(first, tenant, ageDays)
  }
  // A day, and so a partition of the tables, that no other test uses.
  await send(first, 'shop', 9)
  await eventually(
    () =>
      fetch(`${first.http}/api/v1/lag`, { headers: { authorization: `Bearer ${tokens.default}` } }).then(r =>
        r.text(),
      ),
    text =>
      (JSON.parse(text) as { partitions: { pending: string }[] }).partitions.every(
        ({ pending }) => pending === '0',
      ),
  )
  expect(await first.end('SIGTERM')).toBe(0)
  await withWarehouse(async ({ statements }) => {
    // A minute is long in a test.
    for (const table of [...TABLES, 'quarantine']) {
      await statements!.run(`ALTER TABLE wattline.${table} MODIFY SETTING old_parts_lifetime = 1, ${CLEANUP}`)
    }
  })
  const mixed = encodeRows(traces, [span({ Tenant: 'shop' }), span({ Tenant: 'bank', SpanName: 'kept' })])
  await appendStored(join(data, 'log'), 'quarantine', 0, [
    encodeRows(quarantine, [asideRow(mixed, 1n), asideRow(Buffer.from('no record'), 2n)]),
  ])
  const [shop, bank] = [await rowsOf('shop'), await rowsOf('bank')]
  expect(shop).toMatchObject({ otel_traces: 150, otel_traces_trace_id_ts: 150, readings: 12 })
  expect(bank).toMatchObject({ otel_traces: 100, otel_traces_trace_id_ts: 100, readings: 8 })
  expect(bank['ledger']).toBeGreaterThan(2)
  expect(isInLog('shop')).toBe(true)

  const second = await start()
  const url = ['--url', second.http, '--token', tokens.default]
  const refused = await wattline(['erase', '--tenant', 'shop', ...url])
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^erasure_refused: Tenant shop still has tokens/),
  })
  expect(
    await wattline(['erase', '--tenant', 'shop', '--url', second.http, '--token', tokens.bank]),
  ).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^forbidden/),
  })
  expect(await wattline(['erase', ...url])).toMatchObject({ code: 2 })

  const before = new Date((NOW_S - 2 * 86_400) * 1000).toISOString().slice(0, 10)
  const older = await wattline(['erase', '--tenant', 'shop', '--before', before, ...url])
  expect(older, older.stderr).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/1 quarantined records cannot be read/),
  })
  expect(older.stdout).toMatch(/otel_traces +100 +0/)

  writeFileSync(
    tokensFile,
    readFileSync(tokensFile, 'utf8')
      .split('\n')
      .filter(line => !line.includes('"shop"'))
      .join('\n'),
  )
  const begun = await wattline(['erase', '--tenant', 'shop', '--drop-unreadable', '--no-wait', ...url])
  expect(begun, begun.stderr).toMatchObject({ code: 0 })
  const id = /Erasure (\w+) has begun/.exec(begun.stdout)![1]!
  await second.end('SIGKILL')

  const third = await start()
  const done = await eventually(
    () => erasure(third, id),
    ({ step }) => step === 'done',
    120_000,
  )
  expect(done).toMatchObject({
    tenant: null,
    problem: null,
    left: { rows: 0, log_records: 0, old_parts: 0, unreadable: 0 },
  })
  // The state of the meter is deleted with the tenant: none of its windows closes afterwards. And the deleted data is
  // not reported as missing.
  await third.end('SIGKILL')
  const fourth = await start()
  expect(await (await fetch(`${fourth.http}/readyz`)).json()).toMatchObject({ ready: true })
  expect(await wattline(['losses'], { environment: { WATTLINE_DATA: data } })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing/),
  })
  expect(await fourth.end('SIGTERM')).toBe(0)
  expect(await rowsOf('shop')).toEqual({})
  // Spans are shared over minutes meanwhile: those of others stay, and may become more.
  const { request_energy: _rows, request_minutes: _minutes, ...bankNow } = await rowsOf('bank')
  const { request_energy: _before, request_minutes: _known, ...bankThen } = bank
  expect(bankNow).toEqual(bankThen)
  expect(isInLog('shop')).toBe(false)
  await withWarehouse(async warehouse => {
    const aside = await warehouse.query<{ Record: string; Error: string }>(
      'SELECT Record, Error FROM wattline.quarantine',
    )
    expect(aside).toHaveLength(1)
    expect(aside[0]!.Error).not.toContain('shop')
    expect(decodeRows(traces, Buffer.from(aside[0]!.Record, 'base64'))).toEqual([
      span({ Tenant: 'bank', SpanName: 'kept' }),
    ])
  })
  const kept = readdirSync(join(data, 'erasures')).map(name =>
    readFileSync(join(data, 'erasures', name), 'utf8'),
  )
  expect(kept).toHaveLength(2)
  for (const text of kept) expect(text).not.toMatch(/shop|bank/)
})
