import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { type Data, RecordBatchReader } from 'apache-arrow'
import { traces } from '../../core/model/streams/index.ts'
import { spanRecord } from './span-records.ts'

const ZSTD = {
  params: {
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_hashLog]: 12,
    [constants.ZSTD_c_checksumFlag]: 1,
  },
  chunkSize: 1_048_576,
}
const HEX = Buffer.from('0123456789abcdef')
/** Length of the attributes that differ from span to span. */
const UNIQUE_LENGTH = 16

/**
 * Records of spans of which no two share an id, ten times cheaper than making them from objects: one record is the
 * pattern, and for each further one new ids and unique attributes are generated and its times are moved. Equal records
 * would compress in merges as no real ones do. Same seed, same bytes.
 */
export class FreshSpans {
  readonly #raw: Uint8Array
  readonly #ids: readonly Uint32Array[]
  readonly #times: BigInt64Array
  readonly #attributes: Uint8Array
  readonly #uniques: readonly number[]
  #state: number

  constructor(spans: number, seed: number) {
    this.#state = seed | 1
    this.#raw = Uint8Array.from(zstdDecompressSync(spanRecord(spans, seed)))
    const [batch] = RecordBatchReader.from(this.#raw).readAll()
    const columnOf = (name: string): Data => {
      const data = batch?.data.children[traces.columns.findIndex(column => column.name === name)]
      if (data === undefined) throw new Error(`the record has no column ${name}`)
      return data
    }
    this.#ids = ['TraceId', 'SpanId', 'ParentSpanId'].map(name => {
      const { buffer, byteOffset, byteLength } = columnOf(name).values as Uint8Array
      return new Uint32Array(buffer, byteOffset, byteLength / 4)
    })
    this.#times = columnOf('Timestamp').values as BigInt64Array
    const dictionary = columnOf('SpanAttributes').children[0]?.children[1]?.dictionary?.data[0]
    if (dictionary === undefined) throw new Error('attributes have no dictionary')
    this.#attributes = dictionary.values as Uint8Array
    const offsets = dictionary.valueOffsets as Int32Array
    this.#uniques = Array.from({ length: dictionary.length }, (_, index) => index)
      .filter(index => offsets[index + 1]! - offsets[index]! === UNIQUE_LENGTH)
      .map(index => offsets[index]!)
  }

  /** The next record, `moveNs` later than the last. */
  nextRecord(moveNs: bigint): Uint8Array {
    for (const words of this.#ids) {
      for (let at = 0; at < words.length; at++) words[at] = this.#next()
    }
    for (let at = 0; at < this.#times.length; at++) this.#times[at] = this.#times[at]! + moveNs
    for (const offset of this.#uniques) {
      for (let half = 0; half < UNIQUE_LENGTH; half += 8) {
        let bits = this.#next()
        for (let at = offset + half; at < offset + half + 8; at++, bits >>>= 4) {
          this.#attributes[at] = HEX[bits & 15]!
        }
      }
    }
    const record = zstdCompressSync(this.#raw, ZSTD)
    return new Uint8Array(record.buffer, record.byteOffset, record.byteLength)
  }

  /** xorshift32 */
  #next(): number {
    let bits = this.#state
    bits ^= bits << 13
    bits ^= bits >>> 17
    bits ^= bits << 5
    this.#state = bits
    return bits >>> 0
  }
}
