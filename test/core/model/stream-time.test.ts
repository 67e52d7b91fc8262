// Guarantees: every stream with a table has a column with the time of the event of a row, in a kind with a known unit.
import { expect, it } from 'vitest'
import { STREAMS, traces } from '../../../core/model/streams/index.ts'
import { timeColumnOf, timeMs } from '../../../core/model/streams/time.ts'

it('knows the time column of every stream', () => {
  const found = STREAMS.map(stream => `${stream.name} ${timeColumnOf(stream)?.name ?? '-'}`)
  expect(found).toEqual([
    'traces Timestamp',
    'metric_points TimeUnix',
    'metric_histograms TimeUnix',
    'metric_exp_histograms TimeUnix',
    'metric_summaries TimeUnix',
    'metrics_gauge TimeUnix',
    'metrics_sum TimeUnix',
    'metrics_histogram TimeUnix',
    'metrics_exp_histogram TimeUnix',
    'metrics_summary TimeUnix',
    'logs Timestamp',
    'readings Timestamp',
    'energy -',
    'ledger WindowStart',
    'late_readings WindowStart',
    'host_clocks Time',
    'request_energy WindowStart',
    'request_minutes WindowStart',
    'factors -',
    'billing -',
    'alerts Time',
    'notifications Time',
    'deliveries Time',
    'silences EndsAt',
    'intensity_forecasts ValidFrom',
    'scaling_policies Updated',
    'scaling_decisions Time',
    'scaling_answers -',
    'quarantine Time',
    'forwarded -',
  ])
  for (const stream of STREAMS)
    expect([undefined, 'timestampNs', 'seconds']).toContain(timeColumnOf(stream)?.kind)
})

it('reads both kinds as milliseconds', () => {
  expect(timeMs({ name: 'a', kind: 'timestampNs' }, 1_500_000_000n)).toBe(1500)
  expect(timeMs({ name: 'a', kind: 'seconds' }, 60)).toBe(60_000)
  expect(timeColumnOf({ ...traces, columns: [] })).toBeUndefined()
})
