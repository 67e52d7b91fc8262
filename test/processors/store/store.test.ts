// Guarantees: how far the tables have the log is noted while the log is read again, too, so that a cut in the middle does not
// look like tables that are older than the log.
import { expect, it } from 'vitest'
import type { AssignedPartition, StoredRecord } from '../../../core/broker/broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { traces } from '../../../core/model/streams/traces.ts'
import type { Restoring } from '../../../core/runtime/losses.ts'
import type { StoredOffset } from '../../../core/warehouse/embedded/stored-offsets.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { Step } from '../../../processors/loop/step.ts'
import { encodeRewind, REWIND, type Rewind } from '../../../processors/store/rewind.ts'
import { createStore } from '../../../processors/store/store.ts'

interface Restored {
  readonly storedRows?: () => Promise<number>
  readonly restored?: (place: string, progress: Restoring) => Promise<void>
}

/** Stores records up to an offset, one poll each, from the first that is wanted; gives what was noted, poll by poll. */
async function noted(
  rewind: Rewind,
  until: bigint,
  { storedRows = async () => 1, restored }: Restored = {},
): Promise<string[]> {
  const calls: string[] = []
  const note = (name: string) => (_place: string, stored: StoredOffset) =>
    void calls.push(`${name} ${stored.next}`)
  const files = { noteStored: note('is'), noteStoredForward: note('forward'), storedRows }
  const warehouse = { insert: async () => undefined, files } as unknown as Warehouse
  const partition = {
    stream: traces.name,
    partition: 0,
    revoked: new AbortController().signal,
    originOf: () => 'a',
    loadState: async () => new Map([[REWIND, encodeRewind(rewind)]]),
  } as unknown as AssignedPartition
  const more = restored === undefined ? {} : { restored }
  const options = { streams: [traces], warehouse, events: silentEvents, ...more }
  const worker = await createStore(options).open(partition)
  for (let offset = rewind.wanted[0]?.[0] ?? 0n; offset < until; offset++) {
    const record: StoredRecord = { offset, timestampMs: 0, headers: {}, value: encodeRows(traces, []) }
    const step = new Step()
    await worker.apply(record, step)
    await worker.finish?.(step)
  }
  return calls
}

it('counts only rows that were in the inventory as restored', async () => {
  const told: Restoring[] = []
  const rewind = { until: 5n, wanted: [[2n, 5n]], above: 0, counted: 4n, rows: 10 } as const
  await noted(rewind, 5n, { storedRows: async () => 7, restored: async (_place, one) => void told.push(one) })
  expect(told.map(({ rows, isDone }) => [rows, isDone])).toEqual([
    [17, false],
    [24, false],
    [24, true],
  ])
})

it('notes how far the tables are while the log is read again, and all of it in the end', async () => {
  const rewind = { until: 5n, wanted: [[2n, 5n]], above: 0, counted: null, rows: 0 } as const
  expect(await noted(rewind, 7n)).toEqual(['forward 3', 'forward 4', 'is 5', 'is 6', 'is 7'])
})
