/**
 * Guarantees: records are Arrow as the library itself reads it, schema and values, with ids of every width; the same
 * rows give the same bytes whatever the builder made before, so that no data of one tenant's record stays in the next;
 * and equal offsets are stored once.
 */
import { zstdDecompressSync } from 'node:zlib'
import { tableFromIPC } from 'apache-arrow'
import { expect, test } from 'vitest'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { appendRows, encodeRows } from '../../../core/columns/rows.ts'
import { column, list, type RowOf } from '../../../core/model/streams/stream.ts'

const stream = {
  name: 'example',
  key: 'none',
  columns: [
    column('Name', 'lowCardinality'),
    column('Text', 'string'),
    column('Id', 'traceId'),
    column('On', 'bool'),
    column('Maybe', 'int64?'),
    column('Map', 'stringMap'),
    list('Parts.Name', 'lowCardinality'),
    list('Parts.Text', 'string'),
  ],
} as const

const rows = (count: number, distinct = 3): RowOf<typeof stream>[] =>
  Array.from({ length: count }, (_, at) => ({
    Name: `name ${at % distinct}`,
    Text: 'x'.repeat(at % 7),
    Id: at % 3 === 0 ? '' : 'ab'.repeat(16),
    On: at % 2 === 0,
    Maybe: at % 4 === 0 ? null : BigInt(at),
    Map: { key: `${at % 5}` },
    'Parts.Name': ['a', 'b'].slice(at % 3),
    'Parts.Text': ['', 'é'].slice(at % 3),
  }))

const raw = (record: Uint8Array): Buffer => zstdDecompressSync(record)

test.each([
  [0, 3],
  [1, 3],
  [500, 3],
  [400, 300],
  [66_000, 66_000],
])('the library reads %d rows with %d names', (count, distinct) => {
  const expected = rows(count, distinct)
  const table = tableFromIPC(raw(encodeRows(stream, expected)))
  expect(table.schema.fields.map(({ name }) => name)).toEqual(stream.columns.map(({ name }) => name))
  expect(table.numRows).toBe(count)
  for (const at of [0, 1, 2, 3, count - 1].filter(place => place >= 0 && place < count)) {
    const row = table.get(at)!.toJSON()
    const wanted = expected[at]!
    expect({
      Name: row['Name'],
      Text: row['Text'],
      Id: row['Id'] === null ? '' : Buffer.from(row['Id'] as Uint8Array).toString('hex'),
      On: row['On'],
      Maybe: row['Maybe'],
      Map: row['Map'].toJSON(),
      'Parts.Name': [...row['Parts.Name']],
      'Parts.Text': [...row['Parts.Text']],
    }).toEqual(wanted)
  }
})

test('a record does not depend on those before it', () => {
  const builder = createRecordBuilder(stream)
  appendRows(builder, rows(5_000, 700))
  builder.finish()
  for (const count of [40, 7, 0]) {
    appendRows(builder, rows(count))
    expect(Buffer.from(builder.finish()).equals(encodeRows(stream, rows(count)))).toBe(true)
  }
})

test('lists of equal lengths share their offsets', () => {
  const same = raw(encodeRows(stream, rows(1_000)))
  const differing = raw(
    encodeRows(
      stream,
      rows(1_000).map(row => ({ ...row, 'Parts.Text': [] })),
    ),
  )
  const texts = rows(1_000).flatMap(row => row['Parts.Text'])
  // Without its texts and their offsets the other record has 1,001 offsets more.
  const saved = differing.length - (same.length - texts.length * 4 - Buffer.byteLength(texts.join('')))
  expect(saved).toBeGreaterThan(4_000 - 32)
})
