import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type { traces } from '../../../core/model/streams/index.ts'
import { type Envelope, type MessageWriter, mapKey, SPAN_ID, TRACE_ID } from './message.ts'

type SpanColumns = ViewsOf<typeof traces>

const KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const STATUS_CODES = ['Unset', 'Ok', 'Error']

/** Spans as OTLP. What has no column (flags, counts of dropped events and links, schema URLs) is not there to be sent. */
export function tracesEnvelope(columns: SpanColumns): Envelope {
  const { ResourceAttributes, ScopeName, ScopeVersion } = columns
  return {
    resourceKey: row => mapKey(ResourceAttributes, row),
    resource: (to, row) => to.attributes(1, ResourceAttributes, row),
    resourceUrl: () => '',
    scopeKey: row => JSON.stringify([ScopeName.get(row), ScopeVersion.get(row)]),
    scope(to, row) {
      to.text(1, ScopeName.get(row))
      to.text(2, ScopeVersion.get(row))
    },
    scopeUrl: () => '',
    items(to, from, end) {
      for (let row = from; row < end; row += 1) to.message(2, () => writeSpan(to, columns, row))
    },
  }
}

function writeSpan(to: MessageWriter, columns: SpanColumns, row: number): void {
  const start = columns.Timestamp.get(row)
  to.id(1, TRACE_ID, columns.TraceId, row)
  to.id(2, SPAN_ID, columns.SpanId, row)
  to.text(3, columns.TraceState.get(row))
  to.id(4, SPAN_ID, columns.ParentSpanId, row)
  to.text(5, columns.SpanName.get(row))
  to.number(6, Math.max(0, KINDS.indexOf(columns.SpanKind.get(row))))
  to.wide(7, start)
  to.wide(8, start + columns.Duration.get(row))
  to.attributes(9, columns.SpanAttributes, row)
  to.number(10, columns.DroppedAttributesCount.get(row))
  writeEvents(to, columns, row)
  writeLinks(to, columns, row)
  to.message(15, () => {
    to.text(2, columns.StatusMessage.get(row))
    to.number(3, Math.max(0, STATUS_CODES.indexOf(columns.StatusCode.get(row))))
  })
}

function writeEvents(to: MessageWriter, columns: SpanColumns, row: number): void {
  const { offsets } = columns['Events.Timestamp']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(11, () => {
      to.wide(1, columns['Events.Timestamp'].items.get(at))
      to.text(2, columns['Events.Name'].items.get(at))
      to.attributes(3, columns['Events.Attributes'].items, at)
    })
  }
}

function writeLinks(to: MessageWriter, columns: SpanColumns, row: number): void {
  const { offsets } = columns['Links.TraceId']
  for (let at = offsets[row]!; at < offsets[row + 1]!; at += 1) {
    to.message(13, () => {
      to.id(1, TRACE_ID, columns['Links.TraceId'].items, at)
      to.id(2, SPAN_ID, columns['Links.SpanId'].items, at)
      to.text(3, columns['Links.TraceState'].items.get(at))
      to.attributes(4, columns['Links.Attributes'].items, at)
    })
  }
}
