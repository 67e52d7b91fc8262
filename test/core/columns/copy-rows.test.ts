/**
 * Guarantees: rows copied from records into a builder are the same, for columns of any kind, in the requested order and
 * without others; a fixed value replaces a column's own; and a record with inconsistent nested lists is refused before
 * anything is copied.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyRows } from '../../../core/columns/copy-rows.ts'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import {
  COLUMN_KINDS,
  column,
  list,
  type RowOf,
  type ScalarKind,
  type StreamDeclaration,
} from '../../../core/model/streams/stream.ts'

const hex = (bytes: number) =>
  fc.oneof(
    fc.constant(''),
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(id => Buffer.from(id).toString('hex')),
  )
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const text = fc.oneof(fc.constantFrom('', 'a', 'zone'), fc.string({ unit: 'grapheme', maxLength: 8 }))
const VALUES: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  string: text,
  lowCardinality: text,
  stringMap: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }),
  traceId: hex(16),
  spanId: hex(8),
  timestampNs: int64,
  seconds: fc.nat(4_294_967_295),
  int64,
  'int64?': fc.option(int64),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  int32: fc.integer(),
  uint32: fc.nat(4_294_967_295),
  uint8: fc.nat(255),
  bool: fc.boolean(),
  float32: fc.float({ noNaN: true }),
  float64: fc.double({ noNaN: true }),
}

const stream: StreamDeclaration = {
  name: 'all_kinds',
  key: 'none',
  columns: [
    ...COLUMN_KINDS.map(kind => column(`One${kind}`, kind)),
    ...COLUMN_KINDS.filter(kind => kind !== 'int64?').map(kind => list(`Many${kind}`, kind)),
  ],
}

const rowArbitrary = fc.record(
  Object.fromEntries(
    stream.columns.map(({ name, kind, list: isList }) => [
      name,
      isList === true ? fc.array(VALUES[kind], { maxLength: 3 }) : VALUES[kind],
    ]),
  ),
) as fc.Arbitrary<RowOf<StreamDeclaration>>

test('any rows of several records, in any choice', () => {
  const records = fc.array(
    fc.array(rowArbitrary, { maxLength: 12 }).chain(rows =>
      fc.record({
        rows: fc.constant(rows),
        picked: fc.array(fc.nat(Math.max(0, rows.length - 1)), { maxLength: rows.length }),
      }),
    ),
    { maxLength: 3 },
  )
  fc.assert(
    fc.property(records, batches => {
      const builder = createRecordBuilder(stream)
      for (const { rows, picked } of batches) {
        copyRows(readRecord(stream, encodeRows(stream, rows)), picked, builder)
      }
      const expected = batches.flatMap(({ rows, picked }) => picked.map(at => rows[at]!))
      expect(decodeRows(stream, builder.finish())).toEqual(expected)
    }),
    { numRuns: 150 },
  )
})

const spans = {
  name: 'spans',
  key: 'none',
  columns: [
    column('Tenant', 'lowCardinality'),
    list('Events.Name', 'lowCardinality'),
    list('Events.Time', 'timestampNs'),
    list('Links', 'string'),
  ],
} as const

test('a fixed value replaces the original', () => {
  const rows = ['a', 'b'].map(Tenant => ({ Tenant, 'Events.Name': ['x'], 'Events.Time': [1n], Links: [] }))
  const builder = createRecordBuilder(spans)
  copyRows(readRecord(spans, encodeRows(spans, rows)), [1, 0], builder, { Tenant: 'other' })
  expect(decodeRows(spans, builder.finish())).toEqual(rows.map(row => ({ ...row, Tenant: 'other' })))
})

test('nested lists that disagree are refused, and nothing is copied', () => {
  const whole = { Tenant: 'a', 'Events.Name': ['x'], 'Events.Time': [1n], Links: ['not', 'nested'] }
  const torn = { ...whole, 'Events.Name': ['x', 'y'] }
  const builder = createRecordBuilder(spans)
  const record = readRecord(spans, encodeRows(spans, [whole, torn]))
  expect(() => copyRows(record, [0], builder)).toThrow(
    expect.objectContaining({ code: 'record_corrupt', message: expect.stringContaining('row 1') }),
  )
  expect(builder.rows).toBe(0)
  expect(decodeRows(spans, builder.finish())).toEqual([])
})
