import { type Broker, RECORD_KIND, type StreamSettings } from '../core/broker/broker.ts'
import { energy, readings, STREAMS } from '../core/model/streams/index.ts'
import type { StreamDeclaration } from '../core/model/streams/stream.ts'
import type { Config } from '../core/runtime/config/schema.ts'
import type { Events } from '../core/runtime/events.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { createMeter } from './meter/meter.ts'
import { createMeterProcessor, FLUSH_KIND } from './meter/processor.ts'
import { createRateProcessor } from './rate/processor.ts'
import { createRate } from './rate/rate.ts'
import { Runner } from './runner.ts'
import type { RowAges } from './store/row-ages.ts'
import { createStore } from './store/store.ts'

const DAY_NANO = 86_400_000_000_000n

/** Every stream as the log must carry it: partitions, retention, and the groups that read it. */
export function streamSettings(config: Config['broker']): StreamSettings[] {
  return STREAMS.map(stream => ({
    name: stream.name,
    partitions: config.partitions,
    groups: groupsOf(stream),
    retention: { timeMs: config.retention_time * 1000, bytes: config.retention_bytes },
  }))
}

function groupsOf(stream: StreamDeclaration): string[] {
  const groups = stream.table === undefined ? [] : ['store']
  if (stream.name === readings.name) groups.push('meter')
  if (stream.name === energy.name) groups.push('rate')
  return groups
}

export interface ProcessorsOptions {
  readonly config: Config
  readonly broker: Broker
  readonly warehouse: Warehouse
  readonly events: Events
  readonly rowAges: RowAges
  /** Whether readings of a Source come from sensors of ours. */
  readonly isSensor: (source: string) => boolean
  readonly now: () => number
}

/** Starts `store`, `meter` and `rate`. */
export async function startProcessors(options: ProcessorsOptions): Promise<Runner> {
  const { config, broker, events, now, rowAges } = options
  const runner = new Runner({ broker, events, now, pollBytes: config.processors.poll_bytes })
  const meter = createMeter({ metering: config.metering, isSensor: options.isSensor })
  const processors = [
    createStore({ streams: STREAMS, warehouse: options.warehouse, events, rowAges }),
    createMeterProcessor({
      meter,
      events,
      retentionNano: BigInt(config.retention.signals_days) * DAY_NANO,
      appendFlush: async (partition, flush) => {
        const value = Buffer.from(JSON.stringify(flush))
        const record = { value, headers: { [RECORD_KIND]: FLUSH_KIND }, timestampMs: now() }
        await broker.append(readings.name, partition, [record])
      },
    }),
    createRateProcessor({ rate: createRate(config), events }),
  ]
  for (const processor of processors) await runner.start(processor)
  return runner
}
