// Guarantees: a record from another instance is durable, complete and with its origin, before it is acknowledged;
// anything that is not exactly a record of the stream it claims, in shape, size, schema, manifest or tenant, is refused
// with a status that says whether the record or the agreement is wrong, and leaves nothing behind.
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { afterEach, expect, it } from 'vitest'
import { encodeRows } from '../../../core/columns/rows.ts'
import { manifestText, schemaId } from '../../../core/model/forwarding.ts'
import { logs, readings, traces } from '../../../core/model/streams/index.ts'
import { logRow } from '../../processors/forward/rows.ts'
import { type HttpRig, httpRig, post } from '../http/http-rig.ts'

let rig: HttpRig | undefined
afterEach(async () => {
  await rig?.receiver.stop()
  await rig?.intake.drain()
})

const record = encodeRows(logs, [logRow('a'), logRow('b')])
const manifest = manifestText([
  { offset: 7n, rows: 1, checksum: 1 },
  { offset: 9n, rows: 1, checksum: 2 },
])
const headers = {
  'content-type': 'application/vnd.apache.arrow.stream',
  'content-encoding': 'zstd',
  'wattline-origin': '0b4b3f2e-7d3c-4d5e-8f6a-1b2c3d4e5f60',
  'wattline-partition': '1',
  'wattline-records': manifest,
  'wattline-schema': schemaId(logs),
}
const PATH = '/v1/wattline/records/logs'

async function send(
  more: Record<string, string> = {},
  body: Uint8Array = record,
  path = PATH,
): Promise<[number, string]> {
  rig ??= await httpRig()
  const reply = await post(rig.port, path, { ...headers, ...more }, body)
  return [reply.status, String(reply.body)]
}

it('stores a record unchanged, with its origin, and reports how much it accepted', async () => {
  rig = await httpRig()
  expect(await send()).toEqual([200, '{"records":2,"rows":2}'])
  const [stored] = rig.broker.stored
  expect(stored).toMatchObject({ stream: 'forwarded', partition: expect.any(Number) })
  expect(stored!.records[0]).toMatchObject({
    headers: {
      'wattline-origin': headers['wattline-origin'],
      'wattline-partition': '1',
      'wattline-records': manifest,
      'wattline-stream': 'logs',
      'wattline-tenant': 'default',
    },
  })
  expect(crc32(stored!.records[0]!.value)).toBe(crc32(record))
  // One source, one partition: the order of its records is kept.
  for (let i = 0; i < 10; i++) await send()
  expect(new Set(rig.broker.stored.map(({ partition }) => partition)).size).toBe(1)
})

it('does not acknowledge a record before it is durable', async () => {
  rig = await httpRig()
  rig.broker.mood = () => 'refuse'
  expect((await send())[0]).toBe(503)
})

const flipped = (): Uint8Array => {
  const bytes = Buffer.from(record)
  bytes[bytes.length >> 1]! ^= 0xff
  return bytes
}
const torn = encodeRows(traces, [])
const { columns } = traces
const tornRow = {
  ...Object.fromEntries(columns.map(({ name, kind }) => [name, kind === 'stringMap' ? {} : ''])),
  Timestamp: 1n,
  Duration: 1n,
  DroppedAttributesCount: 0,
  'Events.Timestamp': [1n],
  'Events.Name': ['x', 'y'],
  'Events.Attributes': [{}],
  'Links.TraceId': [],
  'Links.SpanId': [],
  'Links.TraceState': [],
  'Links.Attributes': [],
} as unknown as Parameters<typeof encodeRows<typeof traces>>[1][number]
const oneOf = (rows: number): string => manifestText([{ offset: 1n, rows, checksum: 1 }])
const bomb = zstdCompressSync(Buffer.alloc(80 * 1024 * 1024))

it.each<[string, number, RegExp, Record<string, string>, Uint8Array?, string?]>([
  [
    'a stream that is not forwarded',
    404,
    /Stream \\"ledger\\" is not accepted/,
    {},
    record,
    '/v1/wattline/records/ledger',
  ],
  ['no stream', 404, /Stream \\"\\" is not accepted/, {}, record, '/v1/wattline/records/'],
  [
    'another schema',
    409,
    /forward_mismatch: Stream logs has schema/,
    { 'wattline-schema': schemaId(traces) },
  ],
  ['no schema', 409, /forward_mismatch/, { 'wattline-schema': '' }],
  ['no origin', 400, /wattline-origin does not name a log/, { 'wattline-origin': '../x' }],
  ['no partition', 400, /is not a partition number/, { 'wattline-partition': '-1' }],
  ['no manifest', 400, /does not name records/, { 'wattline-records': '' }],
  ['more rows than it names', 400, /lists 1 rows, but the record has 2/, { 'wattline-records': oneOf(1) }],
  ['another coding', 415, /Content-Encoding zstd/, { 'content-encoding': 'gzip' }],
  ['damage', 400, /forward_invalid: The record is not one of stream logs/, {}, flipped()],
  ['half a record', 400, /forward_invalid/, {}, record.subarray(0, 300)],
  ['no record at all', 400, /forward_invalid/, {}, Buffer.from('hello')],
  ['what inflates beyond the limit of a body', 400, /forward_invalid/, {}, bomb],
  ['a record of another stream', 400, /column 1 is Host, not Timestamp/, {}, encodeRows(readings, [])],
  [
    'lists that do not belong together',
    400,
    /row 0 has lists of different lengths under Events/,
    { 'wattline-schema': schemaId(traces), 'wattline-records': oneOf(1) },
    encodeRows(traces, [tornRow]),
    '/v1/wattline/records/traces',
  ],
  [
    "somebody else's rows",
    403,
    /rows of tenant \\"other\\", but the token belongs to tenant default/,
    {},
    encodeRows(logs, [logRow('a'), logRow('b', { Tenant: 'other' })]),
  ],
])('refuses %s', async (_what, status, message, more, body = record, path = PATH) => {
  rig = await httpRig()
  const [found, text] = await send(more, body, path)
  expect([found, text]).toEqual([status, expect.stringMatching(message)])
  expect(rig.broker.stored).toEqual([])
})

it("accepts rows without a tenant and rows of the token's tenant, for that tenant", async () => {
  const identity = { tenant: 'shop', scopes: ['ingest'], accounts: null } as const
  const access = {
    needsToken: true,
    admit: () => {},
    authenticate: () => identity,
    stillHolds: () => true,
  }
  rig = await httpRig({}, { access })
  const both = encodeRows(logs, [logRow('a'), logRow('b', { Tenant: 'shop' })])
  expect(await send({}, both)).toEqual([200, '{"records":2,"rows":2}'])
  expect(rig.broker.stored[0]!.records[0]!.headers).toMatchObject({ 'wattline-tenant': 'shop' })
  const other = encodeRows(logs, [logRow('a', { Tenant: 'other' }), logRow('b')])
  expect(await send({}, other)).toEqual([403, expect.stringContaining('the token belongs to tenant shop')])
})

it('refuses a token that names an account: rows of several senders have no common account', async () => {
  const identity = { tenant: 'shop', scopes: ['ingest'], accounts: null, account: 'web' } as const
  const access = { needsToken: true, admit: () => {}, authenticate: () => identity, stillHolds: () => true }
  rig = await httpRig({}, { access })
  expect(await send({}, encodeRows(logs, [logRow('a')]))).toEqual([
    403,
    expect.stringContaining('A token that names an account cannot forward records'),
  ])
  expect(rig.broker.stored).toEqual([])
})

it('accepts only POST', async () => {
  rig = await httpRig()
  const response = await fetch(`http://127.0.0.1:${rig.port}${PATH}`)
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
})

it('accepts records without rows, and empty ones of every stream', async () => {
  rig = await httpRig()
  const empty = { 'wattline-schema': schemaId(traces), 'wattline-records': oneOf(0) }
  expect(await send(empty, torn, '/v1/wattline/records/traces')).toEqual([200, '{"records":1,"rows":0}'])
  expect(zstdDecompressSync(torn).length).toBeGreaterThan(0)
})
