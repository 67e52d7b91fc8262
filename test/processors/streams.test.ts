/**
 * Guarantees: every stream is carried by the log with the partitions that are configured; streams keyed by host have one
 * number of them, their own where one is set, since `meter` and `rate` write into the partition that they read.
 */
import { expect, it } from 'vitest'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { streamSettings } from '../../processors/processors.ts'

const partitionsOf = (broker: Readonly<Record<string, number>>) =>
  new Map(streamSettings(configSchema.parse({ broker })).map(({ name, partitions }) => [name, partitions]))

it('gives each stream the partitions that are configured', () => {
  const partitions = partitionsOf({ partitions: 6 })
  expect([...partitions.keys()]).toEqual(STREAMS.map(({ name }) => name))
  // Of the newest record of a key there is one, where there is one order.
  for (const name of ['factors', 'billing', 'silences', 'scaling_policies', 'scaling_answers']) {
    expect(partitions.get(name)).toBe(1)
    partitions.delete(name)
  }
  expect(new Set(partitions.values())).toEqual(new Set([6]))
})

it('gives streams keyed by host a number of their own', () => {
  const partitions = partitionsOf({ partitions: 158, host_partitions: 8 })
  for (const { name, key, compacted } of STREAMS) {
    const expected = compacted ? 1 : key === 'host' ? 8 : 158
    expect([name, partitions.get(name)]).toEqual([name, expected])
  }
  const keyed = STREAMS.filter(({ key }) => key === 'host').map(({ name }) => name)
  expect(keyed.toSorted()).toEqual(['energy', 'host_clocks', 'late_readings', 'ledger', 'readings'])
})
