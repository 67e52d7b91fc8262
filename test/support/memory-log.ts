import type { NewestWanted, NewRecord, StoredRecord } from '../../core/broker/broker.ts'

/** A compacted log of one partition, in memory. */
export function memoryLog() {
  const records = new Map<string, StoredRecord>()
  let end = 0n
  return {
    newest: async (_stream: string, { since = 0n, keys }: NewestWanted = {}) =>
      new Map([...records].filter(([key, { offset }]) => offset >= since && keys?.has(key) !== false)),
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
