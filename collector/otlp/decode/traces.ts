import type { DecodeContext, DecodeResult } from './decode-context.ts'
import { allOrNothing } from './request.ts'
import type { SpanRecordBatch } from './span-batch.ts'

/**
 * Decodes an ExportTraceServiceRequest into the batch, a row per span. Throws `body_undecodable` or `body_too_large` and then
 * leaves the batch as it was.
 */
export function decodeTraces(body: Uint8Array, context: DecodeContext, batch: SpanRecordBatch): DecodeResult {
  return allOrNothing([batch], () => batch.decode(body, context))
}
