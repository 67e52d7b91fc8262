import { REFERENCE_TABLES } from '../../core/model/streams/factors.ts'
import { STREAMS } from '../../core/model/streams/index.ts'

/**
 * Tables and views that strangers may read, each behind the warehouse's row filter. Streams add themselves; the rest is
 * made by the migrations beside them.
 */
export const READABLE_TABLES: readonly string[] = [
  ...STREAMS.flatMap(stream => (stream.table === undefined ? [] : [stream.table.name])),
  'otel_traces_trace_id_ts',
  'usage_hourly',
  'usage_daily',
  ...REFERENCE_TABLES.map(table => table.name),
].toSorted()
