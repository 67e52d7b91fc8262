import { type Data, Dictionary, Field, RecordBatchStreamWriter, Schema } from 'apache-arrow'
import type { StreamDeclaration } from '../model/streams/stream.ts'
import { ArrowBody, dictionariesOf } from './arrow-body.ts'
import { ArrowMessage } from './arrow-message.ts'
import { isNullable } from './column-kinds.ts'

/**
 * Arrow's stream format for one batch: the schema, each dictionary, the batch, the end marker. The library's writer
 * builds the same small tables of numbers again for each record, which took a third of the time of a record of 4,000
 * rows. Here the schema is cached and the tables have fixed positions (arrow-message.ts).
 */
export class ArrowStreamWriter {
  /** By stream and by the widths of all ids: nothing else in the column types changes between records. */
  readonly #schemas = new Map<string, Uint8Array>()

  /**
   * `columns` in the order of the stream. `room`: returns a buffer of at least this many bytes, whose beginning is
   * filled and returned.
   */
  write(
    stream: StreamDeclaration,
    columns: readonly Data[],
    rows: number,
    room: (bytes: number) => Uint8Array,
  ): Uint8Array {
    const schema = this.#schema(stream, columns)
    const messages = dictionariesOf(columns).map(
      ([id, values]) => new ArrowMessage(new ArrowBody([values]), values.length, id),
    )
    messages.push(new ArrowMessage(new ArrowBody(columns), rows, null))
    const length = messages.reduce((sum, { byteLength }) => sum + byteLength, schema.length + END.length)
    const target = room(length).subarray(0, length)
    target.set(schema)
    let at = schema.length
    for (const message of messages) at = message.writeTo(target, at)
    target.set(END, at)
    return target
  }

  #schema(stream: StreamDeclaration, columns: readonly Data[]): Uint8Array {
    const key = `${stream.name} ${columns.map(widths).join()}`
    const known = this.#schemas.get(key)
    if (known !== undefined) return known
    const fields = stream.columns.map(
      (column, index) => new Field(column.name, columns[index]!.type, isNullable(column)),
    )
    const writer = new RecordBatchStreamWriter()
    writer.reset(undefined, new Schema(fields))
    writer.finish()
    const bytes = writer.toUint8Array(true)
    const schema = bytes.slice(0, bytes.length - END.length)
    this.#schemas.set(key, schema)
    return schema
  }
}

/** A message without content ends the stream. */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)

const widths = ({ type, children }: Data): string =>
  type instanceof Dictionary ? `${type.indices.bitWidth}` : children.map(widths).join()
