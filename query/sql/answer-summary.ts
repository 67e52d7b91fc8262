/**
 * `X-ClickHouse-Summary`: the rows and bytes of the answer, and how long it took. What the engine read for it stays
 * hidden, since that counts rows of other tenants in the same granules; so the rows of the answer stand for those, too.
 */
import type { FencedResult } from '../../core/warehouse/warehouse.ts'

/** Name of the header. */
export const SUMMARY = 'x-clickhouse-summary'

/** The figures at the moment of each call. @param startedMs when the request began, by `performance.now` */
export function answerSummary({ counts }: FencedResult, startedMs: number): () => string {
  return () => {
    const known = counts?.() ?? { rows: 0, bytes: 0 }
    const [rows, bytes] = [String(known.rows), String(known.bytes)]
    return JSON.stringify({
      read_rows: rows,
      read_bytes: bytes,
      written_rows: '0',
      written_bytes: '0',
      total_rows_to_read: '0',
      result_rows: rows,
      result_bytes: bytes,
      elapsed_ns: String(Math.round((performance.now() - startedMs) * 1e6)),
    })
  }
}
