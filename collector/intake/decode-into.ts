import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { Reading, RecognisableMetric } from '../readings/metric.ts'
import {
  type Builders,
  type Decoders,
  type IngestResult,
  type Recogniser,
  type RowBuilder,
  SIGNAL_BUILDERS,
  type Signal,
} from './signals.ts'

export interface Decoded {
  readonly result: IngestResult
  readonly readings: readonly Reading[]
  /** Points of recognisable metrics that are no readings, by reason; the metric itself is stored all the same. */
  readonly ignoredReadings: ReadonlyMap<string, number>
}

/**
 * Decodes a body into builders and finds the readings in it. All or nothing: whatever throws, the builders are left as
 * they were.
 */
export function decodeInto(
  parts: { readonly decoders: Decoders; readonly recogniser: Recogniser },
  signal: Signal,
  body: Uint8Array,
  context: DecodeContext,
  builders: Builders,
): Decoded {
  const { decoders, recogniser } = parts
  const touched: readonly RowBuilder[] = SIGNAL_BUILDERS[signal].map(name => builders[name])
  const marks = touched.map(builder => builder.mark())
  try {
    if (signal === 'traces') return plain(decoders.traces(body, context, builders.traces))
    if (signal === 'logs') return plain(decoders.logs(body, context, builders.logs))
    const recognisable: RecognisableMetric[] = []
    const result = decoders.metrics(
      body,
      context,
      builders,
      metric => recognisable.push(metric),
      name => recogniser.isRecognisable(name),
    )
    return { result, ...recogniseAll(recogniser, recognisable, context.tenant) }
  } catch (error) {
    for (const [index, builder] of touched.entries()) builder.rollback(marks[index])
    throw error
  }
}

const plain = (result: IngestResult): Decoded => ({ result, readings: [], ignoredReadings: new Map() })

function recogniseAll(
  recogniser: Recogniser,
  metrics: readonly RecognisableMetric[],
  tenant: string,
): Pick<Decoded, 'readings' | 'ignoredReadings'> {
  const readings: Reading[] = []
  const ignoredReadings = new Map<string, number>()
  for (const metric of metrics) {
    const recognised = recogniser.recognise(metric, tenant)
    for (const reading of recognised.readings) readings.push(reading)
    addCounts(ignoredReadings, recognised.ignored)
  }
  return { readings, ignoredReadings }
}

/** Adds counts by reason to a sum. */
export function addCounts(sum: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [reason, count] of counts) sum.set(reason, (sum.get(reason) ?? 0) + count)
}
