/**
 * Guarantees: ids of a dictionary are stored in as few bytes as its values need, at every limit, record after record;
 * records with ids of any integer type up to 32 bits are read and copied, and those with other types or ids out of
 * range are refused.
 */
import { Int64 } from 'apache-arrow'
import { expect, test } from 'vitest'
import { copyRows } from '../../../core/columns/copy-rows.ts'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { appendRows, decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { column, list } from '../../../core/model/streams/stream.ts'
import { ID_TYPES, idTypes, withIds } from '../../support/record-ids.ts'

const stream = {
  name: 'example',
  key: 'none',
  columns: [column('Name', 'lowCardinality'), column('Map', 'stringMap'), list('Names', 'lowCardinality')],
} as const

/** Rows with `distinct` different names; their maps have three values. */
const rows = (distinct: number) =>
  Array.from({ length: distinct + 10 }, (_, at) => ({
    Name: `name ${at % distinct}`,
    Map: { key: `${at % 3}` },
    Names: at % 2 === 0 ? [] : ['a', `b${at % 5}`],
  }))

test('the bounds of the widths, with one builder for all records', () => {
  const builder = createRecordBuilder(stream)
  const sizes = [3, 256, 257, 256, 65_536, 65_537, 4]
  const expected = ['Uint8', 'Uint8', 'Uint16', 'Uint8', 'Uint16', 'Int32', 'Uint8']
  for (const [index, size] of sizes.entries()) {
    const some = rows(size)
    appendRows(builder, some)
    const record = builder.finish()
    expect(idTypes(record)).toEqual([expected[index], 'Uint8', 'Uint8', 'Uint8'])
    const { Name } = readRecord(stream, record).columns
    expect(some.findIndex((row, at) => row.Name !== Name.get(at))).toBe(-1)
    expect(Name.length).toBe(some.length)
  }
})

test.each(ID_TYPES)('ids of type %s are read and copied', type => {
  const some = rows(100)
  const record = withIds(encodeRows(stream, some), type)
  expect(new Set(idTypes(record))).toEqual(new Set([String(type)]))
  expect(decodeRows(stream, record)).toEqual(some)
  const copy = createRecordBuilder(stream)
  copyRows(readRecord(stream, record), [3, 50, 7], copy)
  expect(decodeRows(stream, copy.finish())).toEqual([some[3], some[50], some[7]])
})

test('ids of 64 bits, and ids that leave the dictionary', () => {
  const refused = (record: Uint8Array, why: RegExp): void =>
    expect(() => readRecord(stream, record)).toThrow(
      expect.objectContaining({ code: 'record_corrupt', message: expect.stringMatching(why) }),
    )
  refused(withIds(encodeRows(stream, rows(3)), new Int64()), /an id of up to 32 bits per row/)
  // 200 becomes -56.
  refused(withIds(encodeRows(stream, rows(300)), ID_TYPES[0]!), /ids within the dictionary/)
})
