// One replica of the processors as `wattline run --roles processors` runs them, with tables that take everything and keep
// nothing: what is measured is reading, metering, rating and writing back. Says `ready` when connected, starts at the first
// line of input, and tells the CPU time since then, in ms, when it has stopped.
import { once } from 'node:events'
import { openKafkaBroker } from '../../core/broker/kafka/kafka-broker.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { EventBus } from '../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../core/catalogue/events/logger.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import { StateBudget } from '../../processors/meter/state/budget.ts'
import { startProcessors, streamSettings } from '../../processors/processors.ts'
import { RowAges } from '../../processors/store/row-ages.ts'

const [bootstrap = '', topicPrefix = '', instance = '', partitions = '4'] = process.argv.slice(2)
const config = configSchema.parse({
  roles: ['processors'],
  broker: { kind: 'kafka', brokers: [bootstrap], replication: 1, partitions: Number(partitions) },
  metering: { idle_flush: 3_600 },
})
const events = new EventBus(createLogger('error'))
const broker = await openKafkaBroker({
  brokers: [bootstrap],
  topicPrefix,
  replication: 1,
  events,
  instance,
  trims: false,
})
await broker.createStreams(streamSettings(config))
const warehouse = { insert: async () => {}, query: async () => [] } as unknown as Warehouse

process.stdout.write('ready\n')
await once(process.stdin, 'data')
const before = process.cpuUsage()
const runner = await startProcessors({
  config,
  broker,
  warehouse,
  events,
  rowAges: new RowAges(),
  meterBudget: new StateBudget(config.metering.state_bytes, events),
  now: Date.now,
})
process.once('SIGTERM', async () => {
  await runner.stop()
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(`${(user + system) / 1000}\n`, () => process.exit(0))
})
