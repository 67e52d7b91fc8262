// Guarantees: lag is reported for every reader of the log by partition, filtered by processor and stream; numbers are
// exact, nothing pending is null and not an age of zero, an unknown reader is refused. The newest row of a table is
// read from the engine; a table without rows has none.
import { expect, it } from 'vitest'
import type { Broker } from '../../../core/broker/broker.ts'
import { STREAMS, traces } from '../../../core/model/streams/index.ts'
import { readLag, readNewest } from '../../../query/lag/routes.ts'
import { LOG_READERS } from '../../../query/status/metrics.ts'
import { nano, spanRow } from '../support/rows.ts'
import { openTestWarehouse } from '../support/warehouse.ts'

const broker: Pick<Broker, 'lag'> = {
  lag: async group => [
    { partition: 0, end: 5n, committed: 5n, oldestPendingMs: null },
    {
      partition: 1,
      end: 9_007_199_254_740_993n,
      committed: 0n,
      oldestPendingMs: group === 'rate' ? 9_000 : 2_500,
    },
  ],
}
const all = { group: undefined, stream: undefined }

it('lists every reader and partition', async () => {
  const entries = await readLag(broker, all, 4_000)
  expect(entries.map(({ group, stream, partition }) => `${group} ${stream} ${partition}`)).toEqual(
    LOG_READERS.flatMap(({ group, stream }) => [`${group} ${stream} 0`, `${group} ${stream} 1`]),
  )
})

it('gives exact numbers, and the age of the oldest pending record', async () => {
  expect(await readLag(broker, { group: 'meter', stream: undefined }, 4_000)).toEqual([
    {
      group: 'meter',
      stream: 'readings',
      partition: 0,
      end: '5',
      committed: '5',
      pending: '0',
      oldest_pending_seconds: null,
    },
    {
      group: 'meter',
      stream: 'readings',
      partition: 1,
      end: '9007199254740993',
      committed: '0',
      pending: '9007199254740993',
      oldest_pending_seconds: 1.5,
    },
  ])
  // A clock behind the one that dated the record.
  const rate = await readLag(broker, { group: 'rate', stream: 'energy' }, 4_000)
  expect(rate[1]?.oldest_pending_seconds).toBe(0)
})

it('refuses a reader that does not exist', async () => {
  const asked = readLag(broker, { group: 'meter', stream: 'traces' }, 0)
  await expect(asked).rejects.toMatchObject({ code: 'parameter_invalid', message: /known are store traces/ })
})

it('shows how new the newest row of each table is', async () => {
  const hasOneTable = new Set(STREAMS.filter(({ table }) => table !== undefined).map(({ name }) => name))
  const { warehouse, insert, close } = await openTestWarehouse()
  const nowMs = Date.parse('2026-11-20T12:01:00Z')
  const times = ['2026-11-20T12:00:00.500Z', '2026-11-19T12:00:00Z']
  for (const time of times) await insert(traces, [spanRow({ Timestamp: nano(time) })])
  const found = await readNewest(warehouse, all, nowMs)
  const one = await readNewest(warehouse, { group: undefined, stream: 'traces' }, nowMs)
  const none = await readNewest(warehouse, { group: 'meter', stream: undefined }, nowMs)
  await close()
  // What is valid for a time of its own, such as factors and bills, is never behind by age.
  expect(found.map(({ stream }) => stream)).toEqual(
    LOG_READERS.filter(({ group, stream }) => group === 'store' && hasOneTable.has(stream)).map(
      ({ stream }) => stream,
    ),
  )
  const expected = { stream: 'traces', time: '2026-11-20T12:00:00.500Z', age_seconds: 59.5 }
  expect(found[0]).toEqual(expected)
  expect(one).toEqual([expected])
  expect(none).toEqual([])
  const empty = found.filter(({ stream }) => stream !== 'traces')
  expect(empty.every(({ time, age_seconds: age }) => time === null && age === null)).toBe(true)
})
