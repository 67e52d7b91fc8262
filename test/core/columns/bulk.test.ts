// Guarantees: a value for many rows at once, or many values at once, equals one at a time, in any mixture, also after
// rows were removed.
import { type Data, Float64, Int64, Uint32 } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BoolColumn } from '../../../core/columns/bool-column.ts'
import { DictionaryColumn } from '../../../core/columns/dictionary-column.ts'
import { Int64Column } from '../../../core/columns/int64-column.ts'
import { ListColumn } from '../../../core/columns/list-column.ts'
import { MapColumn } from '../../../core/columns/map-column.ts'
import { NumberColumn } from '../../../core/columns/number-column.ts'

interface Column {
  readonly length: number
  readonly byteSize: number
  truncate(length: number): void
  toData(): Data
}

/** Stored data of a column, and of its nested columns. */
const stored = (data: Data): unknown[] => [
  data.length,
  data.nullCount,
  data.values,
  data.valueOffsets,
  data.nullBitmap,
  data.children.map(stored),
]

/** What to append, how many times, and how many rows to remove afterwards. */
const steps = fc.array(
  fc.record({
    value: fc.nat(5),
    times: fc.oneof(fc.nat(3), fc.nat(200)),
    back: fc.oneof(fc.constant(0), fc.nat(90)),
  }),
  { maxLength: 12 },
)

function same<C extends Column>(
  create: () => C,
  many: (column: C, value: number, times: number) => void,
  one: (column: C, value: number) => void,
): void {
  fc.assert(
    fc.property(steps, list => {
      const [bulk, single] = [create(), create()]
      for (const { value, times, back } of list) {
        many(bulk, value, times)
        for (let row = 0; row < times; row += 1) one(single, value)
        for (const column of [bulk, single]) column.truncate(Math.max(0, column.length - back))
        expect([bulk.length, bulk.byteSize]).toEqual([single.length, single.byteSize])
      }
      expect(stored(bulk.toData())).toEqual(stored(single.toData()))
    }),
    { numRuns: 60 },
  )
}

/** The 64-bit values 0, 1, ... as in a body. */
const bodyOf = (values: number, write: (view: DataView, at: number, value: number) => void): DataView => {
  const view = new DataView(new ArrayBuffer(values * 8 + 3), 3)
  for (let value = 0; value < values; value += 1) write(view, value * 8, value)
  return view
}

test('ids of a dictionary', () => {
  const column = () => {
    const made = new DictionaryColumn(0)
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) made.values.internString(text)
    return made
  }
  same(
    column,
    (made, id, times) => made.appendIdTimes(id, times),
    (made, id) => made.appendId(id),
  )
})

test('entries of a map, none among them', () => {
  const column = () => {
    const made = new MapColumn(0)
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) {
      made.keys.internString(text)
      made.values.internString(text)
    }
    return made
  }
  const entries = (count: number) => {
    const ids = Array.from({ length: count }, (_, id) => id)
    return { keyIds: ids, valueIds: ids.toReversed() }
  }
  same(
    column,
    (made, count, times) => made.appendEntriesTimes(entries(count), times),
    (made, count) => made.appendEntries(entries(count)),
  )
})

test('entries of a map, including none', () => {
  same(
    () => new NumberColumn(new Uint32()),
    (made, value, times) => made.appendTimes(value, times),
    (made, value) => made.append(value),
  )
  same(
    () => new BoolColumn(),
    (made, value, times) => made.appendTimes(value > 2, times),
    (made, value) => made.append(value > 2),
  )
})

test('numbers and booleans', () => {
  const begin = (list: ListColumn<NumberColumn>, items: number): void => {
    for (let item = 0; item < items; item += 1) list.items.append(item)
  }
  fc.assert(
    fc.property(steps, rows => {
      const create = () => new ListColumn(new NumberColumn(new Uint32()))
      const [bulk, single] = [create(), create()]
      for (const { value, times, back } of rows) {
        begin(bulk, value)
        bulk.endRowsEmpty(times)
        for (let row = 0; row < times; row += 1) single.endRow(0)
        begin(single, value)
        for (const list of [bulk, single]) {
          list.endRow(value)
          list.truncate(Math.max(0, list.length - back))
        }
      }
      expect(stored(bulk.toData())).toEqual(stored(single.toData()))
    }),
    { numRuns: 60 },
  )
})

test('empty lists, between others and before unfinished ones', () => {
  const words = bodyOf(40, (view, at, value) => view.setBigInt64(at, -(1n << BigInt(value)), true))
  for (const nullable of [false, true]) {
    const [bulk, single] = [
      new Int64Column<bigint | null>(new Int64(), nullable),
      new Int64Column<bigint | null>(new Int64(), nullable),
    ]
    for (let round = 0; round < 5; round += 1) {
      bulk.appendWordsFrom(words, 0, 40)
      for (let value = 0; value < 40; value += 1) single.append(-(1n << BigInt(value)))
      if (nullable) for (const column of [bulk, single]) column.append(null)
    }
    expect(stored(bulk.toData())).toEqual(stored(single.toData()))
  }
  const doubles = bodyOf(40, (view, at, value) => view.setFloat64(at, value / 3, true))
  const [bulk, single] = [new NumberColumn(new Float64()), new NumberColumn(new Float64())]
  for (let round = 0; round < 5; round += 1) {
    bulk.appendDoublesFrom(doubles, 0, 40)
    for (let value = 0; value < 40; value += 1) single.append(value / 3)
  }
  expect(stored(bulk.toData())).toEqual(stored(single.toData()))
})
