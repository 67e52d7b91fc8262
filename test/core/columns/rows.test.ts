/**
 * Guarantees: for every stream and every kind of column, decodeRows(encodeRows(rows)) gives the same rows, for any
 * values and number of rows.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { STREAMS } from '../../../core/model/streams/index.ts'
import { COLUMN_KINDS, type ScalarKind, type StreamDeclaration } from '../../../core/model/streams/stream.ts'

const hex = (bytes: number) =>
  fc.oneof(
    fc.constant(''),
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(id => Buffer.from(id).toString('hex')),
  )
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })

const VALUES: { readonly [Kind in ScalarKind]: fc.Arbitrary<unknown> } = {
  string: text,
  lowCardinality: fc.oneof(fc.constantFrom('', 'a', 'b'), text),
  // Keys that look like integers would change their order in an object.
  stringMap: fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }),
  traceId: hex(16),
  spanId: hex(8),
  timestampNs: int64,
  seconds: fc.nat(),
  int64,
  'int64?': fc.option(int64, { freq: 2 }),
  uint64: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 0xffffffff }),
  uint8: fc.integer({ min: 0, max: 255 }),
  bool: fc.boolean(),
  float32: fc.float(),
  float64: fc.double(),
}

const everyKind: StreamDeclaration = {
  name: 'every_kind',
  key: 'none',
  columns: [
    ...COLUMN_KINDS.map(kind => ({ name: `one_${kind}`, kind })),
    ...COLUMN_KINDS.map(kind => ({ name: `many_${kind}`, kind, list: true as const })),
  ],
}

const rowsOf = (stream: StreamDeclaration, maxLength: number) =>
  fc.array(
    fc.record(
      Object.fromEntries(
        stream.columns.map(({ name, kind, list }) => [
          name,
          list === true ? fc.array(VALUES[kind], { maxLength: 3 }) : VALUES[kind],
        ]),
      ),
    ),
    { maxLength },
  ) as fc.Arbitrary<Parameters<typeof encodeRows>[1][number][]>

test.each([everyKind, ...STREAMS])('$name: rows are read back as written', stream => {
  fc.assert(
    fc.property(rowsOf(stream, 8), rows => {
      expect(decodeRows(stream, encodeRows(stream, rows))).toEqual(rows)
    }),
    { numRuns: stream === everyKind ? 150 : 20 },
  )
})

test('thousands of rows grow every column', () => {
  const rows = fc.sample(rowsOf(everyKind, 40), { numRuns: 60, seed: 7 }).flat()
  const many = [...rows, ...rows, ...rows]
  expect(decodeRows(everyKind, encodeRows(everyKind, many))).toEqual(many)
})
