import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import {
  type Data,
  Dictionary,
  Field,
  Int8,
  Int16,
  Int32,
  type Int64,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Uint8,
  Uint16,
  Uint32,
} from 'apache-arrow'

/** Every type that another writer of records may use for the ids of its dictionaries. */
export const ID_TYPES = [new Int8(), new Uint8(), new Int16(), new Uint16(), new Int32(), new Uint32()]

type AnyInt = (typeof ID_TYPES)[number] | Int64

/** The same record, with the ids of all its dictionaries in the given type: values that do not fit wrap. */
export function withIds(record: Uint8Array, type: AnyInt): Uint8Array {
  const [batch] = RecordBatchReader.from(zstdDecompressSync(record)).open().readAll()
  const children = batch!.data.children.map(child => retyped(child, type))
  const fields = batch!.schema.fields.map(
    ({ name, nullable }, index) => new Field(name, children[index]!.type, nullable),
  )
  const data = makeData({ type: new Struct(fields), length: batch!.numRows, nullCount: 0, children })
  const writer = new RecordBatchStreamWriter()
  writer.write(new RecordBatch(new Schema(fields), data))
  writer.finish()
  return zstdCompressSync(writer.toUint8Array(true))
}

/** The types of the ids of all dictionaries of a record, in order. */
export function idTypes(record: Uint8Array): string[] {
  const found: string[] = []
  const visit = (data: Data): void => {
    if (data.type instanceof Dictionary) found.push(String(data.type.indices))
    for (const child of data.children) visit(child)
  }
  const [batch] = RecordBatchReader.from(zstdDecompressSync(record)).open().readAll()
  visit(batch!.data as Data)
  return found
}

function retyped(data: Data, type: AnyInt): Data {
  if (data.type instanceof Dictionary) {
    const { length, values, dictionary } = data
    const wide = Array.from(values as Int32Array)
    const ids =
      type.ArrayType === BigInt64Array
        ? BigInt64Array.from(wide, BigInt)
        : (type.ArrayType as typeof Int32Array).from(wide)
    const into = new Dictionary(data.type.dictionary, type as Int32, data.type.id)
    return makeData({ type: into, length, nullCount: 0, data: ids as Int32Array, dictionary: dictionary! })
  }
  if (data.children.length === 0) return data
  const children = data.children.map(child => retyped(child, type))
  const fields = (data.type.children as Field[]).map(
    ({ name, nullable }, index) => new Field(name, children[index]!.type, nullable),
  )
  const Type = data.type.constructor as new (fields: readonly Field[] | Field) => typeof data.type
  const into = new Type(data.type instanceof Struct ? fields : fields[0]!)
  return data.clone(into as never, data.offset, data.length, data.nullCount, data.buffers, children)
}
