/**
 * Guarantees: `discardRow` and `rollback` leave a builder as if the removed rows had never been written, over any
 * number of records made from the same buffers; dictionaries never repeat a value; uneven columns are refused.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRecordBuilder } from '../../../core/columns/record-builder.ts'
import { readRecord } from '../../../core/columns/record-reader.ts'
import { decodeRows } from '../../../core/columns/rows.ts'
import { column, list, type RowOf } from '../../../core/model/streams/stream.ts'

const stream = {
  name: 'example',
  key: 'none',
  columns: [
    column('Name', 'lowCardinality'),
    column('Text', 'string'),
    column('Id', 'spanId'),
    column('Count', 'int64?'),
    column('Attributes', 'stringMap'),
    list('Events.Name', 'lowCardinality'),
    list('Events.Attributes', 'stringMap'),
    list('Events.Time', 'timestampNs'),
  ],
} as const

type Row = RowOf<typeof stream>

const word = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.string({ maxLength: 6 }))
const attributes = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true })
const row: fc.Arbitrary<Row> = fc.record({
  Name: word,
  Text: word,
  Id: fc.constantFrom('', '00000000000000ff'),
  Count: fc.option(fc.bigInt({ min: -5n, max: 5n })),
  Attributes: attributes,
  'Events.Name': fc.array(word, { maxLength: 3 }),
  'Events.Attributes': fc.array(attributes, { maxLength: 3 }),
  'Events.Time': fc.array(fc.bigInt({ min: 0n, max: 9n }), { maxLength: 3 }),
})

/** Writes the row's first `columns` columns. */
function write(
  builder: ReturnType<typeof createRecordBuilder<typeof stream>>,
  values: Row,
  columns = 8,
): void {
  const { columns: target } = builder
  const steps = [
    () => target.Name.append(values.Name),
    () => target.Text.append(values.Text),
    () => target.Id.append(values.Id),
    () => target.Count.append(values.Count),
    () => target.Attributes.append(values.Attributes),
    () => target['Events.Name'].append(values['Events.Name']),
    () => target['Events.Attributes'].append(values['Events.Attributes']),
    () => target['Events.Time'].append(values['Events.Time']),
  ]
  for (const step of steps.slice(0, columns)) step()
}

type Step =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'discard'; readonly row: Row; readonly columns: number }
  | { readonly kind: 'rollback'; readonly rows: readonly Row[]; readonly columns: number }
  | { readonly kind: 'finish' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('row' as const), row }) },
  fc.record({ kind: fc.constant('discard' as const), row, columns: fc.nat(8) }),
  fc.record({
    kind: fc.constant('rollback' as const),
    rows: fc.array(row, { minLength: 1, maxLength: 40 }),
    columns: fc.nat(8),
  }),
  fc.constant({ kind: 'finish' as const }),
)

test('removed values leave no trace, record after record', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const builder = createRecordBuilder(stream)
      let expected: Row[] = []
      const check = () => {
        const record = builder.finish()
        const clean = createRecordBuilder(stream)
        for (const kept of expected) {
          write(clean, kept)
          clean.endRow()
        }
        expect(decodeRows(stream, record)).toEqual(expected)
        expect(builder.rows).toBe(0)
        expected = []
      }
      for (const each of steps) {
        if (each.kind === 'finish') check()
        else if (each.kind === 'row') {
          write(builder, each.row)
          builder.endRow()
          expected.push(each.row)
        } else if (each.kind === 'discard') {
          write(builder, each.row, each.columns)
          builder.discardRow()
        } else {
          const mark = builder.mark()
          const { byteSize } = builder
          for (const lost of each.rows) {
            write(builder, lost)
            builder.endRow()
          }
          write(builder, each.rows[0]!, each.columns)
          builder.rollback(mark)
          expect(builder.mark()).toEqual(mark)
          expect(builder.byteSize).toBe(byteSize)
        }
      }
      check()
    }),
    { numRuns: 150 },
  )
})

test('a rolled back request changes nothing in the bytes of the record', () => {
  const rows = fc.sample(row, { numRuns: 50, seed: 3 })
  const plain = createRecordBuilder(stream)
  const disturbed = createRecordBuilder(stream)
  for (const each of rows) {
    write(plain, each)
    plain.endRow()
    const mark = disturbed.mark()
    for (const other of fc.sample(row, 30)) {
      write(disturbed, other)
      disturbed.endRow()
    }
    disturbed.rollback(mark)
    write(disturbed, each)
    disturbed.endRow()
  }
  expect(Buffer.from(disturbed.finish()).equals(plain.finish())).toBe(true)
})

test('no dictionary holds a value twice, from bytes or text, valid or invalid', () => {
  const builder = createRecordBuilder(stream)
  const { values } = builder.columns.Name
  const source = Uint8Array.from([0x61, 0xff, 0x61])
  expect(values.internBytes(source, 0, 1)).toBe(values.internString('a'))
  expect(values.internBytes(source, 1, 2)).toBe(values.internString('\ufffd'))
  expect(values.internBytes(source, 1, 2)).toBe(values.internString('\ud800'))
  expect(values.internBytes(source, 0, 0)).toBe(values.internString(''))
  for (let at = 0; at < 5000; at += 1) {
    values.internString(`value ${at % 1700}`)
    values.internBytes(Buffer.from(`value ${at % 1900}`), 0, `value ${at % 1900}`.length)
  }
  expect(values.size).toBe(1903)
  for (let id = 0; id < 1903; id += 1) expect(values.internString(values.textOf(id))).toBe(id)
  values.truncate(2)
  expect(values.size).toBe(2)
  expect(values.internString('value 5')).toBe(2)
})

test('a row without one of its columns is not a record', () => {
  const builder = createRecordBuilder(stream)
  write(builder, fc.sample(row, { numRuns: 1, seed: 1 })[0]!, 7)
  builder.endRow()
  expect(() => builder.finish()).toThrow(/Column Events.Time of example holds 0 values for 1 rows/)
})

test('views give the columns without rows', () => {
  const builder = createRecordBuilder(stream)
  for (const name of ['x', 'y', 'x']) {
    write(builder, { ...fc.sample(row, { numRuns: 1, seed: 2 })[0]!, Name: name, Attributes: { k: name } })
    builder.endRow()
  }
  const { rows, columns } = readRecord(stream, builder.finish())
  expect(rows).toBe(3)
  expect([...columns.Name.ids.subarray(0, 3)]).toEqual([0, 1, 0])
  expect([0, 1].map(id => columns.Name.dictionary.get(id))).toEqual(['x', 'y'])
  expect(columns.Name.dictionary.length).toBe(2)
  expect(columns.Name.get(2)).toBe('x')
  expect(columns.Attributes.keys.dictionary.get(0)).toBe('k')
  expect([...columns.Attributes.offsets.subarray(0, 4)]).toEqual([0, 1, 2, 3])
})

test('requested texts are current, also after a rollback', () => {
  const builder = createRecordBuilder(stream)
  const { values } = builder.columns.Name
  const mark = builder.mark()
  expect(values.textOf(values.internString('Server'))).toBe('Server')
  builder.rollback(mark)
  expect(values.textOf(values.internString('Client'))).toBe('Client')
  builder.clear()
  expect(values.textOf(values.internString('Internal'))).toBe('Internal')
})
