/**
 * `X-ClickHouse-Summary`: the rows of the answer, its bytes as they are sent, and how long it took. What the engine read for it, and what
 * its blocks held, stays hidden: both depend on rows of other tenants in the same granules and dictionaries.
 */
import type { FencedResult } from '../../core/warehouse/warehouse.ts'

/** Name of the header. */
export const SUMMARY = 'x-clickhouse-summary'

interface Summarised {
  /** Those of the answer. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** The figures at the moment of the call. */
  readonly summary: () => string
}

/** Counts an answer while it is sent. @param startedMs when the request began, by `performance.now` */
export function summarised({ chunks, rows }: FencedResult, startedMs: number): Summarised {
  let sent = 0
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      sent += chunk.length
      yield chunk
    }
  }
  const summary = (): string => {
    const known = rows?.()
    const [count, bytes] = [String(known ?? 0), String(known === undefined ? 0 : sent)]
    return JSON.stringify({
      read_rows: count,
      read_bytes: bytes,
      written_rows: '0',
      written_bytes: '0',
      total_rows_to_read: '0',
      result_rows: count,
      result_bytes: bytes,
      elapsed_ns: String(Math.round((performance.now() - startedMs) * 1e6)),
    })
  }
  return { chunks: counted(), summary }
}
