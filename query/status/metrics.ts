/** Gathers what `/metrics` tells: counters of events, this process, and how far the readers of the log are behind. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Broker } from '../../core/broker/broker.ts'
import { logReaders } from '../../core/model/streams/readers.ts'
import { type CounterSamples, EVENTS } from '../../core/runtime/events.ts'
import type { RowAgeSamples } from '../../core/runtime/row-ages.ts'
import type { StatusContext } from '../context.ts'
import { type Family, histogramSamples, labelText, type Sample } from './metrics-text.ts'
import { ownFamily } from './own-metrics.ts'
import { type Readiness, reasonsOf } from './readiness.ts'

/** Who reads which stream where nothing else is said: for lag. */
export const LOG_READERS = logReaders({ processors: true, forward: false })

/** Lag is asked of the log no more often than this, whoever scrapes: Kafka answers a request a partition and more. */
const LAG_FRESH_MS = 2_000
/** Less than scrapers wait. */
const LAG_PATIENCE_MS = 4_000
/** How often the event loop is looked at: rare enough to cost nothing at rest. */
const TICK_MS = 100

export interface Metrics {
  collect(): Promise<readonly Family[]>
  stop(): void
}

export function createMetrics(context: StatusContext): Metrics {
  const delay = monitorEventLoopDelay({ resolution: TICK_MS })
  delay.enable()
  const { broker, logReaders: readers } = context
  const lag = broker === undefined ? async () => [] : sharedLag(broker, context.now, LAG_PATIENCE_MS, readers)
  return {
    async collect() {
      const loop = loopFamilies(delay.mean, delay.max)
      delay.reset()
      return [
        ...counterFamilies(context.events.samples?.() ?? new Map()),
        ...processFamilies(context, await context.readiness()),
        ...loop,
        ...rowAgeFamilies(context.rowAges?.() ?? new Map()),
        ...(await lag()),
      ]
    },
    stop: () => delay.disable(),
  }
}

/** Every declared counter that has counted something. */
export function counterFamilies(samples: CounterSamples): readonly Family[] {
  const declared = Object.values(EVENTS).flatMap(event => ('counter' in event ? [event.counter] : []))
  return declared.map(({ name, help }) => ({
    name,
    help,
    type: 'counter',
    samples: [...(samples.get(name) ?? [])].map(([labels, value]) => ({ labels, value })),
  }))
}

function processFamilies(context: StatusContext, readiness: Readiness): readonly Family[] {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  const build = labelText({ version: context.version, node: process.version })
  return [
    ownFamily('process_cpu_seconds_total', (user + system) / 1e6),
    ownFamily('process_resident_memory_bytes', memory.rss),
    ownFamily('process_start_time_seconds', context.started.getTime() / 1000),
    ownFamily('wattline_heap_used_bytes', memory.heapUsed),
    ownFamily('wattline_ready', Number(reasonsOf(readiness).length === 0)),
    ownFamily('wattline_build_info', [{ labels: build, value: 1 }]),
  ]
}

/** Nanoseconds between ticks in; the histogram has no value before its first one. */
function loopFamilies(mean: number, max: number): readonly Family[] {
  const seconds = (value: number): number =>
    Number.isFinite(value) ? Math.max(0, value / 1e9 - TICK_MS / 1000) : 0
  return [
    ownFamily('wattline_event_loop_delay_seconds', seconds(mean)),
    ownFamily('wattline_event_loop_delay_seconds_max', seconds(max)),
  ]
}

/** How old rows were when they became visible, by stream. */
export function rowAgeFamilies(samples: RowAgeSamples): readonly Family[] {
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

/**
 * Scrapes within moments of each other share one answer. A log that is away takes only its own families with it: the rest
 * is what tells why.
 */
export function sharedLag(
  broker: Pick<Broker, 'lag'>,
  now: () => number,
  patienceMs = LAG_PATIENCE_MS,
  readers = LOG_READERS,
): () => Promise<readonly Family[]> {
  let asked: { readonly atMs: number; readonly answer: Promise<readonly Family[]> } | null = null
  return async () => {
    if (asked === null || Math.abs(now() - asked.atMs) >= LAG_FRESH_MS) {
      asked = { atMs: now(), answer: lagFamilies(broker, now(), readers).catch(() => []) }
    }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<readonly Family[]>(resolve => {
      timer = setTimeout(() => resolve([]), patienceMs)
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
): Promise<readonly Family[]> {
  const records: Sample[] = []
  const ages: Sample[] = []
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
