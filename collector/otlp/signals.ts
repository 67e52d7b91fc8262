import { createRecordBuilder, type RecordBuilder } from '../../core/columns/record-builder.ts'
import {
  logs,
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
} from '../../core/model/streams/index.ts'
import type { DecodeContext } from './decode/decode-context.ts'
import type { MetricBuilders } from './decode/metric-rows.ts'
import type { PointSink } from './decode/point-sink.ts'
import { SpanRecordBatch } from './decode/span-batch.ts'

/** Signals that clients send, through any endpoint: OTLP over HTTP or gRPC, or Prometheus. */
export const SIGNALS = ['traces', 'metrics', 'logs'] as const
/** An OTLP signal with its own endpoint. */
export type Signal = (typeof SIGNALS)[number]

/** Encoding of an OTLP/HTTP body. */
export type Encoding = 'protobuf' | 'json'

/** One builder per signal stream. */
export interface Builders {
  readonly traces: SpanRecordBatch
  readonly points: RecordBuilder<typeof metricPoints>
  readonly histograms: RecordBuilder<typeof metricHistograms>
  readonly expHistograms: RecordBuilder<typeof metricExpHistograms>
  readonly summaries: RecordBuilder<typeof metricSummaries>
  readonly logs: RecordBuilder<typeof logs>
}

/** Empty builders for one record of each stream. */
export function createBuilders(): Builders {
  return {
    traces: new SpanRecordBatch(),
    points: createRecordBuilder(metricPoints),
    histograms: createRecordBuilder(metricHistograms),
    expHistograms: createRecordBuilder(metricExpHistograms),
    summaries: createRecordBuilder(metricSummaries),
    logs: createRecordBuilder(logs),
  }
}

/** Releases memory that the garbage collector does not know about. */
export const releaseBuilders = ({ traces }: Builders): void => traces.release()

/** Builders to which a request of a signal can add rows. */
export const SIGNAL_BUILDERS: Readonly<Record<Signal, readonly (keyof Builders)[]>> = {
  traces: ['traces'],
  metrics: ['points', 'histograms', 'expHistograms', 'summaries'],
  logs: ['logs'],
}

/** The part of a record builder (core/columns) that group commit needs: a shared, growing batch of rows. */
export interface RowBuilder {
  readonly rows: number
  /** Size in raw bytes. */
  readonly byteSize: number
  /** Returns the record: Arrow IPC stream, zstd. The builder starts over. */
  finish(): Uint8Array
  /** Drops everything. */
  clear(): void
}

/** Result for the items of one request. Rejected items are reported to the client in a partial success. */
export interface IngestResult {
  readonly accepted: number
  readonly rejected: number
  /** Rejected items by reason, a bounded set of reasons. */
  readonly reasons: ReadonlyMap<string, number>
  /** Attributes cut at the limits; their items were accepted. */
  readonly cutAttributes: number
  /** Further sentences for the client. */
  readonly notes?: readonly string[]
}

/**
 * Decoders from request bytes into builders; malformed bytes throw `body_undecodable`. If one throws, the builders are
 * unchanged.
 */
export interface Decoders {
  traces(body: Uint8Array, context: DecodeContext, builder: Builders['traces']): IngestResult
  metrics(body: Uint8Array, context: DecodeContext, builders: MetricBuilders, sink: PointSink): IngestResult
  logs(body: Uint8Array, context: DecodeContext, builder: Builders['logs']): IngestResult
}
