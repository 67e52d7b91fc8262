import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import { SPAN_KINDS, SPAN_STATUS_CODES, type traces } from '../../../core/model/streams/traces.ts'
import { ENVELOPE, FIELD } from '../../../core/protobuf/otlp/fields.ts'
import { type Envelope, type MessageWriter, SPAN_ID, TRACE_ID } from './message.ts'
import { envelopeAround } from './origin.ts'

const SPAN = FIELD.Span
const EVENT = FIELD.Event
const LINK = FIELD.Link

type SpanColumns = ViewsOf<typeof traces>

/**
 * Spans as OTLP. What has no column (flags, counts of dropped events and links, schema URLs) is not there to be sent. Attributes are
 * sent as text, whatever their types were.
 */
export function tracesEnvelope(columns: SpanColumns): Envelope {
  return {
    ...envelopeAround(columns),
    items(to, from, end) {
      for (let row = from; row < end; row += 1)
        to.message(ENVELOPE.members, () => writeSpan(to, columns, row))
    },
  }
}

function writeSpan(to: MessageWriter, columns: SpanColumns, row: number): void {
  const start = columns.Timestamp.get(row)
  to.id(SPAN.traceId, TRACE_ID, columns.TraceId, row)
  to.id(SPAN.spanId, SPAN_ID, columns.SpanId, row)
  to.text(SPAN.traceState, columns.TraceState.get(row))
  to.id(SPAN.parentSpanId, SPAN_ID, columns.ParentSpanId, row)
  to.text(SPAN.name, columns.SpanName.get(row))
  to.number(SPAN.kind, Math.max(0, SPAN_KINDS.indexOf(columns.SpanKind.get(row))))
  to.wide(SPAN.startTimeUnixNano, start)
  to.wide(SPAN.endTimeUnixNano, start + columns.Duration.get(row))
  to.attributes(SPAN.attributes, columns.SpanAttributes, row)
  to.number(SPAN.droppedAttributesCount, columns.DroppedAttributesCount.get(row))
  writeEvents(to, columns, row)
  writeLinks(to, columns, row)
  to.message(SPAN.status, () => {
    to.text(FIELD.Status.message, columns.StatusMessage.get(row))
    to.number(FIELD.Status.code, Math.max(0, SPAN_STATUS_CODES.indexOf(columns.StatusCode.get(row))))
  })
}

function writeEvents(to: MessageWriter, columns: SpanColumns, row: number): void {
  const { offsets } = columns['Events.Timestamp']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(SPAN.events, () => {
      to.wide(EVENT.timeUnixNano, columns['Events.Timestamp'].items.get(at))
      to.text(EVENT.name, columns['Events.Name'].items.get(at))
      to.attributes(EVENT.attributes, columns['Events.Attributes'].items, at)
    })
  }
}

function writeLinks(to: MessageWriter, columns: SpanColumns, row: number): void {
  const { offsets } = columns['Links.TraceId']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(SPAN.links, () => {
      to.id(LINK.traceId, TRACE_ID, columns['Links.TraceId'].items, at)
      to.id(LINK.spanId, SPAN_ID, columns['Links.SpanId'].items, at)
      to.text(LINK.traceState, columns['Links.TraceState'].items.get(at))
      to.attributes(LINK.attributes, columns['Links.Attributes'].items, at)
    })
  }
}
