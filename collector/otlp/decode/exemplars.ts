import type { StringColumn } from '../../../core/columns/string-column.ts'
import type { StoredExemplar } from '../../../core/model/streams/metric-points.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { AttributeTexts } from './attribute-texts.ts'
import { NO_ID, readId, SPAN_ID_BYTES, TRACE_ID_BYTES, WRONG_LENGTH } from './ids.ts'

const EXEMPLAR = TAG.Exemplar

/** Reads the exemplars of a point, and writes them as one text: nearly all points have none. */
export class ExemplarReader {
  /** An exemplar of the current point has an id of a wrong length. */
  misshapen = false
  #found: StoredExemplar[] = []
  readonly #reader: ProtobufReader
  readonly #texts: AttributeTexts
  readonly #column: StringColumn

  constructor(reader: ProtobufReader, texts: AttributeTexts, column: StringColumn) {
    this.#reader = reader
    this.#texts = texts
    this.#column = column
  }

  /** Exemplars of the current point so far. */
  get count(): number {
    return this.#found.length
  }

  begin(): void {
    this.misshapen = false
    if (this.#found.length > 0) this.#found = []
  }

  /** Reads the Exemplar whose length comes next. */
  read(pointEnd: number): void {
    const reader = this.#reader
    const end = reader.length(pointEnd)
    const outer = reader.message
    let [timeLow, timeHigh] = [0, 0]
    let bits = 0n
    let traceId = NO_ID
    let spanId = NO_ID
    let count = 0
    reader.message = 'Exemplar'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case EXEMPLAR.timeUnixNano:
          reader.fixed64(end)
          timeLow = reader.low
          timeHigh = reader.high
          break
        case EXEMPLAR.asDouble:
          reader.fixed64(end)
          bits = wide(reader.low, reader.high)
          break
        case EXEMPLAR.asInt:
          reader.fixed64(end)
          bits = bitsOf(reader.signed())
          break
        case EXEMPLAR.spanId:
          spanId = readId(reader, end, SPAN_ID_BYTES)
          break
        case EXEMPLAR.traceId:
          traceId = readId(reader, end, TRACE_ID_BYTES)
          break
        case EXEMPLAR.filteredAttributes:
          this.#texts.read(end, count)
          count += 1
          break
        default:
          reader.skip(tag, end, KNOWN_FIELDS.Exemplar)
      }
    }
    if (traceId === WRONG_LENGTH || spanId === WRONG_LENGTH) this.misshapen = true
    this.#found.push({
      attributes: count === 0 ? {} : Object.fromEntries(this.#texts.take()),
      time: BigInt.asIntN(64, wide(timeLow, timeHigh)).toString(),
      value: floatText(floatOf(bits)),
      bits: bits.toString(16).padStart(16, '0'),
      spanId: this.#hex(spanId, SPAN_ID_BYTES),
      traceId: this.#hex(traceId, TRACE_ID_BYTES),
    })
    reader.message = outer
  }

  /** Writes the exemplars of the point's row. */
  endRow(): void {
    this.#column.append(this.#found.length === 0 ? '' : JSON.stringify(this.#found))
  }

  #hex(place: number, width: number): string {
    return place < 0 ? '' : Buffer.from(this.#reader.bytes.subarray(place, place + width)).toString('hex')
  }
}

const wide = (low: number, high: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)

const scratch = new DataView(new ArrayBuffer(8))

function floatOf(bits: bigint): number {
  scratch.setBigUint64(0, bits)
  return scratch.getFloat64(0)
}

function bitsOf(value: number): bigint {
  scratch.setFloat64(0, value)
  return scratch.getBigUint64(0)
}

/** As Prometheus writes numbers. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Object.is(value, -0) ? '-0' : String(value)
}
