import type { FencedQuery, Warehouse } from '../../core/warehouse/warehouse.ts'

/** Checking is cheap: it gets at most this much of the statement's own limit. */
const CHECK_MEMORY_BYTES = 536_870_912
/** Limit of their output. */
const CHECK_LINES = 1_000_000

/**
 * Runs a check of the allow-list and returns the engine's output, without the last line break. The SQL is ours, or one
 * statement that the engine itself has printed, as a subquery, so the fence need not parse it first.
 */
export async function readText(
  warehouse: Pick<Warehouse, 'fenced'>,
  query: Omit<FencedQuery, 'format'>,
): Promise<string> {
  const { maxSeconds, maxMemoryBytes } = query.limits
  const limits = {
    maxSeconds,
    maxMemoryBytes: Math.min(maxMemoryBytes, CHECK_MEMORY_BYTES),
    maxResultRows: CHECK_LINES,
  }
  const result = await warehouse.fenced({ ...query, origin: 'admitted', limits, format: 'TSVRaw' })
  const chunks: Uint8Array[] = []
  for await (const chunk of result.chunks) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8')
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
