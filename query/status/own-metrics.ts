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
  process_start_time_seconds: metric('gauge', 'Start time of the first process, unix time'),
  wattline_heap_used_bytes: metric('gauge', 'JavaScript heap in use, of all processes of this instance'),
  wattline_ready: metric('gauge', '1 if the instance is ready, otherwise 0'),
  wattline_build_info: metric('gauge', 'Always 1; the version is the label', 'version', 'node'),
  wattline_event_loop_delay_seconds: metric('gauge', 'Mean delay of the event loop since the last scrape'),
  wattline_event_loop_delay_seconds_max: metric(
    'gauge',
    'Largest delay of the event loop since the last scrape',
  ),
  wattline_log_lag_records: metric(
    'gauge',
    'Records that a group has not committed yet; every instance that reads the log reports the same',
    'group',
    'stream',
    'partition',
  ),
  wattline_log_lag_seconds: metric(
    'gauge',
    'Age of the oldest record that a group has not committed, 0 if there is none; every instance reports the same',
    'group',
    'stream',
    'partition',
  ),
  wattline_row_age_seconds: metric(
    'histogram',
    'Age of rows, by their event time, when they became visible to queries; a sample of the rows under load',
    'stream',
  ),
  wattline_newest_row_timestamp_seconds: metric(
    'gauge',
    'Latest event time of the rows that this process has stored, unix time',
    'stream',
  ),
  wattline_meter_state_bytes: metric(
    'gauge',
    'Estimated memory of a tenant’s hosts and workloads in this process; `metering.state_bytes` is the limit',
    'tenant',
  ),
  wattline_scaling_replicas: metric(
    'gauge',
    'Replicas that a scaling policy wants, as answered to autoscalers',
    'tenant',
    'policy',
  ),
  wattline_scaling_answer_age_seconds: metric(
    'gauge',
    'Seconds since the decision that autoscalers get',
    'tenant',
    'policy',
  ),
  wattline_scaling_stale: metric(
    'gauge',
    '1 if the answer to autoscalers is stale, otherwise 0',
    'tenant',
    'policy',
  ),
  wattline_losses: metric(
    'gauge',
    'Restored, lost or damaged files that were found and not yet accepted by an operator',
    'state',
  ),
  wattline_lost_rows: metric('gauge', 'Rows lost with damaged or lost files that are not restored', 'table'),
  wattline_lost_records: metric(
    'gauge',
    'Acknowledged records of the log that were lost before their rows were stored',
    'stream',
  ),
  wattline_end_to_end_age_seconds: metric(
    'gauge',
    'Age of the oldest acknowledged record that is not visible to queries yet',
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
