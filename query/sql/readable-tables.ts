import { STREAMS } from '../../core/model/streams/index.ts'
import { tablesOf } from '../../core/model/streams/stream.ts'

/**
 * Tables and views that strangers may read, each behind the warehouse's row filter. Streams add themselves; the rest is
 * made by the migrations beside them.
 */
export const READABLE_TABLES: readonly string[] = [
  ...STREAMS.flatMap(tablesOf).flatMap(({ table }) => (table === undefined ? [] : [table.name])),
  'otel_traces_trace_id_ts',
  'usage_hourly',
  'usage_daily',
].toSorted()
