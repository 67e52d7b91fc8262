/**
 * Metrics that no event raises: this process, its event loop, the log. The reference page and `/metrics` share this
 * list.
 */
import type { MetricFamily, MetricSample } from './metrics-text.ts'

interface OwnMetric {
  readonly type: MetricFamily['type']
  readonly help: string
  readonly labels: readonly string[]
}

const metric = (type: MetricFamily['type'], help: string, ...labels: string[]): OwnMetric => ({
  type,
  help,
  labels,
})

/** Type, help and labels by name; docs/reference/metrics.md is generated from it. */
export const OWN_METRICS = {
  process_cpu_seconds_total: metric(
    'counter',
    'CPU time, user and system, of all processes of this instance',
  ),
  process_resident_memory_bytes: metric('gauge', 'Resident memory of all processes of this instance'),
  process_start_time_seconds: metric('gauge', 'Start of the process that was started first, unix time'),
  wattline_heap_used_bytes: metric('gauge', 'JavaScript heap in use, of all processes of this instance'),
  wattline_ready: metric('gauge', '1 when the instance takes work, 0 when not'),
  wattline_build_info: metric('gauge', 'Always 1; the version is the label', 'version', 'node'),
  wattline_event_loop_delay_seconds: metric('gauge', 'Mean delay of the event loop since the last look'),
  wattline_event_loop_delay_seconds_max: metric('gauge', 'Largest delay since the last look'),
  wattline_log_lag_records: metric(
    'gauge',
    'Records that a group has not committed yet; the same from every instance that reads the log',
    'group',
    'stream',
    'partition',
  ),
  wattline_log_lag_seconds: metric(
    'gauge',
    'Age of the oldest record that a group has not committed; 0 when none waits; the same from every instance',
    'group',
    'stream',
    'partition',
  ),
  wattline_row_age_seconds: metric(
    'histogram',
    'Age of rows when they became visible to queries, from the time that they tell of; under load of some of them',
    'stream',
  ),
  wattline_newest_row_timestamp_seconds: metric(
    'gauge',
    'Latest time that rows stored by this process tell of, unix time',
    'stream',
  ),
  wattline_meter_state_bytes: metric(
    'gauge',
    'Estimated memory that hosts and workloads of a tenant take in this process; `metering.state_bytes` bounds it',
    'tenant',
  ),
  wattline_losses: metric(
    'gauge',
    'Findings that files were restored, lost or damaged, and that no operator has accepted yet',
    'state',
  ),
  wattline_lost_rows: metric(
    'gauge',
    'Stored rows that damaged or lost files took and that are not back',
    'table',
  ),
  wattline_lost_records: metric(
    'gauge',
    'Acknowledged records of the log that were lost before their rows were stored',
    'stream',
  ),
  wattline_end_to_end_age_seconds: metric(
    'gauge',
    'Age of the oldest acknowledged record that queries do not see yet',
  ),
} as const satisfies Readonly<Record<string, OwnMetric>>

/** A family of the list; a number is its only sample, without labels. */
export function ownFamily(
  name: keyof typeof OWN_METRICS,
  samples: number | readonly MetricSample[],
): MetricFamily {
  const { type, help } = OWN_METRICS[name]
  return {
    name,
    type,
    help,
    samples: typeof samples === 'number' ? [{ labels: '', value: samples }] : samples,
  }
}
