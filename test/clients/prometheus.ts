/** Debian's Prometheus: scrapes a target and writes to Wattline; its own database shows what it sent. */

import { eventually } from '../support/until.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { type Comparison, compareRows, compareStored } from './compare.ts'
import { isEquipped, type Leg, leg, type Needs } from './leg.ts'
import { JOB, type PrometheusProcess, startPrometheus } from './prometheus-process.ts'
import { startTarget } from './prometheus-target.ts'
import { noRows, type Row, type Rows, TENANT } from './sent.ts'

const SCRAPES = 8
export const NEEDS: Needs = [['prometheus', '--version']]

export async function prometheus(wattline: WattlineProcess): Promise<Leg[]> {
  if (!isEquipped('Prometheus', NEEDS)) return []
  const target = await startTarget()
  const server = await startPrometheus(target.port, `${wattline.otlp}/api/v1/write`)
  const scraped = (times: number): Promise<number> =>
    eventually(
      async () => target.scrapes(),
      scrapes => scrapes >= times,
    )
  try {
    await scraped(SCRAPES)
    target.dropSeries()
    await scraped(SCRAPES + 4)
    const series = await writtenSeries(server)
    const untilMs = Math.max(...series.flatMap(({ samples }) => samples.map(([atMs]) => atMs)))
    const condition = `ServiceName = '${JOB}' AND Flags = 0 AND TimeUnix <= fromUnixTimestamp64Milli(${untilMs})`
    const http = 'remote write 1.0'
    return [
      await leg('prometheus', http, () =>
        compareStored(wattline.sql, condition, rowsOf(series), ['otel_metrics_gauge', 'otel_metrics_sum']),
      ),
      await leg('prometheus', `${http} exemplars`, async () => ({
        otel_metrics_sum: await exemplars(wattline, server, untilMs),
      })),
      await leg('prometheus', `${http} end of a series`, async () => ({
        otel_metrics_gauge: await ends(wattline, series),
      })),
    ]
  } finally {
    await server.end()
    target.close()
  }
}

interface Series {
  readonly name: string
  readonly resource: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, string>>
  readonly samples: readonly (readonly [atMs: number, value: number])[]
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly values: readonly [number, string][]
  }[]
}

const milliseconds = (seconds: number): number => Math.round(seconds * 1000)
const nanoseconds = (ms: number): bigint => BigInt(ms) * 1_000_000n
const FLOATS: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity }

async function writtenSeries(server: PrometheusProcess): Promise<Series[]> {
  const { result } = await server.ask<Matrix>('query', { query: `{job="${JOB}"}[10m]` })
  const up = result.find(({ metric }) => metric['__name__'] === 'up')?.values ?? []
  if (up.length === 0 || up.some(([, text]) => text !== '1')) throw new Error('Prometheus could not scrape')
  return result.map(({ metric, values }) => ({
    ...identityOf(metric),
    // Its encoder omits values equal to 0, including -0: adding 0 does the same.
    samples: values.map(([at, text]) => [milliseconds(at), (FLOATS[text] ?? Number(text)) + 0] as const),
  }))
}

function identityOf(labels: Readonly<Record<string, string>>): Omit<Series, 'samples'> {
  const { __name__: name = '', job = '', instance = '', ...attributes } = labels
  return { name, resource: { 'service.name': job, 'service.instance.id': instance }, attributes }
}

function rowsOf(series: readonly Series[]): Rows {
  const rows = noRows()
  for (const { name, resource, attributes, samples } of series) {
    const counts = /_(total|count|sum|bucket)$/.test(name)
    const kind = counts ? { AggregationTemporality: 2, IsMonotonic: true } : {}
    for (const [atMs, value] of samples)
      rows[counts ? 'otel_metrics_sum' : 'otel_metrics_gauge'].push({
        Tenant: TENANT,
        ServiceName: JOB,
        ResourceAttributes: resource,
        MetricName: name,
        Attributes: attributes,
        TimeUnix: nanoseconds(atMs),
        Value: value,
        ...kind,
      })
  }
  return rows
}

interface ExemplarSeries {
  readonly seriesLabels: Readonly<Record<string, string>>
  readonly exemplars: readonly {
    readonly labels: Readonly<Record<string, string>>
    readonly value: string
    readonly timestamp: number
  }[]
}

async function exemplars(
  wattline: WattlineProcess,
  server: PrometheusProcess,
  untilMs: number,
): Promise<Comparison> {
  const range = { start: String(untilMs / 1000 - 600), end: String(untilMs / 1000) }
  const found = await server.ask<ExemplarSeries[]>('query_exemplars', { query: `{job="${JOB}"}`, ...range })
  const sent = found.flatMap(({ seriesLabels, exemplars: list }) =>
    list.map(({ labels: { trace_id, span_id, ...others }, value, timestamp }) => ({
      MetricName: seriesLabels['__name__'],
      Attributes: identityOf(seriesLabels).attributes,
      TimeUnix: nanoseconds(milliseconds(timestamp)),
      Value: Number(value),
      TraceId: trace_id,
      SpanId: span_id,
      FilteredAttributes: others,
    })),
  )
  const query = `SELECT MetricName, Attributes, toString(toUnixTimestamp64Nano(e.TimeUnix)) AS TimeUnix, e.Value AS Value,
      e.TraceId AS TraceId, e.SpanId AS SpanId, e.FilteredAttributes AS FilteredAttributes
    FROM otel_metrics_sum ARRAY JOIN Exemplars AS e
    WHERE ServiceName = '${JOB}' AND e.TimeUnix <= fromUnixTimestamp64Milli(${untilMs})`
  return compareRows('otel_metrics_sum', sent, await storedAtLeast(wattline, query, Math.max(1, sent.length)))
}

/** `fleeting` ended with the first scrape without it. */
async function ends(wattline: WattlineProcess, series: readonly Series[]): Promise<Comparison> {
  const timesOf = (name: string): number[] =>
    series.find(one => one.name === name)?.samples.map(([atMs]) => atMs) ?? []
  const last = Math.max(...timesOf('fleeting'))
  const ended = Math.min(...timesOf('plain').filter(atMs => atMs > last))
  const sent = [{ MetricName: 'fleeting', Attributes: {}, TimeUnix: nanoseconds(ended), Flags: 1 }]
  const query = `SELECT MetricName, Attributes, toString(toUnixTimestamp64Nano(TimeUnix)) AS TimeUnix, Flags
    FROM otel_metrics_gauge WHERE ServiceName = '${JOB}' AND MetricName = 'fleeting' AND Flags = 1`
  return compareRows('otel_metrics_gauge', sent, await storedAtLeast(wattline, query, 1))
}

async function storedAtLeast(wattline: WattlineProcess, query: string, count: number): Promise<Row[]> {
  const ask = (): Promise<readonly Row[]> => wattline.sql<Row>(query)
  const rows = await eventually(ask, found => found.length >= count).catch(ask)
  return rows.map(row => ({ ...row, TimeUnix: BigInt(row['TimeUnix'] as string) }))
}
