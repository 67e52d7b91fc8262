import type { ColumnsOf } from '../../../core/columns/record-builder.ts'
import type { metricsGauge } from '../../../core/model/streams/index.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { AttributeReader } from './attributes.ts'
import { ABSENT, appendId, MISSHAPEN, readId, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts'

type ExemplarBuilders = Pick<
  ColumnsOf<typeof metricsGauge>,
  | 'Exemplars.FilteredAttributes'
  | 'Exemplars.TimeUnix'
  | 'Exemplars.Value'
  | 'Exemplars.SpanId'
  | 'Exemplars.TraceId'
>

const EXEMPLAR = TAG.Exemplar

/** Reads the exemplars of a point directly into their lists. */
export class ExemplarReader {
  /** An exemplar of the current point has an id of a wrong length. */
  misshapen = false
  #count = 0
  /** Consecutive points without exemplars whose lists are still to be closed. */
  #pending = 0
  readonly #reader: ProtobufReader
  readonly #attributes: AttributeReader
  readonly #columns: ExemplarBuilders
  readonly #lists: readonly Pick<ExemplarBuilders[keyof ExemplarBuilders], 'endRow' | 'endRowsEmpty'>[]

  constructor(reader: ProtobufReader, attributes: AttributeReader, columns: ExemplarBuilders) {
    this.#reader = reader
    this.#attributes = attributes
    this.#columns = columns
    this.#lists = [
      columns['Exemplars.FilteredAttributes'],
      columns['Exemplars.TimeUnix'],
      columns['Exemplars.Value'],
      columns['Exemplars.SpanId'],
      columns['Exemplars.TraceId'],
    ]
  }

  begin(): void {
    this.misshapen = false
    this.#count = 0
  }

  /** Reads the Exemplar whose length comes next. */
  read(pointEnd: number): void {
    const reader = this.#reader
    const end = reader.length(pointEnd)
    const outer = reader.message
    const filtered = this.#columns['Exemplars.FilteredAttributes'].items
    let low = 0
    let high = 0
    let value = 0
    let traceId = ABSENT
    let spanId = ABSENT
    let count = 0
    reader.message = 'Exemplar'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case EXEMPLAR.timeUnixNano:
          reader.fixed64(end)
          low = reader.low
          high = reader.high
          break
        case EXEMPLAR.asDouble:
          value = reader.double(end)
          break
        case EXEMPLAR.spanId:
          spanId = readId(reader, end, SPAN_ID_BYTES)
          break
        case EXEMPLAR.traceId:
          traceId = readId(reader, end, TRACE_ID_BYTES)
          break
        case EXEMPLAR.asInt:
          reader.fixed64(end)
          value = reader.signed()
          break
        case EXEMPLAR.filteredAttributes:
          this.#attributes.read(end, filtered, count)
          count += 1
          break
        default:
          reader.skip(tag, end, KNOWN_FIELDS.Exemplar)
      }
    }
    if (traceId === MISSHAPEN || spanId === MISSHAPEN) this.misshapen = true
    this.#count += 1
    filtered.endRow()
    this.#columns['Exemplars.TimeUnix'].items.appendParts(low, high)
    this.#columns['Exemplars.Value'].items.append(value)
    appendId(this.#columns['Exemplars.SpanId'].items, reader, spanId)
    appendId(this.#columns['Exemplars.TraceId'].items, reader, traceId)
    reader.message = outer
  }

  /** Closes the lists of the point's row; for points without exemplars only at `leave`. */
  endRow(): void {
    if (this.#count === 0) {
      this.#pending += 1
      return
    }
    this.leave()
    for (const list of this.#lists) list.endRow(this.#count)
  }

  /** Closes the lists of all points so far. */
  leave(): void {
    if (this.#pending === 0) return
    for (const list of this.#lists) list.endRowsEmpty(this.#pending)
    this.#pending = 0
  }
}
