/**
 * Guarantees: anything that is not a record of the stream, from another stream's record to random damage, throws
 * `record_corrupt`, and what opens can be read to the last value.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CellValue } from '../../../core/columns/column-views.ts'
import { readColumn } from '../../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { lateReadings, readings } from '../../../core/model/streams/index.ts'
import {
  added,
  COLUMN_KINDS,
  column,
  list,
  type StreamDeclaration,
} from '../../../core/model/streams/stream.ts'

const stream = {
  name: 'example',
  key: 'none',
  columns: [
    column('Name', 'lowCardinality'),
    column('Id', 'traceId'),
    column('On', 'bool'),
    list('Texts', 'string'),
    list('Maps', 'stringMap'),
  ],
} as const

const rows = Array.from({ length: 20 }, (_, at) => ({
  Name: `name ${at % 3}`,
  Id: at % 2 === 0 ? '' : 'ab'.repeat(16),
  On: at % 2 === 0,
  Texts: ['a', 'bé', ''].slice(at % 3),
  Maps: [{ key: `${at}` }],
}))
const record = encodeRows(stream, rows)

const refused = (declaration: StreamDeclaration, bytes: Uint8Array, why: RegExp): void => {
  expect(() => decodeRows(declaration, bytes)).toThrow(
    expect.objectContaining({ code: 'record_corrupt', message: expect.stringMatching(why) }),
  )
}

test('bytes that are not a record', () => {
  refused(stream, new Uint8Array(0), /The record is not one of stream example/)
  refused(stream, Buffer.from('hello'), /The record is not one of stream example/)
  refused(stream, zstdCompressSync(Buffer.from('hello')), /The record is not one of stream example/)
  refused(stream, record.subarray(0, record.length - 20), /The record is not one of stream example/)
})

test('records older than a column are empty in it, whatever its kind and place', () => {
  const news = COLUMN_KINDS.map(kind => added(column(`New ${kind}`, kind)))
  const [first, ...others] = stream.columns
  const grown: StreamDeclaration = {
    ...stream,
    columns: [first, ...news, ...others, added(list('New texts', 'string'))],
  }
  const read = decodeRows(grown, record) as readonly Readonly<Record<string, CellValue>>[]
  expect(read.map(({ Name, Id, On, Texts, Maps }) => ({ Name, Id, On, Texts, Maps }))).toEqual(rows)
  expect(read[0]).toMatchObject({
    'New int64': 0n,
    'New int64?': null,
    'New lowCardinality': '',
    'New bool': false,
  })
  expect(read[19]).toMatchObject({ 'New texts': [], 'New stringMap': {}, 'New float32': 0, 'New spanId': '' })
  expect(Array.from({ length: 20 }, (_, row) => readColumn(grown, record, 'On').get(row))).toEqual(
    rows.map(row => row.On),
  )
  expect(readColumn(grown, record, 'New int64').get(3)).toBe(0n)
  // Next to records that have it, and never in place of a required column.
  const full = { ...stream, columns: [added(column('Name', 'lowCardinality')), ...others] }
  expect(decodeRows(full, record)).toEqual(rows)
  refused(
    { ...stream, columns: [column('More', 'int64'), ...stream.columns] },
    record,
    /column 0 is Name, not More/,
  )
})

test('records of another shape', () => {
  refused(lateReadings, encodeRows(readings, []), /column 2 is HostName, not WindowStart/)
  const retyped = { ...stream, columns: [column('Name', 'string'), ...stream.columns.slice(1)] }
  refused(retyped, record, /Name \(string\): it should hold text/)
  const shorter = { ...stream, columns: stream.columns.slice(0, 3) }
  refused(shorter, record, /it has 5 columns, not 3/)
  const longer = { ...stream, columns: [...stream.columns, column('More', 'bool')] }
  refused(longer, record, /column 5 is missing, not More/)
  const [name, , ...others] = stream.columns
  const narrower = { ...stream, columns: [name, column('Id', 'spanId'), ...others] }
  refused(narrower, record, /ids of 8 bytes/)
})

const edits = (from: number, to: number) =>
  fc.array(fc.tuple(fc.integer({ min: from, max: to - 1 }), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 3,
  })

const edited = (bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  for (const [at, change] of changes) copy[at]! ^= change
  return copy
}

test('damage to a record is always detected', () => {
  fc.assert(
    fc.property(edits(0, record.length), changes => {
      const damaged = edited(record, changes)
      // Two changes of one byte may cancel each other; the header has bits without meaning.
      try {
        expect(decodeRows(stream, damaged)).toEqual(rows)
      } catch (error) {
        expect(error).toMatchObject({ code: 'record_corrupt' })
      }
    }),
    { numRuns: 500 },
  )
})

test('columns with wrong offsets or ids are either readable or refused', () => {
  const raw = zstdDecompressSync(record)
  // The body of the batch is last: all of it is offsets, ids and values.
  fc.assert(
    fc.property(edits(raw.length - 700, raw.length - 8), changes => {
      try {
        expect(decodeRows(stream, zstdCompressSync(edited(raw, changes)))).toHaveLength(rows.length)
      } catch (error) {
        expect(error).toMatchObject({ code: 'record_corrupt' })
      }
    }),
    { numRuns: 500 },
  )
})
