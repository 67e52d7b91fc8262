import { WattlineError } from '../../runtime/errors.ts'

/**
 * The engine in the process writes Native blocks of revision 0 and has no setting for another one. Clients that send
 * `client_protocol_version` expect more: from 51903 a head on every block, from 54454 a flag after every column's type
 * (here always 0: no sparse or other custom serialization). This puts both in; the data itself is the same.
 *
 * Source: ClickHouse `NativeWriter::write`, `ISerialization` of the types below.
 */
const REVISION_WITH_BLOCK_INFO = 51_903
const REVISION_WITH_COLUMN_FLAG = 54_454

// Field 1: not an overflow block. Field 2: no bucket (-1). 0: end of the fields.
const BLOCK_INFO = Uint8Array.of(1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0)
const NO_CUSTOM_SERIALIZATION = Uint8Array.of(0)

/**
 * Whole blocks of revision 0, as a client of `revision` reads them.
 * @throws parameter_invalid for column types whose layout is not known here
 */
export function nativeForRevision(blocks: Uint8Array, revision: number | undefined): readonly Uint8Array[] {
  if (revision === undefined || revision < REVISION_WITH_BLOCK_INFO) return [blocks]
  const reader = new NativeReader(blocks)
  const pieces: Uint8Array[] = []
  while (reader.position < blocks.length) {
    pieces.push(BLOCK_INFO)
    let start = reader.position
    const columns = reader.varint()
    const rows = reader.varint()
    for (let column = 0; column < columns; column += 1) {
      reader.skip(reader.varint())
      const type = reader.text()
      if (revision >= REVISION_WITH_COLUMN_FLAG) {
        pieces.push(blocks.subarray(start, reader.position), NO_CUSTOM_SERIALIZATION)
        start = reader.position
      }
      if (rows > 0) skipColumn(reader, parseType(type), rows)
    }
    pieces.push(blocks.subarray(start, reader.position))
  }
  return pieces
}

class NativeReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  varint(): number {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.position++]
      if (byte === undefined) throw new RangeError('block ends early')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }

  uint64(): number {
    const value = Number(this.#view.getBigUint64(this.position, true))
    this.position += 8
    return value
  }

  text(): string {
    const length = this.varint()
    this.skip(length)
    return new TextDecoder().decode(this.#bytes.subarray(this.position - length, this.position))
  }

  skip(length: number): void {
    this.position += length
    if (this.position > this.#bytes.length) throw new RangeError('block ends early')
  }
}

interface Type {
  readonly name: string
  readonly parts: readonly Type[]
  /** The text between the parentheses. */
  readonly inside: string
}

/** `Map(String, Array(Nullable(Int8)))`; names of tuple elements are left out. */
export function parseType(text: string): Type {
  const open = text.indexOf('(')
  if (open === -1) return { name: text, parts: [], inside: '' }
  const name = text.slice(0, open)
  const inside = text.slice(open + 1, -1)
  if (!NESTING.has(name)) return { name, parts: [], inside }
  const parts = splitTopLevel(inside).map(part =>
    parseType(name === 'Tuple' || name === 'Nested' ? part.replace(/^(`[^`]*`|\w+) (?=\w)/, '') : part),
  )
  return { name, parts, inside }
}

const NESTING: ReadonlySet<string> = new Set(['Array', 'Nullable', 'LowCardinality', 'Map', 'Tuple'])

function splitTopLevel(text: string): readonly string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index]
    if (char === '(') depth += 1
    else if (char === ')') depth -= 1
    else if (char === "'") index = text.indexOf("'", index + 1)
    else if (char === ',' && depth === 0) {
      parts.push(text.slice(start, index))
      start = index + 2
    }
  }
  return [...parts, text.slice(start)]
}

/** Bytes of one value of the types that have a fixed number of them. */
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ...(['Int8', 'UInt8', 'Bool', 'Enum8', 'Nothing'] as const).map(name => [name, 1] as const),
  ...(['Int16', 'UInt16', 'Date', 'Enum16', 'BFloat16'] as const).map(name => [name, 2] as const),
  ...(['Int32', 'UInt32', 'Float32', 'Date32', 'DateTime', 'IPv4', 'Time'] as const).map(
    name => [name, 4] as const,
  ),
  ...(['Int64', 'UInt64', 'Float64', 'DateTime64', 'Time64'] as const).map(name => [name, 8] as const),
  ...(['Int128', 'UInt128', 'UUID', 'IPv6'] as const).map(name => [name, 16] as const),
  ...(['Int256', 'UInt256'] as const).map(name => [name, 32] as const),
])

function widthOf(type: Type): number | undefined {
  if (type.name.startsWith('Interval')) return 8
  if (type.name === 'FixedString') return Number(type.inside)
  if (type.name !== 'Decimal') return WIDTHS.get(type.name)
  const precision = Number.parseInt(type.inside, 10)
  if (precision <= 9) return 4
  if (precision <= 18) return 8
  return precision <= 38 ? 16 : 32
}

/** A column is the state of all its parts (only LowCardinality has one), then the data of all its parts. */
function skipColumn(reader: NativeReader, type: Type, rows: number): void {
  skipState(reader, type)
  skipData(reader, type, rows)
}

function skipState(reader: NativeReader, type: Type): void {
  // Version of the keys' serialization.
  if (type.name === 'LowCardinality') reader.skip(8)
  else for (const part of type.parts) skipState(reader, part)
}

function skipData(reader: NativeReader, type: Type, rows: number): void {
  const [first] = type.parts
  if (type.name === 'String') {
    for (let row = 0; row < rows; row += 1) reader.skip(reader.varint())
  } else if (type.name === 'Tuple') {
    // A tuple without elements has a byte a row, like Nothing.
    if (type.inside === '') reader.skip(rows)
    else for (const part of type.parts) skipData(reader, part, rows)
  } else if (type.name === 'Array' || type.name === 'Map') {
    if (rows === 0) return
    reader.skip(8 * (rows - 1))
    const length = reader.uint64()
    for (const part of type.parts) skipData(reader, part, length)
  } else if (type.name === 'Nullable' && first !== undefined) {
    reader.skip(rows)
    skipData(reader, first, rows)
  } else if (type.name === 'LowCardinality' && first !== undefined) {
    skipDictionary(reader, first, rows)
  } else {
    const width = widthOf(type)
    if (width === undefined || Number.isNaN(width)) throw unknownType(type)
    reader.skip(width * rows)
  }
}

/** Index width in the lowest byte; then the keys, without their null map; then the indexes. Nothing for no rows. */
function skipDictionary(reader: NativeReader, inner: Type, rows: number): void {
  if (rows === 0) return
  const flags = reader.uint64()
  const keyType = inner.name === 'Nullable' ? (inner.parts[0] ?? inner) : inner
  skipData(reader, keyType, reader.uint64())
  reader.skip(reader.uint64() * 2 ** (flags & 0xff))
}

const unknownType = (type: Type): WattlineError =>
  new WattlineError(
    'parameter_invalid',
    `A column of type ${type.name} cannot be given in Native blocks; cast it, or ask for another format.`,
  )
