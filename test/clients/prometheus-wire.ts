/**
 * Prometheus with a target of native histograms, start times and units: what it sent is read from its requests.
 * Debian's sends 1.0, one built from the Go module proxy sends 2.0.
 */

import { eventually } from '../support/until.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { type Comparison, compareStored, type Mismatch, type Outcome } from './compare.ts'
import { isEquipped, type Leg, leg, type Needs } from './leg.ts'
import { NEEDS } from './prometheus.ts'
import { prometheus3Binary } from './prometheus-binary.ts'
import { type PrometheusOptions, startPrometheus } from './prometheus-process.ts'
import { startProtobufTarget } from './prometheus-protobuf.ts'
import { noRows, type Row, type Rows, TABLES, type Table } from './sent.ts'
import { CUSTOM_BUCKETS, STALE, type WriteHistogram, WriteRows } from './write-rows.ts'
import { startWriteTee, type TeedWrite } from './write-tee.ts'

const SCRAPES = 8

export const NEEDS_3: Needs = [['go', 'version']]

/** Debian's, by remote write 1.0. */
export async function prometheusNative(wattline: WattlineProcess): Promise<Leg[]> {
  if (!isEquipped('native histograms of Prometheus', NEEDS)) return []
  const jobs = { scrape: { job_name: 'wire-1' }, remoteWrite: { send_native_histograms: true } }
  return overTheWire(wattline, 'wire-1', 1, { ...jobs, features: ['native-histograms'] })
}

/** By remote write 2.0. */
export async function prometheus3(wattline: WattlineProcess): Promise<Leg[]> {
  if (!isEquipped('remote write 2.0 by Prometheus', NEEDS_3)) return []
  return overTheWire(wattline, 'wire-2', 2, {
    command: await prometheus3Binary(),
    features: ['metadata-wal-records', 'st-storage'],
    scrape: {
      job_name: 'wire-2',
      scrape_protocols: ['PrometheusProto'],
      scrape_native_histograms: true,
      convert_classic_histograms_to_nhcb: true,
    },
    remoteWrite: { send_native_histograms: true, protobuf_message: 'io.prometheus.write.v2.Request' },
  })
}

async function overTheWire(
  wattline: WattlineProcess,
  job: string,
  version: 1 | 2,
  options: PrometheusOptions,
): Promise<Leg[]> {
  const target = await startProtobufTarget()
  const tee = await startWriteTee(wattline.otlp)
  const server = await startPrometheus(target.port, tee.url, options)
  const scraped = (times: number): Promise<number> =>
    eventually(
      async () => target.scrapes(),
      scrapes => scrapes >= times,
    )
  const client = `prometheus ${version === 1 ? 2.42 : 3.16}`
  const transport = `remote write ${version}.0`
  try {
    await scraped(SCRAPES)
    target.dropSeries()
    await scraped(SCRAPES + 4)
    await eventually(
      async () => tee.writes,
      writes => holds(writes, version).every(({ count }) => count > 0),
    ).catch(() => {})
  } finally {
    await server.end()
    target.close()
    tee.close()
  }
  const sent = new WriteRows()
  for (const { message } of tee.writes) sent.add(message)
  const sql = wattline.sql
  return [
    await leg(client, `${transport}, values`, () =>
      compareStored(sql, `ServiceName = '${job}' AND Flags = 0`, only(sent.rows, 0), WITH_FLAGS),
    ),
    await leg(client, `${transport}, no value`, () =>
      compareStored(sql, `ServiceName = '${job}' AND Flags = 1`, only(sent.rows, 1), WITH_FLAGS),
    ),
    await leg(client, `${transport}, kinds`, async () => kinds(tee.writes, version)),
    ...(version === 2
      ? [await leg(client, `${transport}, written counts`, async () => answers(tee.writes))]
      : []),
  ]
}

const WITH_FLAGS: readonly Table[] = TABLES.filter(table => !/traces|logs|summary/.test(table))

function only(rows: Rows, flags: number): Rows {
  const chosen = noRows()
  for (const table of WITH_FLAGS)
    chosen[table].push(...rows[table].filter((row: Row) => row['Flags'] === flags))
  return chosen
}

/** What the sender must have sent at least once; otherwise the comparison proves less than it seems to. */
function holds(
  writes: readonly TeedWrite[],
  version: 1 | 2,
): { readonly what: string; readonly count: number }[] {
  const series = writes.flatMap(({ message }) => message.timeseries)
  const histograms = series.flatMap(one => one.histograms)
  const of = (what: string, isIt: (histogram: WriteHistogram) => boolean) => ({
    what,
    count: histograms.filter(isIt).length,
  })
  const samples = series.flatMap(one => one.samples)
  const both = [
    { what: 'ends', count: samples.filter(({ value }) => BigInt(value) === STALE).length },
    { what: 'samples', count: samples.length },
    { what: 'exemplars', count: series.flatMap(one => one.exemplars).length },
    of('native histograms', ({ schema, positive_spans }) => schema === 3 && positive_spans.length === 2),
    of('float histograms', ({ count_float = 0 }) => count_float > 0),
  ]
  if (version === 1) {
    const families = writes.flatMap(({ message }) => message.metadata ?? [])
    return [
      ...both,
      { what: 'families with help', count: families.filter(({ help }) => help.length > 0).length },
    ]
  }
  const metadata = series.flatMap(one => one.metadata ?? [])
  return [
    ...both,
    of('custom buckets', ({ schema }) => schema === CUSTOM_BUCKETS),
    of('start times of histograms', ({ start_timestamp = '0' }) => start_timestamp !== '0'),
    {
      what: 'start times of samples',
      count: series.flatMap(one => one.samples).filter(({ start_timestamp = '0' }) => start_timestamp !== '0')
        .length,
    },
    { what: 'types', count: metadata.filter(({ type }) => type > 0).length },
    { what: 'helps', count: metadata.filter(({ help_ref }) => help_ref > 0).length },
    { what: 'units', count: metadata.filter(({ unit_ref }) => unit_ref > 0).length },
  ]
}

function kinds(writes: readonly TeedWrite[], version: 1 | 2): Outcome {
  const all = holds(writes, version)
  const mismatches: Mismatch[] = all
    .filter(({ count }) => count === 0)
    .map(({ what }) => ({
      table: 'otel_metrics_sum',
      item: what,
      sent: 'none',
      stored: 'at least one expected',
    }))
  for (const { message } of writes)
    if (version === 2 ? message.symbols === undefined : message.symbols !== undefined)
      mismatches.push({ table: 'otel_metrics_sum', item: 'version', sent: 'another', stored: version })
  return { otel_metrics_sum: { items: all.length, values: all.length, mismatches } }
}

/** The written counts in each answer, compared with the request. */
function answers(writes: readonly TeedWrite[]): { readonly otel_metrics_sum: Comparison } {
  const mismatches: Mismatch[] = []
  for (const [index, { message, status, headers }] of writes.entries()) {
    const count = (kind: 'samples' | 'histograms' | 'exemplars'): number =>
      message.timeseries.reduce((sum, series) => sum + series[kind].length, 0)
    const told = KINDS.map(kind => headers.get(`x-prometheus-remote-write-${kind}-written`))
    const sent = [204, ...KINDS.map(count)].join()
    const stored = [status, ...told].join()
    if (sent !== stored)
      mismatches.push({ table: 'otel_metrics_sum', item: `request ${index}`, sent, stored })
  }
  return { otel_metrics_sum: { items: writes.length, values: 4 * writes.length, mismatches } }
}

const KINDS = ['samples', 'histograms', 'exemplars'] as const
