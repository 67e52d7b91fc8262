import fc from 'fast-check'
import { storedType } from '../../../core/warehouse/tables/column-types.ts'
import { kinds } from './sample-rows.ts'

/** Any values of every column kind, and their JSON as returned by the warehouse. */
const hex = (bytes: number) =>
  fc.oneof(
    fc.constant(''),
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(value => Buffer.from(value).toString('hex')),
  )
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const word = fc.constantFrom('', 'x', 'ü', 'a long word, many times')
const map = fc.dictionary(fc.constantFrom('a', 'b', 'ç', 'd.e'), text, { maxKeys: 3, noNullPrototype: true })
const stamp = fc.bigInt(0n, 4_000_000_000_000_000_000n)
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const unsigned = fc.bigInt(0n, 2n ** 64n - 1n)

const part = fc.record({
  Text: text,
  Word: word,
  Map: map,
  Trace: hex(16),
  Span: hex(8),
  Stamp: stamp,
  Unsigned: unsigned,
  Double: number,
})

/** A row of `kinds` without its Seq. The arrays of a Nested have the same length. */
export const kindRow = fc
  .record({
    Time: fc.integer({ min: 0, max: 4_000_000_000 }),
    Text: text,
    Word: word,
    Map: map,
    Trace: hex(16),
    Span: hex(8),
    Stamp: stamp,
    Signed: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    Maybe: fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
    Unsigned: unsigned,
    Small: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    Byte: fc.integer({ min: 0, max: 255 }),
    Flag: fc.boolean(),
    Single: fc.float({ noNaN: true, noDefaultInfinity: true }),
    Double: number,
    parts: fc.array(part, { maxLength: 3 }),
  })
  .map(({ parts, ...row }) => {
    const lists = (['Text', 'Word', 'Map', 'Trace', 'Span', 'Stamp', 'Unsigned', 'Double'] as const).map(
      name => [`Part.${name}`, parts.map(one => one[name])] as const,
    )
    return { ...row, ...Object.fromEntries(lists) }
  })

/** Times as integers, everything else unchanged. */
function selected(column: (typeof kinds)['columns'][number]): string {
  const name = `\`${column.name}\``
  const type = storedType(column)
  if (type.startsWith('Array(DateTime64')) {
    return `arrayMap(t -> toUnixTimestamp64Nano(t), ${name}) AS \`_${column.name}\``
  }
  if (type.startsWith('DateTime64')) return `toUnixTimestamp64Nano(${name}) AS \`_${column.name}\``
  if (type.startsWith('DateTime')) return `toUnixTimestamp(${name}) AS \`_${column.name}\``
  // The shortest text of a 32-bit float differs from that of the same value in 64 bits.
  if (type === 'Float32') return `toFloat64(${name}) AS \`_${column.name}\``
  return `${name} AS \`_${column.name}\``
}

const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  // The engine's JSON has a negative zero for some blocks and not for others.
  return Object.is(value, -0) ? 0 : value
}

export const kindExpressions = {
  select: kinds.columns.map(selected).join(', '),
  /** A returned row, for comparison with the row that was sent. */
  plain: (row: object): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
  expected: (row: object): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [`_${name}`, plain(value)])),
}
