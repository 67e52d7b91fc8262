/** The results of our decoders, in the shape of the reference. */

import type { DecodeContext, DecodeResult } from '../../../../collector/otlp/decode/decode-context.ts'
import { decodeLogs } from '../../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../../collector/otlp/decode/metrics.ts'
import { decodeTraces } from '../../../../collector/otlp/decode/traces.ts'
import {
  type Builders,
  createBuilders,
  SIGNAL_BUILDERS,
  type Signal,
} from '../../../../collector/otlp/signals.ts'
import { createRecogniser } from '../../../../collector/readings/recogniser.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { exporterRows, type PointRows } from '../../../support/exporter-rows.ts'
import type { Expected, Row } from './reference.ts'

/** Into builders that may contain rows of others. */
export function decodeIntoBuilders(
  signal: Signal,
  bytes: Uint8Array,
  context: DecodeContext,
  builders: Builders,
): DecodeResult {
  if (signal === 'traces') return decodeTraces(bytes, context, builders.traces)
  if (signal === 'logs') return decodeLogs(bytes, context, builders.logs)
  return decodeMetrics(bytes, context, builders, recogniser.begin(context))
}

/** By builder, those of metrics by kind; the builders are empty afterwards. */
export function takeRows(signal: Signal, builders: Builders): Record<string, readonly Row[]> {
  const rows = Object.fromEntries(
    SIGNAL_BUILDERS[signal].map(name => {
      const builder = builders[name]
      return [name, builder.rows === 0 ? [] : decodeRows(builder.stream, builder.finish())]
    }),
  )
  return signal === 'metrics' ? exporterRows(rows as unknown as PointRows) : rows
}

/** Shared by all requests, as in a collector. */
const builders = createBuilders()

export function decodedOf(signal: Signal, bytes: Uint8Array, context: DecodeContext): Expected {
  const result = decodeIntoBuilders(signal, bytes, context, builders)
  return { rows: takeRows(signal, builders), result }
}

const recogniser = createRecogniser()
