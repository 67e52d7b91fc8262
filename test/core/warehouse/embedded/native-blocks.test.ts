// Guarantees: blocks of the engine get a head and a flag per column for every type that the tables hold and people
// compute: a column before and one after it, whose bytes are known, are found where they belong, and no byte is over.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/runtime/events.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import { nativeForRevision, parseType } from '../../../../core/warehouse/embedded/native-blocks.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { fencedQuery } from '../../../support/fenced-query.ts'

const HEAD = '010002ffffffff00'

let path: string
let warehouse: Warehouse
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'wattline-native-'))
  warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 30, events: silentEvents })
  await warehouse.migrate([], { signalsDays: 1, ledgerDays: 1 })
})
afterAll(async () => {
  await warehouse.close()
  await rm(path, { recursive: true, force: true })
})

const native = async (sql: string, revision?: number): Promise<Buffer> => {
  const result = await warehouse.fenced({
    ...fencedQuery(sql, 'Native', { maxSeconds: 10, maxResultRows: 10 ** 6 }),
    ...(revision === undefined ? {} : { clientProtocolVersion: revision }),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of result.chunks) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const EXPRESSIONS = [
  'number',
  'toString(number)',
  'toFixedString(toString(number % 10), 1)',
  'toInt128(number)',
  'toUInt256(number)',
  'toFloat32(number)',
  'number % 2 = 0 AND true',
  'if(number % 3 = 0, NULL, toString(number))',
  'NULL',
  'toDate(number)',
  'toDateTime(number)',
  "toDateTime64(number, 9, 'UTC')",
  'toDecimal32(number % 10, 2)',
  'toDecimal64(number, 4)',
  'toDecimal128(number, 4)',
  'generateUUIDv4()',
  "toIPv4('1.2.3.4')",
  'INTERVAL 3 DAY',
  "CAST(number % 2, 'Enum8(\\'a, (b\\' = 0, \\'c\\' = 1)')",
  'range(number % 5)',
  'arrayMap(x -> range(x), range(number % 4))',
  'emptyArrayString()',
  'tuple(number, toString(number))',
  "CAST(tuple(number, 'x'), 'Tuple(a UInt8, b Array(String))') AS t WHERE 0",
  "map('k', number, 'l', 2)",
  'toLowCardinality(toString(number % 300))',
  "CAST(if(number % 2 = 0, NULL, toString(number)), 'LowCardinality(Nullable(String))')",
  "CAST([toString(number % 7)], 'Array(LowCardinality(String))')",
  "CAST([], 'Array(LowCardinality(String))')",
  "CAST(map('a', 'b'), 'Map(LowCardinality(String), String)')",
  "CAST(if(number % 2 = 0, map(), map('a', 'b')), 'Map(LowCardinality(String), String)')",
]

describe.each(EXPRESSIONS)('%s', expression => {
  it('gets one head a block and one flag a column, and nothing else', async () => {
    const sql = `SELECT 1 AS before, ${expression}${expression.includes(' WHERE ') ? '' : ' AS it, 2 AS after'}`
    const cut = sql.indexOf(' WHERE ')
    const query =
      cut === -1
        ? `${sql} FROM numbers(1000)`
        : `${sql.slice(0, cut)}, 2 AS after FROM numbers(1000)${sql.slice(cut)}`
    // Random values differ from one run to the next: the bytes of one run are made both ways.
    const plain = await native(query)
    const old = Buffer.concat(nativeForRevision(plain, 51_903))
    const flagged = Buffer.concat(nativeForRevision(plain, 54_454))
    if (plain.length === 0) {
      expect(flagged.length).toBe(0)
      return
    }
    expect(old.toString('hex')).toBe(HEAD + plain.toString('hex'))
    expect(flagged.length).toBe(old.length + 3)
    // The last column is constant: its end is known without walking the others.
    const tail = Buffer.concat([Buffer.from('\x05after\x05UInt8'), Buffer.alloc(1), Buffer.alloc(1000, 2)])
    expect(flagged.subarray(-tail.length).equals(tail)).toBe(true)
    // So is the start of the second one.
    const front = Buffer.concat([Buffer.from('\x06before\x05UInt8'), Buffer.alloc(1), Buffer.alloc(1000, 1)])
    expect(flagged.indexOf(front)).toBe(8 + 3)
  })
})

it('walks an answer of many blocks, in the stream', async () => {
  const sql = 'SELECT number, toLowCardinality(toString(number % 3)) AS s FROM numbers(200000)'
  const [plain, flagged] = [await native(sql), await native(sql, 54_460)]
  const heads = (flagged.length - plain.length) / (HEAD.length / 2 + 2)
  expect(Number.isInteger(heads)).toBe(true)
  expect(heads).toBeGreaterThan(1)
})

it('changes nothing for clients that do not say what they speak', async () => {
  const plain = await native('SELECT 1')
  expect(nativeForRevision(plain, undefined)).toEqual([plain])
  expect(nativeForRevision(plain, 51_902)).toEqual([plain])
})

it('says which type it cannot walk', () => {
  const block = Buffer.concat([Buffer.from([1, 1, 1]), Buffer.from('x\x07Dynamic'), Buffer.alloc(9)])
  expect(() => nativeForRevision(block, 54_460)).toThrow(/Dynamic/)
})

it.each([
  ['UInt8', 'UInt8', []],
  ['Map(LowCardinality(String), Array(Nullable(Int8)))', 'Map', ['LowCardinality', 'Array']],
  [
    "Tuple(a UInt8, `b c` DateTime64(9, 'UTC'), Enum8('x, (' = 1))",
    'Tuple',
    ['UInt8', 'DateTime64', 'Enum8'],
  ],
  ['Decimal(10, 2)', 'Decimal', []],
])('parses %s', (text, name, parts) => {
  const type = parseType(text)
  expect([type.name, type.parts.map(part => part.name)]).toEqual([name, parts])
})
