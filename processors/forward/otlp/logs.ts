import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type { logs } from '../../../core/model/streams/index.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'
import { type Envelope, type MessageWriter, mapKey, SPAN_ID, TRACE_ID } from './message.ts'

type LogColumns = ViewsOf<typeof logs>

/** Log records as OTLP. The body is text, as the table keeps it. */
export function logsEnvelope(columns: LogColumns): Envelope {
  const { ResourceAttributes, ResourceSchemaUrl, ScopeAttributes, ScopeName, ScopeSchemaUrl, ScopeVersion } =
    columns
  return {
    resourceKey: row => `${ResourceSchemaUrl.get(row)} ${mapKey(ResourceAttributes, row)}`,
    resource: (to, row) => to.attributes(1, ResourceAttributes, row),
    resourceUrl: row => ResourceSchemaUrl.get(row),
    scopeKey: row =>
      JSON.stringify([
        ScopeName.get(row),
        ScopeVersion.get(row),
        ScopeSchemaUrl.get(row),
        mapKey(ScopeAttributes, row),
      ]),
    scope(to, row) {
      to.text(1, ScopeName.get(row))
      to.text(2, ScopeVersion.get(row))
      to.attributes(3, ScopeAttributes, row)
    },
    scopeUrl: row => ScopeSchemaUrl.get(row),
    items(to, from, end) {
      for (let row = from; row < end; row += 1) to.message(2, () => writeLog(to, columns, row))
    },
  }
}

function writeLog(to: MessageWriter, columns: LogColumns, row: number): void {
  const time = columns.Timestamp.get(row)
  const body = columns.Body.get(row)
  to.wide(1, time)
  to.number(2, columns.SeverityNumber.get(row))
  to.text(3, columns.SeverityText.get(row))
  if (body !== '') to.message(5, () => to.text(1, body))
  to.attributes(6, columns.LogAttributes, row)
  to.number(7, columns.DroppedAttributesCount.get(row))
  const flags = columns.TraceFlags.get(row)
  if (flags !== 0) {
    to.tag(8, WIRE.fixed32)
    to.fixed32(flags)
  }
  to.id(9, TRACE_ID, columns.TraceId, row)
  to.id(10, SPAN_ID, columns.SpanId, row)
  to.wide(11, time)
  to.text(12, columns.EventName.get(row))
}
