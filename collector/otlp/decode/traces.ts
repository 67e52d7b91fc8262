import type { DecodeContext, DecodeResult } from './decode-context.ts'
import { allOrNothing } from './request.ts'
import type { SpanRecordBatch } from './span-batch.ts'

/**
 * Decodes an ExportTraceServiceRequest into the batch, one row per span. Throws `body_undecodable` or `body_too_large`
 * and then leaves the batch unchanged.
 */
export function decodeTraces(body: Uint8Array, context: DecodeContext, batch: SpanRecordBatch): DecodeResult {
  return allOrNothing([batch], () => batch.decode(body, context))
}
