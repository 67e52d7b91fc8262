// Made by `npm run wasm` (collector/otlp/codegen). Change what it is made from.
import { tell, tellDictionary, tellIds, tellPairs, tellTexts } from './exchange'
import { SpanBatch } from './span-batch'

/** Tells what the columns hold and where they lie, in the order in which the host reads it (decode/span-columns.ts). */
export class Description {
  @inline
  static tell(batch: SpanBatch): void {
    tell(batch.rows)
    tell(batch.events)
    tell(batch.links)
    tellDictionary(batch.tenant)
    tell(<u32>batch.timestamp.at)
    tellIds(batch.traceId)
    tellIds(batch.spanId)
    tellIds(batch.parentSpanId)
    tellTexts(batch.traceState)
    tellDictionary(batch.spanName)
    tellDictionary(batch.spanKind)
    tellDictionary(batch.serviceName)
    tellPairs(batch.resourceAttributes)
    tellDictionary(batch.scopeName)
    tellDictionary(batch.scopeVersion)
    tellPairs(batch.spanAttributes)
    tell(<u32>batch.duration.at)
    tellDictionary(batch.statusCode)
    tellTexts(batch.statusMessage)
    tell(<u32>batch.droppedAttributesCount.at)
    tell(<u32>batch.eventsOffsets.at)
    tell(<u32>batch.eventsTimestamp.at)
    tellDictionary(batch.eventsName)
    tellPairs(batch.eventsAttributes)
    tell(<u32>batch.linksOffsets.at)
    tellIds(batch.linksTraceId)
    tellIds(batch.linksSpanId)
    tellTexts(batch.linksTraceState)
    tellPairs(batch.linksAttributes)
  }
}
