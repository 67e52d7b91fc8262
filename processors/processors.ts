import { join } from 'node:path'
import { configuredPolicies } from '../core/autoscaling/policies.ts'
import { isSensorSource } from '../core/books/sources.ts'
import { type Broker, RECORD_KIND, type StreamSettings } from '../core/broker/broker.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import type { Events } from '../core/catalogue/events/events.ts'
import { configuredFactors } from '../core/factors/configured.ts'
import { FactorFollower } from '../core/factors/follower.ts'
import type { IntensityBook } from '../core/factors/intensity-book.ts'
import { zoneName } from '../core/model/factor.ts'
import { notifications, quarantine, readings, STREAMS } from '../core/model/streams/index.ts'
import type { StreamDeclaration } from '../core/model/streams/stream.ts'
import { WINDOW_SECONDS } from '../core/model/window.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { createAdmit } from './admit/processor.ts'
import { createAlert } from './alert/processor.ts'
import { readValuesOf } from './alert/values.ts'
import { createDeliver } from './deliver/processor.ts'
import { openExporter } from './forward/open.ts'
import { createForward } from './forward/processor.ts'
import { createInvoice } from './invoice/processor.ts'
import { type Processor, Runner } from './loop/runner.ts'
import { createMeter } from './meter/meter.ts'
import { createMeterProcessor, FLUSH_KIND } from './meter/processor.ts'
import type { StateBudget } from './meter/state/budget.ts'
import { createRateProcessor } from './rate/processor.ts'
import { publishFactors } from './rate/publish.ts'
import { createRate } from './rate/rate.ts'
import { readersOf } from './readers.ts'
import { createRecompute } from './recompute/processor.ts'
import type { Recomputations } from './recompute/recomputations.ts'
import type { RecomputeTools } from './recompute/recompute.ts'
import { createRequests } from './requests/processor.ts'
import { sharingRules } from './requests/statement.ts'
import { RATERS } from './restate/announce.ts'
import { createRestate } from './restate/processor.ts'
import { createScale, type ScaleOptions } from './scale/processor.ts'
import { readRowsOf } from './scale/read.ts'
import { createSignal } from './signal/processor.ts'
import type { StoreOptions } from './store/options.ts'
import type { RowAges } from './store/row-ages.ts'
import { createStore } from './store/store.ts'

const DAY_NANO = 86_400_000_000_000n
const DAY_MS = 86_400_000
const DAY_SECONDS = 86_400
/** So long after its lateness a minute is in the ledger, where hosts report several times a minute. */
const LEDGER_SECONDS = 30
/** So long Kafka keeps what is superseded, read or not: the tables get every version unless they are away for longer. */
export const SUPERSEDED_MS = 7 * DAY_MS

/** Every stream as the log must carry it: partitions, retention, and the groups that read it. */
export function streamSettings(config: Config): StreamSettings[] {
  const readers = readersOf(config)
  const { retention_time: seconds } = config.broker
  const bytes = keptBytes(config.broker)
  return STREAMS.map(stream => {
    const groups = readers.filter(reader => reader.stream === stream.name).map(({ group }) => group)
    const retention = { timeMs: seconds * 1000, bytes }
    const partitions = partitionsOf(stream, config.broker)
    if (stream.compacted === true) {
      const kept = { timeMs: SUPERSEDED_MS, bytes }
      return { name: stream.name, partitions, groups, retention: kept, compacted: true as const }
    }
    if (stream.name !== quarantine.name || groups.length > 0) {
      return { name: stream.name, partitions, groups, retention }
    }
    // Without a processor that stores them, only the log keeps quarantined records.
    const kept = { timeMs: config.retention.ledger_days * DAY_MS, bytes: 16 * bytes }
    return { name: stream.name, partitions, groups, retention: kept }
  })
}

/** What all have read must never fill a small log: a quarter of it at most is kept, whatever there are of partitions. */
function keptBytes(broker: Config['broker']): number {
  if (broker.kind === 'kafka') return broker.retention_bytes
  const partitions = STREAMS.reduce((sum, stream) => sum + partitionsOf(stream, broker), 0)
  return Math.min(broker.retention_bytes, Math.floor(broker.max_bytes / (4 * partitions)))
}

/** One number for all streams keyed by host: `meter` and `rate` write where they read. */
function partitionsOf({ key, compacted }: StreamDeclaration, broker: Config['broker']): number {
  if (compacted === true) return 1
  return key === 'host' ? (broker.host_partitions ?? broker.partitions) : broker.partitions
}

interface ProcessorsOptions {
  readonly config: Config
  readonly broker: Broker
  readonly warehouse: Warehouse
  readonly events: Events
  readonly rowAges: RowAges
  readonly meterBudget: StateBudget
  /** Hears how far rows are back that the tables had lost. */
  readonly restored?: StoreOptions['restored']
  /** Hears of requests to compute ranges again. */
  readonly recomputations?: Recomputations
  readonly now: () => number
}

/** Starts `store`, `meter`, `rate` and `admit`. */
export async function startProcessors(options: ProcessorsOptions): Promise<Runner> {
  const { config, broker, events, now, rowAges, meterBudget } = options
  const runner = new Runner({ broker, events, now, pollBytes: config.processors.poll_bytes })
  const factors = new FactorFollower(broker, configuredFactors(config), () => performance.now())
  const meter = createMeter({ metering: config.metering, isSensor: isSensorSource })
  const rate = createRate(config, () => factors.books)
  const processors = [
    createStore({
      streams: STREAMS,
      warehouse: options.warehouse,
      events,
      rowAges,
      // What tables in a folder of ours have lost is found by the token of each record, see store/recover.ts.
      combines: broker.kind === 'kafka' || options.warehouse.kind === 'clickhouse',
      ...(options.restored === undefined ? {} : { restored: options.restored }),
    }),
    createMeterProcessor({
      meter,
      events,
      retentionNano: BigInt(config.retention.signals_days) * DAY_NANO,
      forwardedPatienceMs: config.metering.uplink_patience * 1000,
      budget: meterBudget,
      partitions: broker.partitions(readings.name),
      rules: config.hosts,
      appendFlushes: async (partition, flushes) => {
        const [headers, timestampMs] = [{ [RECORD_KIND]: FLUSH_KIND }, now()]
        const records = flushes.map(flush => ({
          value: Buffer.from(JSON.stringify(flush)),
          headers,
          timestampMs,
        }))
        await broker.append(readings.name, partition, records)
      },
    }),
    createRateProcessor({
      rate,
      ...followingOf(factors),
      events,
      publish: () => publishFactors(broker, config, now()),
    }),
    admitOf(options),
    ...restateOf(options, factors),
    ...invoiceOf(options),
    ...recomputeOf(options, { meter, rate, rules: config.hosts, ...followingOf(factors) }),
    createAlert({
      alerts: config.alerts,
      latenessSeconds: config.metering.lateness,
      broker,
      read: readValuesOf({
        config,
        warehouse: options.warehouse,
        broker,
        readers: readersOf(config),
        books: () => factors.follow(),
        now,
      }),
      events,
      now,
    }),
    createDeliver({ alerts: config.alerts, events, now }),
    createScale(scaleOptions(options, factors)),
    createSignal({
      signals: config.autoscalers.signals,
      partitions: () => broker.partitions(notifications.name),
    }),
    ...requestsOf(options),
  ]
  for (const processor of processors) await runner.start(processor)
  return runner
}

const followingOf = (factors: FactorFollower) => ({
  follow: () => factors.follow(),
  catchUp: () => factors.catchUp(),
})

/** None over stand-ins that have no tables. */
function restateOf(options: ProcessorsOptions, factors: FactorFollower): readonly Processor[] {
  const { broker, warehouse, events, now } = options
  const { statements } = warehouse
  if (statements === undefined) return []
  const folder = engineFolder(options)
  const book = async (): Promise<IntensityBook> => (await factors.catchUp()).intensities
  return [createRestate({ broker, statements, folder, book, raters: RATERS, events, now })]
}

/** None over stand-ins that have no tables. */
function invoiceOf({ config, broker, warehouse, events, now }: ProcessorsOptions): readonly Processor[] {
  const { statements } = warehouse
  if (statements === undefined) return []
  const { lateness, idle_flush: flush } = config.metering
  return [
    createInvoice({
      config: config.billing,
      ask: ({ text, params }) => statements.query(text, params),
      ledgerDays: config.retention.ledger_days,
      openSeconds: lateness + flush + WINDOW_SECONDS,
      broker,
      events,
      now,
    }),
  ]
}

/** None over stand-ins that have no tables. */
function recomputeOf(
  { config, broker, warehouse, events, now, recomputations }: ProcessorsOptions,
  tools: Omit<RecomputeTools, 'statements'>,
): readonly Processor[] {
  const { statements } = warehouse
  if (statements === undefined) return []
  const keptMs = config.retention.signals_days * DAY_MS
  const { lateness, idle_flush: flush, gap } = config.metering
  const openMs = (lateness + Math.max(flush, gap) + WINDOW_SECONDS) * 1000
  const unit = { tools: { ...tools, statements }, events, keptMs, openMs }
  recomputations?.use(unit)
  return [
    createRecompute({
      ...unit,
      broker,
      settleMs: config.metering.late_settle * 1000,
      now,
      ...(recomputations === undefined ? {} : { requests: recomputations }),
    }),
  ]
}

function scaleOptions(
  { config, broker, warehouse, events, now }: ProcessorsOptions,
  factors: FactorFollower,
): ScaleOptions {
  const { lateness, idle_flush: flush } = config.metering
  return {
    configured: configuredPolicies(config),
    read: readRowsOf(warehouse, config.limits.sql),
    books: () => factors.follow(),
    home: { zone: zoneName(config.factors.zone), pue: config.factors.pue },
    ledgerDelay: lateness + LEDGER_SECONDS,
    // Hosts that have fallen silent included.
    effectDelay: lateness + flush + WINDOW_SECONDS,
    broker,
    events,
    now,
  }
}

/** None over stand-ins that have no tables. */
function requestsOf(options: ProcessorsOptions): readonly Processor[] {
  const { config, broker, warehouse, events, now } = options
  const { statements } = warehouse
  if (statements === undefined) return []
  const { enabled, delay, keep_traces, match_service_name } = config.requests
  const { signals_days, requests_days = signals_days } = config.retention
  return [
    createRequests({
      broker,
      statements,
      folder: engineFolder(options),
      sharing: sharingRules({ keptTraces: keep_traces, byServiceName: match_service_name }),
      enabled,
      delaySeconds: delay,
      // The last day of what is kept is gone in part.
      keptSeconds: (Math.min(signals_days, requests_days) - 1) * DAY_SECONDS,
      events,
      now,
    }),
  ]
}

/** Where an engine in this process writes records; null: the engine is elsewhere. */
const engineFolder = ({ config, warehouse }: ProcessorsOptions): string | null =>
  warehouse.kind === 'embedded' ? join(config.data, 'warehouse', 'incoming') : null

/** What the exporter needs: no tables. */
type ForwardOptions = Omit<ProcessorsOptions, 'warehouse' | 'rowAges' | 'meterBudget'>

const admitOf = ({ config, broker, events }: ForwardOptions): Processor =>
  createAdmit({
    partitionsOf: stream => broker.partitions(stream),
    futureNano: BigInt(Math.round(config.limits.future_seconds * 1e9)),
    pastNano: BigInt(config.retention.signals_days) * DAY_NANO,
    thinWaitMs: config.group_commit.thin_wait_ms,
    events,
  })

/** Starts `forward`; and `admit` where no processors run, so that this node can pass on what others forward to it. */
export async function startForward(options: ForwardOptions, url: string): Promise<Runner> {
  const { config, broker, events, now } = options
  const runner = new Runner({ broker, events, now })
  if (!config.roles.includes('processors')) await runner.start(admitOf(options))
  await runner.start(createForward({ exporter: openExporter(url, options), events }))
  return runner
}
