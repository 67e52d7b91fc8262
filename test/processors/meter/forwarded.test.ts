// Guarantees: the windows of hosts behind a forwarding node are not closed while what follows may be waiting there, and are
// once the patience is over; all other hosts are closed as ever.
import { expect, it } from 'vitest'
import type { AssignedPartition, StoredRecord } from '../../../core/broker/broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { FORWARDED_HEADER } from '../../../core/model/forwarding.ts'
import { Step } from '../../../processors/loop/step.ts'
import { createMeter } from '../../../processors/meter/meter.ts'
import { createMeterProcessor } from '../../../processors/meter/processor.ts'
import { StateBudget } from '../../../processors/meter/state/budget.ts'
import { readingRecord, readingRow } from '../forward/rows.ts'

const { metering } = configSchema.parse({})
const NOW_MS = 1_795_219_230_000
const PATIENCE_MS = metering.uplink_patience * 1000

async function flushedAfter(headers: Record<string, string>, silentMs: number): Promise<string[]> {
  const flushed: string[] = []
  const worker = await createMeterProcessor({
    meter: createMeter({ metering, isSensor: () => false }),
    retentionNano: 30n * 86_400_000_000_000n,
    partitions: 1,
    events: silentEvents,
    budget: new StateBudget(Number.POSITIVE_INFINITY, silentEvents),
    appendFlushes: async (_partition, flushes) => void flushed.push(...flushes.map(({ host }) => host)),
    forwardedPatienceMs: PATIENCE_MS,
  }).open({ partition: 0, loadState: async () => new Map() } as unknown as AssignedPartition)
  const { value } = readingRecord([readingRow('host', 5n, { Timestamp: BigInt(NOW_MS) * 1_000_000n })])
  const record: StoredRecord = { value, headers, offset: 0n, timestampMs: NOW_MS }
  const step = new Step()
  await worker.apply(record, step)
  await worker.finish?.(step)
  await worker.tick?.(NOW_MS + silentMs)
  return flushed
}

it('closes the windows of a silent host of its own', async () => {
  expect(await flushedAfter({}, metering.gap * 1000)).toEqual(['host'])
})

it('leaves those behind a node open for a day, and closes them when its patience is over', async () => {
  const headers = { [FORWARDED_HEADER]: '1' }
  expect(await flushedAfter(headers, metering.gap * 1000)).toEqual([])
  expect(await flushedAfter(headers, 86_400_000)).toEqual([])
  expect(await flushedAfter(headers, PATIENCE_MS + metering.gap * 1000)).toEqual(['host'])
})
