import type { ArrowBody } from './arrow-body.ts'

/**
 * One message of Arrow's stream format: a prefix, a FlatBuffers table that describes the body
 * (format/Message.fbs of Arrow), and the body. FlatBuffers lets the writer choose the positions: here every
 * table has a fixed position, and only the two lists at the end vary in length.
 *
 *      0  where the Message is               36  fields of a DictionaryBatch or RecordBatch
 *      4  fields of a Message                48  that table
 *     16  Message                            64  fields of a RecordBatch within a DictionaryBatch
 *                                            80  that table
 */
const CONTINUATION = 0xffffffff
const PREFIX_BYTES = 8
const MESSAGE_FIELDS = 4
const MESSAGE = 16
const HEADER_FIELDS = 36
const HEADER = 48
const NESTED_FIELDS = 64
const NESTED = 80
const BATCH_BYTES = 20
/** Two 64-bit numbers: a FieldNode or a Buffer. */
const PAIR_BYTES = 16
/** MetadataVersion.V5 */
const VERSION = 4
/** MessageHeader */
const DICTIONARY_BATCH = 2
const RECORD_BATCH = 3

/** A batch of columns; with `dictionaryId`, the values of a dictionary. */
export class ArrowMessage {
  readonly byteLength: number
  readonly #body: ArrowBody
  readonly #rows: number
  readonly #dictionaryId: number | null
  /** Position of the RecordBatch, from which its lists are found. */
  readonly #batch: number
  readonly #nodes: number
  readonly #regions: number
  readonly #metadataBytes: number

  constructor(body: ArrowBody, rows: number, dictionaryId: number | null) {
    this.#body = body
    this.#rows = rows
    this.#dictionaryId = dictionaryId
    this.#batch = dictionaryId === null ? HEADER : NESTED
    this.#nodes = this.#batch + BATCH_BYTES
    // List elements are aligned to eight bytes, and a list's length comes directly before them.
    this.#regions = this.#nodes + 4 + (body.nodes.length / 2) * PAIR_BYTES + 4
    this.#metadataBytes = this.#regions + 4 + (body.regions.length / 2) * PAIR_BYTES
    this.byteLength = PREFIX_BYTES + this.#metadataBytes + body.byteLength
  }

  /** Writes the message to `target[at]`, a multiple of eight; returns the end. */
  writeTo(target: Uint8Array, at: number): number {
    target.fill(0, at, at + PREFIX_BYTES + this.#metadataBytes)
    const prefix = new DataView(target.buffer, target.byteOffset + at)
    prefix.setUint32(0, CONTINUATION, true)
    prefix.setUint32(4, this.#metadataBytes, true)
    const bodyAt = at + PREFIX_BYTES + this.#metadataBytes
    this.#metadata(new DataView(target.buffer, target.byteOffset + at + PREFIX_BYTES))
    this.#body.writeTo(target, bodyAt)
    return bodyAt + this.#body.byteLength
  }

  #metadata(view: DataView): void {
    view.setUint32(0, MESSAGE, true)
    // Message: version, header_type, header, bodyLength
    writeFields(view, MESSAGE_FIELDS, MESSAGE, 20, [16, 18, 4, 8])
    refer(view, MESSAGE + 4, HEADER)
    setInt64(view, MESSAGE + 8, this.#body.byteLength)
    view.setInt16(MESSAGE + 16, VERSION, true)
    view.setUint8(MESSAGE + 18, this.#dictionaryId === null ? RECORD_BATCH : DICTIONARY_BATCH)
    if (this.#dictionaryId === null) {
      this.#recordBatch(view, HEADER_FIELDS)
    } else {
      // DictionaryBatch: id, data
      writeFields(view, HEADER_FIELDS, HEADER, 16, [8, 4])
      refer(view, HEADER + 4, NESTED)
      setInt64(view, HEADER + 8, this.#dictionaryId)
      this.#recordBatch(view, NESTED_FIELDS)
    }
  }

  #recordBatch(view: DataView, fieldsAt: number): void {
    const batch = this.#batch
    // RecordBatch: length, nodes, buffers
    writeFields(view, fieldsAt, batch, BATCH_BYTES, [8, 4, 16])
    refer(view, batch + 4, this.#nodes)
    setInt64(view, batch + 8, this.#rows)
    refer(view, batch + 16, this.#regions)
    writePairs(view, this.#nodes, this.#body.nodes)
    writePairs(view, this.#regions, this.#body.regions)
  }
}

/** A table's list of fields, by their positions in the table, and the table's reference to it. */
function writeFields(view: DataView, at: number, table: number, tableBytes: number, places: number[]): void {
  view.setUint16(at, 4 + places.length * 2, true)
  view.setUint16(at + 2, tableBytes, true)
  for (const [index, place] of places.entries()) view.setUint16(at + 4 + index * 2, place, true)
  view.setInt32(table, table - at, true)
}

function refer(view: DataView, at: number, target: number): void {
  view.setUint32(at, target - at, true)
}

function writePairs(view: DataView, at: number, numbers: readonly number[]): void {
  view.setUint32(at, numbers.length / 2, true)
  for (let index = 0; index < numbers.length; index += 1) setInt64(view, at + 4 + index * 8, numbers[index]!)
}

function setInt64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true)
  view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}
