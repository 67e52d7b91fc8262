/**
 * Collects the metrics of `/metrics`: counters of events, this process, and how far the readers of the log are behind.
 */
import type { Broker } from '../../core/broker/broker.ts'
import type { CounterSamples } from '../../core/catalogue/events/event-bus.ts'
import { EVENTS } from '../../core/catalogue/events/events.ts'
import { labelText } from '../../core/model/label-text.ts'
import { logReaders } from '../../core/model/streams/readers.ts'
import { type ProcessFigures, watchProcess } from '../../core/runtime/process-figures.ts'
import type { RowAgeSamples } from '../../core/runtime/row-ages.ts'
import type { StatusContext } from '../http/context.ts'
import { type Readiness, reasonsOf } from '../http/readiness.ts'
import { lossFamilies } from './loss-metrics.ts'
import { histogramSamples, type MetricFamily, type MetricSample } from './metrics-text.ts'
import { ownFamily } from './own-metrics.ts'
import { scalingFamilies } from './scaling-metrics.ts'

/** Default readers of each stream: for lag. */
export const LOG_READERS = logReaders({ processors: true, forward: false })

/**
 * The log is queried for lag no more often than this, however many scrape: Kafka needs at least one request per
 * partition.
 */
const LAG_FRESH_MS = 2_000
/** Less than scrapers wait. */
const LAG_TIMEOUT_MS = 4_000

/** The contents of `/metrics`. `stop` ends the watching of the process. */
export interface Metrics {
  collect(): Promise<readonly MetricFamily[]>
  stop(): void
}

/** Metrics of this process; the log is queried for lag at most every 2 s. */
export function createMetrics(context: StatusContext): Metrics {
  const figures = context.figures ?? watchProcess()
  const { broker, logReaders: readers } = context
  const lag = broker === undefined ? async () => [] : sharedLag(broker, context.now, LAG_TIMEOUT_MS, readers)
  return {
    async collect() {
      const taken = figures.take()
      return [
        ...counterFamilies(context.events.samples?.() ?? new Map()),
        ...processFamilies(context, taken, await context.readiness()),
        ...rowAgeFamilies(context.rowAges?.() ?? new Map()),
        meterFamily(context.meterState?.() ?? new Map()),
        ...scalingFamilies(context.answering?.all() ?? [], context.now()),
        ...lossFamilies(context.losses?.() ?? []),
        ...(await lag()),
      ]
    },
    stop: () => figures.stop(),
  }
}

/** Every declared counter that has counted something. */
export function counterFamilies(samples: CounterSamples): readonly MetricFamily[] {
  const declared = Object.values(EVENTS).flatMap(event => ('counter' in event ? [event.counter] : []))
  return declared.map(({ name, help }) => ({
    name,
    help,
    type: 'counter',
    samples: [...(samples.get(name) ?? [])].map(([labels, value]) => ({ labels, value })),
  }))
}

function processFamilies(
  context: StatusContext,
  figures: ProcessFigures,
  readiness: Readiness,
): readonly MetricFamily[] {
  const build = labelText({ version: context.version, node: process.version })
  return [
    ownFamily('process_cpu_seconds_total', figures.cpuSeconds),
    ownFamily('process_resident_memory_bytes', figures.residentBytes),
    ownFamily('process_start_time_seconds', context.started.getTime() / 1000),
    ownFamily('wattline_heap_used_bytes', figures.heapUsedBytes),
    ownFamily('wattline_ready', Number(reasonsOf(readiness).length === 0)),
    ownFamily('wattline_build_info', [{ labels: build, value: 1 }]),
    ownFamily('wattline_event_loop_delay_seconds', figures.loopDelaySeconds),
    ownFamily('wattline_event_loop_delay_seconds_max', figures.loopDelayMaxSeconds),
  ]
}

/** How old rows were when they became visible, by stream. */
export function rowAgeFamilies(samples: RowAgeSamples): readonly MetricFamily[] {
  const streams = [...samples]
  return [
    ownFamily(
      'wattline_row_age_seconds',
      streams.flatMap(([stream, { ages }]) => histogramSamples({ stream }, ages)),
    ),
    ownFamily(
      'wattline_newest_row_timestamp_seconds',
      streams.map(([stream, { newestSeconds }]) => ({ labels: labelText({ stream }), value: newestSeconds })),
    ),
  ]
}

const meterFamily = (bytes: ReadonlyMap<string, number>): MetricFamily =>
  ownFamily(
    'wattline_meter_state_bytes',
    [...bytes].map(([tenant, value]) => ({ labels: labelText({ tenant }), value })),
  )

/**
 * Scrapes within moments of each other share one answer. An unreachable log removes only its own families: the others
 * show the cause.
 */
export function sharedLag(
  broker: Pick<Broker, 'lag'>,
  now: () => number,
  timeoutMs = LAG_TIMEOUT_MS,
  readers = LOG_READERS,
): () => Promise<readonly MetricFamily[]> {
  let asked: { readonly atMs: number; readonly answer: Promise<readonly MetricFamily[]> } | null = null
  return async () => {
    if (asked === null || Math.abs(now() - asked.atMs) >= LAG_FRESH_MS) {
      asked = { atMs: now(), answer: lagFamilies(broker, now(), readers).catch(() => []) }
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<readonly MetricFamily[]>(resolve => {
      timer = setTimeout(() => resolve([]), timeoutMs)
    })
    const answer = await Promise.race([asked.answer, late])
    clearTimeout(timer)
    return answer
  }
}

/** Records and seconds that each reader of the log is behind, by partition; `now` in unix milliseconds. */
export async function lagFamilies(
  broker: Pick<Broker, 'lag'>,
  now: number,
  readers = LOG_READERS,
): Promise<readonly MetricFamily[]> {
  const records: MetricSample[] = []
  const ages: MetricSample[] = []
  let oldest = 0
  for (const { group, stream } of readers) {
    for (const { partition, end, committed, oldestPendingMs } of await broker.lag(group, stream)) {
      const labels = labelText({ group, stream, partition: `${partition}` })
      const age = oldestPendingMs === null ? 0 : Math.max(0, now - oldestPendingMs) / 1000
      records.push({ labels, value: Number(end > committed ? end - committed : 0n) })
      ages.push({ labels, value: age })
      if (group === 'store' || group === 'admit') oldest = Math.max(oldest, age)
    }
  }
  return [
    ownFamily('wattline_log_lag_records', records),
    ownFamily('wattline_log_lag_seconds', ages),
    ownFamily('wattline_end_to_end_age_seconds', oldest),
  ]
}
