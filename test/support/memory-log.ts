import type { NewRecord, StoredRecord } from '../../core/broker/broker.ts'

/** A compacted log of one partition, in memory. */
export function memoryLog() {
  const records = new Map<string, StoredRecord>()
  let end = 0n
  return {
    newest: async () => new Map(records),
    append: async (_stream: string, _partition: number | 'any', added: readonly NewRecord[]) => {
      for (const one of added) {
        records.set(one.key ?? '', { ...one, headers: one.headers ?? {}, offset: end })
        end += 1n
      }
      return { partition: 0, offset: end }
    },
    lag: async () => [{ partition: 0, end, committed: end, oldestPendingMs: null }],
    end: () => end,
  }
}
