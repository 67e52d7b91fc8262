import { RESPONSE } from '../../core/protobuf/otlp/fields.ts'
import { ProtobufWriter, WIRE } from '../../core/protobuf/writer.ts'
import type { Encoding, IngestResult, Signal } from './signals.ts'

const REJECTED_FIELD: Readonly<Record<Signal, string>> = {
  traces: 'rejectedSpans',
  metrics: 'rejectedDataPoints',
  logs: 'rejectedLogRecords',
}
/** Names of items in messages to clients. */
export const ITEMS: Readonly<Record<Signal, string>> = {
  traces: 'spans',
  metrics: 'data points',
  logs: 'log records',
}

/**
 * The body of a 200: empty (`{}` in JSON) when everything was stored, otherwise a partial success with the number of
 * rejected items and the reasons. Cut attributes and notes are warnings: nothing is rejected, but there is a message.
 */
export function encodeExportResponse(signal: Signal, result: IngestResult, encoding: Encoding): Uint8Array {
  const errorMessage = describe(signal, result)
  if (errorMessage === '') return encoding === 'json' ? Buffer.from('{}') : new Uint8Array(0)
  if (encoding === 'json') {
    const partialSuccess: Record<string, string> = { errorMessage }
    if (result.rejected > 0) partialSuccess[REJECTED_FIELD[signal]] = String(result.rejected)
    return Buffer.from(JSON.stringify({ partialSuccess }))
  }
  const writer = new ProtobufWriter()
  writer.tag(RESPONSE.partialSuccess, WIRE.bytes)
  const start = writer.begin()
  if (result.rejected > 0) {
    writer.tag(RESPONSE.rejected, WIRE.varint)
    writer.uint(result.rejected)
  }
  writer.tag(RESPONSE.errorMessage, WIRE.bytes)
  writer.string(errorMessage)
  writer.end(start)
  return writer.bytes()
}

function describe(signal: Signal, { rejected, reasons, cutAttributes, notes = [] }: IngestResult): string {
  const sentences: string[] = []
  if (rejected > 0) {
    const counts = [...reasons].map(([reason, count]) => `${reason}: ${count}`).join(', ')
    sentences.push(`${rejected} ${ITEMS[signal]} rejected (${counts}).`)
  }
  if (cutAttributes > 0) sentences.push(`${cutAttributes} attributes were cut at the limits.`)
  return [...sentences, ...notes].join(' ')
}
