/** Records as the requests that any OTLP receiver takes. */
import type { RecordView, ViewsOf } from '../../../core/columns/record-reader.ts'
import type { logs, readings, traces } from '../../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../../core/model/streams/stream.ts'
import { logsEnvelope } from './logs.ts'
import { writeRequest } from './message.ts'
import { isPointStream, metricsEnvelope } from './metrics.ts'
import { metricsV1Envelope } from './metrics-v1.ts'
import { type LeftOut, pointsOf, readingsEnvelope } from './readings.ts'
import { tracesEnvelope } from './traces.ts'

/** One request of at most 8,192 rows. */
export interface OtlpRequest {
  /** Below the base address. */
  readonly path: '/v1/traces' | '/v1/logs' | '/v1/metrics'
  /** An Export*ServiceRequest in protobuf. */
  readonly body: Uint8Array
}

/** Rows of one request: some 2.5 MB of spans, below what receivers take by default. */
const MAX_ROWS = 8_192

/** The requests that carry a record, in order. `onLeftOut` counts readings that are in none. */
export function* requestsOf(
  stream: StreamDeclaration,
  { rows, columns }: RecordView<StreamDeclaration>,
  onLeftOut: (reason: LeftOut, amount: number) => void,
): Iterable<OtlpRequest> {
  for (let from = 0; from < rows; from += MAX_ROWS) {
    const to = Math.min(rows, from + MAX_ROWS)
    if (stream.name === 'traces') {
      yield {
        path: '/v1/traces',
        body: writeRequest(tracesEnvelope(columns as ViewsOf<typeof traces>), from, to),
      }
    } else if (stream.name === 'logs') {
      yield { path: '/v1/logs', body: writeRequest(logsEnvelope(columns as ViewsOf<typeof logs>), from, to) }
    } else if (stream.name === 'readings') {
      const { points, leftOut } = pointsOf(columns as ViewsOf<typeof readings>, from, to)
      for (const [reason, amount] of leftOut) onLeftOut(reason, amount)
      if (points.length > 0) {
        yield { path: '/v1/metrics', body: writeRequest(readingsEnvelope(points), 0, points.length) }
      }
    } else {
      const envelope = isPointStream(stream.name) ? metricsEnvelope : metricsV1Envelope
      yield { path: '/v1/metrics', body: writeRequest(envelope(stream.name, columns), from, to) }
    }
  }
}
