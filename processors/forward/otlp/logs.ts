import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type { logs } from '../../../core/model/streams/index.ts'
import { ENVELOPE, FIELD } from '../../../core/protobuf/otlp/fields.ts'
import { WIRE } from '../../../core/protobuf/writer.ts'
import { type Envelope, type MessageWriter, SPAN_ID, TRACE_ID } from './message.ts'
import { envelopeAround } from './origin.ts'

const LOG = FIELD.LogRecord

type LogColumns = ViewsOf<typeof logs>

/** Log records as OTLP. The body is text, as the table keeps it. */
export function logsEnvelope(columns: LogColumns): Envelope {
  return {
    ...envelopeAround(columns),
    items(to, from, end) {
      for (let row = from; row < end; row += 1) to.message(ENVELOPE.members, () => writeLog(to, columns, row))
    },
  }
}

function writeLog(to: MessageWriter, columns: LogColumns, row: number): void {
  const time = columns.Timestamp.get(row)
  const body = columns.Body.get(row)
  to.wide(LOG.timeUnixNano, time)
  to.number(LOG.severityNumber, columns.SeverityNumber.get(row))
  to.text(LOG.severityText, columns.SeverityText.get(row))
  if (body !== '') to.message(LOG.body, () => to.text(FIELD.AnyValue.stringValue, body))
  to.attributes(LOG.attributes, columns.LogAttributes, row)
  to.number(LOG.droppedAttributesCount, columns.DroppedAttributesCount.get(row))
  const flags = columns.TraceFlags.get(row)
  if (flags !== 0) {
    to.tag(LOG.flags, WIRE.fixed32)
    to.fixed32(flags)
  }
  to.id(LOG.traceId, TRACE_ID, columns.TraceId, row)
  to.id(LOG.spanId, SPAN_ID, columns.SpanId, row)
  to.wide(LOG.observedTimeUnixNano, time)
  to.text(LOG.eventName, columns.EventName.get(row))
}
