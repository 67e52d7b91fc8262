/**
 * Guarantees, over HTTP and the real engine: a quarantined record is listed once with all processors that refused it,
 * and shown completely; only the operator sees it; a replay gets the bytes, headers and processors of the record, needs
 * scope admin, and is refused for a record that was replayed, may have been, or is damaged, unless forced.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SetAside } from '../../../core/broker/replay.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import type { Identity } from '../../../core/model/identity.ts'
import { quarantine } from '../../../core/model/streams/index.ts'
import type { RowOf } from '../../../core/model/streams/stream.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServer } from '../../../query/server.ts'
import { accessAs } from '../support/access.ts'
import { nano } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const BYTES = Buffer.from('bytes of a record')
const row = (changed: Partial<RowOf<typeof quarantine>>): RowOf<typeof quarantine> => ({
  Time: nano('2026-11-20T12:00:00Z'),
  Processor: 'store',
  Stream: 'traces',
  Partition: 0,
  Offset: 17n,
  Code: 'record_refused',
  Error: 'not this one.',
  Headers: { colour: 'red' },
  Record: BYTES.toString('base64'),
  Key: '',
  ...changed,
})
const note = (Offset: bigint, Code: string, text: string): RowOf<typeof quarantine> =>
  row({
    Processor: '',
    Offset,
    Code,
    Error: text,
    Record: '',
    Headers: {},
    Time: nano('2026-11-21T00:00:00Z'),
  })

let store: TestWarehouse
let server: QueryServer
let base: string
let identity: Identity
const replayed: SetAside[] = []

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(quarantine, [
    row({}),
    row({ Offset: 18n, Time: nano('2026-11-20T11:00:00Z') }),
    note(18n, 'replaying', ''),
    note(18n, 'replayed', 'traces/0/25'),
    row({ Offset: 19n, Time: nano('2026-11-20T10:00:00Z') }),
    note(19n, 'replaying', ''),
    row({
      Stream: 'readings',
      Partition: 1,
      Offset: 3n,
      Processor: 'store',
      Headers: { corrupt: 'checksum' },
    }),
    row({
      Stream: 'readings',
      Partition: 1,
      Offset: 3n,
      Processor: 'meter',
      Headers: { corrupt: 'checksum' },
    }),
    row({ Stream: 'factors', Offset: 4n, Time: nano('2026-11-20T07:00:00Z'), Key: 'tariffs/*' }),
    row({ Stream: 'factors', Offset: 5n, Time: nano('2026-11-20T06:00:00Z') }),
    row({ Stream: 'quarantine', Offset: 2n, Time: nano('2026-11-20T08:00:00Z') }),
    row({ Stream: 'logs', Offset: 1n, Time: nano('2026-11-20T09:00:00Z') }),
    row({ Stream: 'logs', Offset: 1n, Time: nano('2026-11-20T09:30:00Z'), Record: 'AAAA' }),
  ])
  server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: store.warehouse,
    events: silentEvents,
    readiness: async () => ({}),
    page: new Map([['index.html', { type: 'text/html', body: Buffer.from('') }]]),
    version: '0',
    started: new Date(0),
    access: accessAs(() => identity),
    replay: async record => {
      replayed.push(record)
      return `${record.stream}/${record.partition}/99`
    },
  })
  const { port } = await server.listen('127.0.0.1', 0)
  base = `http://127.0.0.1:${port}/api/v1/quarantine`
})
beforeEach(() => {
  replayed.length = 0
  identity = { tenant: 'default', scopes: ['read', 'admin'], accounts: null }
})
afterAll(async () => {
  await server.stop()
  await store.close()
})

async function ask(path: string, method = 'GET'): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${base}${path}`, { method })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

describe('list', () => {
  it('has each record once, the newest first, with its outcome', async () => {
    const { body } = await ask('')
    const none = { state: 'none', times: 0, place: null }
    expect(body).toMatchObject({
      truncated: false,
      records: [
        { stream: 'readings', partition: 1, offset: '3', processors: ['meter', 'store'], replay: none },
        {
          stream: 'traces',
          offset: '17',
          made: '2026-11-20T12:00:00.000Z',
          bytes: BYTES.length,
          replay: none,
        },
        {
          offset: '18',
          code: 'record_refused',
          error: 'not this one.',
          replay: { state: 'done', place: 'traces/0/25' },
        },
        { offset: '19', replay: { state: 'unknown', times: 0, place: null } },
        { stream: 'logs', offset: '1' },
        { stream: 'quarantine', offset: '2' },
        { stream: 'factors', offset: '4' },
        { stream: 'factors', offset: '5' },
      ],
    })
  })

  it('is narrowed by stream and limit, and reports that', async () => {
    const { body } = await ask('?stream=traces&limit=1')
    expect(body).toMatchObject({ truncated: true, records: [{ stream: 'traces', offset: '17' }] })
    expect((await ask('?stream=ledger')).body).toEqual({ truncated: false, records: [] })
    expect((await ask('?limit=0')).status).toBe(400)
    expect((await ask('?strem=x')).status).toBe(400)
  })
})

describe('show', () => {
  it('gives the whole record, with every error', async () => {
    const { body } = await ask('/readings/1/3')
    expect(body).toMatchObject({ damaged: true, headers: { corrupt: 'checksum' } })
    expect(body['errors']).toMatchObject([{ processor: 'meter' }, { processor: 'store' }])
    expect(Buffer.from(String((await ask('/traces/0/17')).body['record']), 'base64')).toEqual(BYTES)
  })

  it.each([
    ['/traces/0/5', 404],
    ['/traces/1/17', 404],
    ["/tra'ces/0/17", 404],
    ['/traces/0/x', 400],
    ['/traces/-1/17', 400],
    ['/traces/0/99999999999999999999', 400],
  ])('answers %s with %i', async (path, status) => expect((await ask(path)).status).toBe(status))
})

describe('replay', () => {
  it('appends the record unchanged, and refuses the next replay before its note can be read', async () => {
    expect(await ask('/traces/0/17/replay', 'POST')).toEqual({
      status: 200,
      body: { from: 'traces/0/17', to: 'traces/0/99', processors: ['store'] },
    })
    expect(replayed).toEqual([
      {
        stream: 'traces',
        partition: 0,
        offset: 17n,
        processors: ['store'],
        headers: { colour: 'red' },
        value: BYTES,
      },
    ])
    expect(await ask('/traces/0/17/replay', 'POST')).toMatchObject({
      status: 409,
      body: { code: 'replay_refused' },
    })
    expect(replayed).toHaveLength(1)
  })

  it.each([
    ['/traces/0/18', /replayed already, as traces\/0\/25/],
    ['/traces/0/19', /with an unknown outcome/],
    ['/readings/1/3', /damaged/],
  ])('refuses %s, unless forced', async (path, reason) => {
    const refused = await ask(`${path}/replay`, 'POST')
    expect(refused).toMatchObject({ status: 409, body: { code: 'replay_refused' } })
    expect(refused.body['detail']).toMatch(reason)
    expect(replayed).toEqual([])
    expect((await ask(`${path}/replay?force=true`, 'POST')).status).toBe(200)
    expect(replayed).toHaveLength(1)
  })

  it('keeps the key of a record, and is refused for a record that has lost a required key', async () => {
    expect((await ask('/factors/0/4')).body).toMatchObject({ key: 'tariffs/*' })
    expect((await ask('/factors/0/4/replay', 'POST')).status).toBe(200)
    expect(replayed).toMatchObject([{ stream: 'factors', key: 'tariffs/*' }])
    expect((await ask('/factors/0/5')).body).toMatchObject({ key: null })
    expect(await ask('/factors/0/5/replay?force=true', 'POST')).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/has no key/) },
    })
    expect(replayed).toHaveLength(1)
  })

  it('is refused for a place of two records', async () => {
    expect((await ask('/logs/0/1')).body).toMatchObject({ ambiguous: true })
    expect(await ask('/logs/0/1/replay?force=true', 'POST')).toMatchObject({
      status: 409,
      body: { code: 'replay_refused', detail: expect.stringContaining('two logs') },
    })
    expect(replayed).toEqual([])
  })

  it('is refused for a record of the quarantine itself, which would stop it', async () => {
    expect((await ask('/quarantine/0/2/replay?force=true', 'POST')).status).toBe(409)
    expect(replayed).toEqual([])
  })

  it('finds only quarantined records', async () => {
    expect((await ask('/traces/0/5/replay', 'POST')).status).toBe(404)
    expect((await ask('/traces/0/17/replay?force=perhaps', 'POST')).status).toBe(400)
    expect(replayed).toEqual([])
  })
})

describe('access', () => {
  it('requires scope admin to replay, and read to look', async () => {
    identity = { tenant: 'default', scopes: ['read'], accounts: null }
    expect((await ask('/traces/0/19/replay?force=true', 'POST')).status).toBe(403)
    expect((await ask('/traces/0/19')).status).toBe(200)
    identity = { tenant: 'default', scopes: ['ingest'], accounts: null }
    expect((await ask('')).status).toBe(403)
    expect(replayed).toEqual([])
  })

  it('shows nothing to another tenant or to a token for some accounts', async () => {
    identity = { tenant: 'other', scopes: ['read', 'admin'], accounts: null }
    expect((await ask('')).body).toEqual({ truncated: false, records: [] })
    expect((await ask('/traces/0/17')).status).toBe(404)
    expect((await ask('/traces/0/17/replay?force=true', 'POST')).status).toBe(404)
    identity = { tenant: 'default', scopes: ['read', 'admin'], accounts: ['shop'] }
    expect((await ask('')).status).toBe(403)
    expect(replayed).toEqual([])
  })
})
