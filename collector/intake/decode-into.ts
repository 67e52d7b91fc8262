import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { Builders, Decoders, IngestResult, Signal } from '../otlp/signals.ts'
import type { RecognisedPoints } from '../readings/recognised-points.ts'
import type { Recogniser } from '../readings/recogniser.ts'

/** Result of decoding one body, apart from the rows that are in the builders. */
export interface Decoded {
  readonly result: IngestResult
  /** The readings among the points of a metrics request. */
  readonly recognised: RecognisedPoints | null
}

/** Decodes a body into builders and recognises the readings in it. All or nothing, like the decoders. */
export function decodeInto(
  parts: { readonly decoders: Decoders; readonly recogniser: Recogniser },
  signal: Signal,
  body: Uint8Array,
  context: DecodeContext,
  builders: Builders,
): Decoded {
  const { decoders, recogniser } = parts
  if (signal === 'traces') {
    return { result: decoders.traces(body, context, builders.traces), recognised: null }
  }
  if (signal === 'logs') return { result: decoders.logs(body, context, builders.logs), recognised: null }
  const recognised = recogniser.begin(context)
  return { result: decoders.metrics(body, context, builders, recognised), recognised }
}

/** Adds counts by reason to a sum. */
export function addCounts(sum: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [reason, count] of counts) sum.set(reason, (sum.get(reason) ?? 0) + count)
}
