/** Workers of the meter over the partitions of a log, which read what they write to `readings` like the rest. */

import { type HostRules, NO_HOST_RULES } from '../../../core/books/host-join.ts'
import { type AssignedPartition, RECORD_KIND, type StoredRecord } from '../../../core/broker/broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { partitionOf } from '../../../core/model/partition.ts'
import { energy, lateReadings, readings } from '../../../core/model/streams/index.ts'
import type { EnergyRow } from '../../../core/model/streams/ledger.ts'
import { Step } from '../../../processors/loop/step.ts'
import { createMeter } from '../../../processors/meter/meter.ts'
import { createMeterProcessor, FLUSH_KIND } from '../../../processors/meter/processor.ts'
import { StateBudget } from '../../../processors/meter/state/budget.ts'
import type { LateRow } from '../../../processors/meter/windows/late.ts'
import { at, type Reading } from './support.ts'

export const NOON_MS = Number(at(0) / 1_000_000n)

/**
 * `pick`: which of this many partitions that have records to read reads its next one. Without it each record, and all that comes
 * of it, is read as soon as it is written.
 */
export async function fleet(
  partitions: number,
  pick?: (waiting: number) => number,
  rules: HostRules = NO_HOST_RULES,
) {
  const events: string[] = []
  const options = {
    meter: createMeter({ metering: configSchema.parse({}).metering, isSensor: () => false }),
    retentionNano: 10n ** 18n,
    partitions,
    rules,
    events: { emit: (name: string) => void events.push(name) } as never,
    budget: new StateBudget(Number.POSITIVE_INFINITY, { emit: () => {} } as never),
    appendFlushes: async () => {},
  }
  const states = Array.from({ length: partitions }, () => new Map<string, Uint8Array>())
  const logs = states.map((): Omit<StoredRecord, 'offset'>[] => [])
  const rows: EnergyRow[] = []
  const late: LateRow[] = []
  const kinds: string[] = []
  const open = (partition: number) =>
    createMeterProcessor(options).open({
      partition,
      loadState: async () => new Map(states[partition]),
    } as unknown as AssignedPartition)
  let workers = await Promise.all(states.map((_, partition) => open(partition)))

  async function take(partition: number, record: Omit<StoredRecord, 'offset'>): Promise<void> {
    const step = new Step()
    await workers[partition]!.apply({ ...record, offset: 0n }, step)
    await workers[partition]!.finish?.(step)
    for (const [key, bytes] of step.state) {
      if (bytes === null) states[partition]!.delete(key)
      else states[partition]!.set(key, bytes.slice())
    }
    for (const { stream, partition: to, record: output } of step.outputs) {
      if (stream === energy.name) rows.push(...decodeRows(energy, output.value))
      if (stream === lateReadings.name) late.push(...decodeRows(lateReadings, output.value))
      if (stream !== readings.name) continue
      kinds.push(output.headers![RECORD_KIND]!)
      await append(to, { ...output, headers: output.headers! })
    }
  }

  async function append(partition: number, record: Omit<StoredRecord, 'offset'>): Promise<void> {
    if (pick === undefined) await take(partition, record)
    else logs[partition]!.push(record)
  }

  return {
    rows,
    late,
    kinds,
    events,
    /** A record each of the hosts' readings, in their partitions, as of `seconds` after noon. */
    async record(some: readonly Reading[], seconds: number) {
      for (const [host, part] of Map.groupBy(some, row => row.Host)) {
        const value = encodeRows(readings, part)
        await append(partitionOf('default', host, partitions), {
          value,
          headers: {},
          timestampMs: NOON_MS + seconds * 1000,
        })
      }
    },
    async flush(host: string, seconds: number) {
      const value = Buffer.from(
        JSON.stringify({ tenant: 'default', host, untilUnixNano: at(seconds).toString() }),
      )
      await append(partitionOf('default', host, partitions), {
        value,
        headers: { [RECORD_KIND]: FLUSH_KIND },
        timestampMs: NOON_MS + seconds * 1000,
      })
    },
    /** Reads `most` records of those that wait, by default all, and all that come of them. */
    async read(most = Number.POSITIVE_INFINITY) {
      for (let read = 0; read < most; read++) {
        const waiting = logs.flatMap((log, partition) => (log.length > 0 ? [partition] : []))
        if (waiting.length === 0) return
        const partition = waiting[pick!(waiting.length)]!
        await take(partition, logs[partition]!.shift()!)
      }
    },
    async restart() {
      for (const worker of workers) await worker.close?.()
      workers = await Promise.all(states.map((_, partition) => open(partition)))
    },
  }
}
