/** Gathers what `/metrics` tells: counters of events, this process, and how far the readers of the log are behind. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Broker } from '../../core/broker/broker.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { type CounterSamples, EVENTS } from '../../core/runtime/events.ts'
import type { QueryContext } from '../context.ts'
import { type Family, labelText, type Sample } from './metrics-text.ts'

/** Who reads which stream: for lag. Streams without a table live in the log only. */
export const LOG_READERS: readonly { readonly group: string; readonly stream: string }[] = [
  ...STREAMS.filter(stream => stream.table !== undefined).map(stream => ({
    group: 'store',
    stream: stream.name,
  })),
  { group: 'meter', stream: 'readings' },
  { group: 'rate', stream: 'energy' },
]

/** How often the event loop is looked at: rare enough to cost nothing at rest. */
const TICK_MS = 100

export interface Metrics {
  collect(): Promise<readonly Family[]>
  stop(): void
}

export function createMetrics(context: QueryContext): Metrics {
  const delay = monitorEventLoopDelay({ resolution: TICK_MS })
  delay.enable()
  return {
    async collect() {
      const loop = loopFamilies(delay.mean, delay.max)
      delay.reset()
      const lag = context.broker === undefined ? [] : await lagFamilies(context.broker, context.now())
      return [
        ...counterFamilies(context.events.samples?.() ?? new Map()),
        ...processFamilies(context),
        ...loop,
        ...lag,
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

const gauge = (name: string, help: string, value: number): Family => ({
  name,
  type: 'gauge',
  help,
  samples: [{ labels: '', value }],
})

function processFamilies(context: QueryContext): readonly Family[] {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage()
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of this process, user and system',
      samples: [{ labels: '', value: (user + system) / 1e6 }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory of this process', memory.rss),
    gauge('process_start_time_seconds', 'Start of this process, unix time', context.started.getTime() / 1000),
    gauge('wattline_heap_used_bytes', 'JavaScript heap in use', memory.heapUsed),
    gauge(
      'wattline_ready',
      '1 when the instance takes work, 0 when not',
      Number(context.readiness().length === 0),
    ),
    {
      name: 'wattline_build_info',
      type: 'gauge',
      help: 'Always 1; the version is the label',
      samples: [{ labels: labelText({ version: context.version, node: process.version }), value: 1 }],
    },
  ]
}

/** Nanoseconds between ticks in; the histogram has no value before its first one. */
function loopFamilies(mean: number, max: number): readonly Family[] {
  const seconds = (value: number): number =>
    Number.isFinite(value) ? Math.max(0, value / 1e9 - TICK_MS / 1000) : 0
  return [
    gauge(
      'wattline_event_loop_delay_seconds',
      'Mean delay of the event loop since the last look',
      seconds(mean),
    ),
    gauge('wattline_event_loop_delay_seconds_max', 'Largest delay since the last look', seconds(max)),
  ]
}

/** Records and seconds that each reader of the log is behind; `now` in unix milliseconds. */
export async function lagFamilies(broker: Pick<Broker, 'lag'>, now: number): Promise<readonly Family[]> {
  const records: Sample[] = []
  const ages: Sample[] = []
  let oldest = 0
  for (const { group, stream } of LOG_READERS) {
    const partitions = await broker.lag(group, stream)
    const behind = partitions.reduce((sum, partition) => sum + Number(partition.end - partition.committed), 0)
    const age = Math.max(
      0,
      ...partitions.map(({ oldestPendingMs }) =>
        oldestPendingMs === null ? 0 : (now - oldestPendingMs) / 1000,
      ),
    )
    if (group === 'store') oldest = Math.max(oldest, age)
    const labels = labelText({ group, stream })
    records.push({ labels, value: behind })
    ages.push({ labels, value: age })
  }
  return [
    {
      name: 'wattline_log_lag_records',
      type: 'gauge',
      help: 'Records that a group has not committed yet',
      samples: records,
    },
    {
      name: 'wattline_log_lag_seconds',
      type: 'gauge',
      help: 'Age of the oldest record that a group has not committed; 0 when none waits',
      samples: ages,
    },
    gauge(
      'wattline_end_to_end_age_seconds',
      'Age of the oldest acknowledged record that queries do not see yet',
      oldest,
    ),
  ]
}
