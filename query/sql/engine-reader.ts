import type { FencedQuery, Warehouse } from '../../core/warehouse/warehouse.ts'

/** Checking is cheap: it gets no more than this of what the statement itself may take. */
const CHECK_MEMORY_BYTES = 536_870_912
/** Of their print. */
const CHECK_LINES = 1_000_000

/**
 * Runs a check of the allow-list and gives what the engine prints, without the last end of line. The text is ours, or one statement that the
 * engine has printed itself, as a subquery: the fence need not parse it before.
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
