import type { ColumnsOf } from '../../../core/columns/record-builder.ts'
import type { traces } from '../../../core/model/streams/index.ts'
import type { AttributeReader } from './attributes.ts'
import { ABSENT, appendId, MISSHAPEN, readId, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts'
import { knownFields, type ProtobufReader } from './protobuf-reader.ts'

const EVENT_FIELDS = knownFields(1, 2, 3, 4)
const LINK_FIELDS = knownFields(1, 2, 3, 4, 5, 6)
const STATUS_FIELDS = knownFields(2, 3)

/** What is nested in a span: events and links go straight into their lists, the status is kept for the row. */
export class SpanParts {
  /** A link of the span in hand has an id of a wrong length. */
  linkMisshapen = false
  statusCode = 0
  messageStart = 0
  messageEnd = 0
  #events = 0
  #links = 0
  readonly #reader: ProtobufReader
  readonly #attributes: AttributeReader
  readonly #columns: ColumnsOf<typeof traces>

  constructor(reader: ProtobufReader, attributes: AttributeReader, columns: ColumnsOf<typeof traces>) {
    this.#reader = reader
    this.#attributes = attributes
    this.#columns = columns
  }

  begin(): void {
    this.linkMisshapen = false
    this.statusCode = 0
    this.messageStart = 0
    this.messageEnd = 0
    this.#events = 0
    this.#links = 0
  }

  event(spanEnd: number): void {
    const reader = this.#reader
    const end = reader.length(spanEnd)
    const attributes = this.#columns['Events.Attributes'].items
    let low = 0
    let high = 0
    let nameStart = 0
    let nameEnd = 0
    let count = 0
    reader.message = 'Span.Event'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case 0x09:
          reader.fixed64(end)
          low = reader.low
          high = reader.high
          break
        case 0x12:
          nameEnd = reader.length(end)
          nameStart = reader.position
          reader.position = nameEnd
          break
        case 0x1a:
          this.#attributes.read(end, attributes, count)
          count += 1
          break
        case 0x20:
          reader.varint(end)
          break
        default:
          reader.skip(tag, end, EVENT_FIELDS)
      }
    }
    this.#events += 1
    this.#columns['Events.Timestamp'].items.appendWords(low, high)
    this.#columns['Events.Name'].items.appendBytes(reader.bytes, nameStart, nameEnd)
    attributes.endRow()
    reader.message = 'Span'
  }

  link(spanEnd: number): void {
    const reader = this.#reader
    const end = reader.length(spanEnd)
    const attributes = this.#columns['Links.Attributes'].items
    let traceId = ABSENT
    let spanId = ABSENT
    let stateStart = 0
    let stateEnd = 0
    let count = 0
    reader.message = 'Span.Link'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case 0x0a:
          traceId = readId(reader, end, TRACE_ID_BYTES)
          break
        case 0x12:
          spanId = readId(reader, end, SPAN_ID_BYTES)
          break
        case 0x1a:
          stateEnd = reader.length(end)
          stateStart = reader.position
          reader.position = stateEnd
          break
        case 0x22:
          this.#attributes.read(end, attributes, count)
          count += 1
          break
        case 0x28:
          reader.varint(end)
          break
        case 0x35:
          reader.fixed32(end)
          break
        default:
          reader.skip(tag, end, LINK_FIELDS)
      }
    }
    if (traceId === MISSHAPEN || spanId === MISSHAPEN) this.linkMisshapen = true
    this.#links += 1
    appendId(this.#columns['Links.TraceId'].items, reader, traceId)
    appendId(this.#columns['Links.SpanId'].items, reader, spanId)
    this.#columns['Links.TraceState'].items.appendBytes(reader.bytes, stateStart, stateEnd)
    attributes.endRow()
    reader.message = 'Span'
  }

  status(spanEnd: number): void {
    const reader = this.#reader
    const end = reader.length(spanEnd)
    reader.message = 'Status'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === 0x12) {
        this.messageEnd = reader.length(end)
        this.messageStart = reader.position
        reader.position = this.messageEnd
      } else if (tag === 0x18) this.statusCode = reader.uint32(end)
      else reader.skip(tag, end, STATUS_FIELDS)
    }
    reader.message = 'Span'
  }

  /** Closes the lists of the span's row. */
  endRow(): void {
    const columns = this.#columns
    columns['Events.Timestamp'].endRow(this.#events)
    columns['Events.Name'].endRow(this.#events)
    columns['Events.Attributes'].endRow(this.#events)
    columns['Links.TraceId'].endRow(this.#links)
    columns['Links.SpanId'].endRow(this.#links)
    columns['Links.TraceState'].endRow(this.#links)
    columns['Links.Attributes'].endRow(this.#links)
  }
}
