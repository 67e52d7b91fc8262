import type { FencedQuery, Warehouse } from '../../core/warehouse/warehouse.ts'

/** Checking is cheap; a statement that makes it dear is cut off. */
const CHECK_LIMITS = { maxSeconds: 10, maxMemoryBytes: 536_870_912, maxResultRows: 1_000_000 }

/** Runs a short fenced query and gives the lines of its answer. */
export async function readLines(
  warehouse: Pick<Warehouse, 'fenced'>,
  query: Omit<FencedQuery, 'format' | 'limits'>,
): Promise<string[]> {
  const result = await warehouse.fenced({ ...query, format: 'TSVRaw', limits: CHECK_LIMITS })
  const pieces: Uint8Array[] = []
  for await (const chunk of result.chunks) pieces.push(chunk)
  return Buffer.concat(pieces).toString('utf8').replace(/\n$/, '').split('\n')
}
