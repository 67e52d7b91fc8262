// Guarantees: NaN and infinity are stored as sent, through every receiver, are never a reading, and are null in every
// JSON answer.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { encode } from '../collector/otlp/decode/otlp-proto.ts'
import { type Exporter, startExporter } from '../support/exporter.ts'
import { encodeWrite1, HEADERS_1, snappy } from '../support/remote-write.ts'
import { eventually } from '../support/until.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-nan-'))
const startMs = Math.floor(Date.now() / 60_000 - 10) * 60_000
/** Milliseconds into the minute, and watts: three invalid values within a steady 100 W. */
const WATTS: readonly (readonly [atMs: number, watts: number])[] = [
  ...Array.from({ length: 13 }, (_, at) => [at * 15_000, 100] as const),
  [5_000, Number.NaN],
  [25_000, Number.POSITIVE_INFINITY],
  [50_000, Number.NEGATIVE_INFINITY],
]
const NONE = { nan: 1, inf: 1, negative: 1 }

let wattline: WattlineProcess
let exporter: Exporter

const nano = (ms: number): string => `${BigInt(ms) * 1_000_000n}`
const attributes = (texts: Readonly<Record<string, string>>): object[] =>
  Object.entries(texts).map(([key, string_value]) => ({ key, value: { string_value } }))

/** A request as an object by the names of opentelemetry-proto; ProtoJSON accepts them as well. */
const powerOf = (host: string): object => ({
  resource_metrics: [
    {
      resource: { attributes: attributes({ 'host.id': host }) },
      scope_metrics: [
        {
          metrics: [
            {
              name: 'hw.power',
              unit: 'W',
              gauge: {
                data_points: WATTS.map(([atMs, as_double]) => ({
                  time_unix_nano: nano(startMs + atMs),
                  as_double,
                  attributes: attributes({ 'hw.id': '0', 'hw.type': 'cpu' }),
                })),
              },
            },
            {
              name: 'sizes',
              histogram: {
                aggregation_temporality: 2,
                data_points: [
                  { time_unix_nano: nano(startMs), count: '1', sum: Number.NaN, bucket_counts: ['1'] },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
})

const spanOf = (values: readonly number[]): object => ({
  resource_spans: [
    {
      scope_spans: [
        {
          spans: [
            {
              trace_id: new Uint8Array(16).fill(1),
              span_id: new Uint8Array(8).fill(2),
              name: 'none',
              start_time_unix_nano: nano(startMs),
              end_time_unix_nano: nano(startMs + 1),
              attributes: values.map((double_value, at) => ({ key: `v${at}`, value: { double_value } })),
            },
          ],
        },
      ],
    },
  ],
})

/** ProtoJSON has texts for values without a JSON number. */
const json = (request: object): string =>
  JSON.stringify(request, (_, value) =>
    typeof value !== 'number' || Number.isFinite(value) ? value : String(value),
  )

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<void> {
  const response = await fetch(`${wattline.otlp}${path}`, { method: 'POST', body, headers })
  expect(response.ok, await response.text()).toBe(true)
}

const PROTOBUF = { 'content-type': 'application/x-protobuf' }
const JSON_TYPE = { 'content-type': 'application/json' }
const GPU = 'DCGM_FI_DEV_POWER_USAGE'

beforeAll(async () => {
  exporter = await startExporter()
  const text = (watts: number): string =>
    Number.isFinite(watts) ? `${watts}` : `${watts}`.replace('Infinity', 'Inf')
  exporter.answer({
    body: WATTS.map(
      ([atMs, watts]) => `${GPU}{gpu="0",UUID="GPU-1",Hostname="scraped"} ${text(watts)} ${startMs + atMs}\n`,
    ).join(''),
  })
  const job = {
    job_name: 'gpu',
    scrape_interval: '1s',
    static_configs: [{ targets: [exporter.address] }],
  }
  wattline = await startProcess({
    data,
    environment: { WATTLINE_SCRAPE_JOBS: JSON.stringify([job]), WATTLINE_METERING_LATENESS: '1' },
  })
  await post('/v1/metrics', json(powerOf('json')), JSON_TYPE)
  await post(
    '/v1/metrics',
    new Uint8Array(encode('ExportMetricsServiceRequest', powerOf('protobuf'))),
    PROTOBUF,
  )
  const labels = [
    ['Hostname', 'written'],
    ['UUID', 'GPU-1'],
    ['__name__', GPU],
    ['gpu', '0'],
  ] as const
  const samples = WATTS.map(([atMs, value]) => ({ value, timestamp: startMs + atMs }))
  await post('/api/v1/write', snappy(encodeWrite1([{ labels, samples }])), HEADERS_1)
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  await post('/v1/traces', new Uint8Array(encode('ExportTraceServiceRequest', spanOf(values))), PROTOBUF)
})

afterAll(async () => {
  await wattline.end('SIGTERM')
  await exporter.close()
  rmSync(data, { recursive: true, force: true })
})

const HOSTS = ['json', 'protobuf', 'scraped', 'written']

it('stores points as sent', async () => {
  const found = await eventually(
    () =>
      wattline.sql<{ name: string; nan: string; inf: string; negative: string }>(
        `SELECT MetricName AS name, toUInt32(uniqExactIf(t, isNaN(v))) AS nan, toUInt32(uniqExactIf(t, v = inf)) AS inf,
           toUInt32(uniqExactIf(t, v = -inf)) AS negative
         FROM (SELECT MetricName, Value AS v, TimeUnix AS t FROM otel_metrics_gauge WHERE NOT isFinite(Value))
         GROUP BY name ORDER BY name`,
      ),
    rows => rows.length === 2,
  )
  expect(found).toEqual([
    { name: GPU, ...NONE },
    { name: 'hw.power', ...NONE },
  ])
  expect(
    await wattline.sql(`SELECT SpanAttributes['v0'] AS a, SpanAttributes['v1'] AS b, SpanAttributes['v2'] AS c,
      isNaN(toFloat64(a)) AS isNan FROM otel_traces`),
  ).toEqual([{ a: 'NaN', b: '+Inf', c: '-Inf', isNan: 1 }])
})

it('treats none of them as a reading, and books the others as if they did not exist', async () => {
  const booked = await eventually(
    () =>
      wattline.sql<{ host: string; uj: string }>(
        `SELECT Host AS host, toString(sum(EnergyUj)) AS uj FROM ledger
         WHERE WindowStart = toDateTime(${startMs / 1000}) GROUP BY host ORDER BY host`,
      ),
    rows => rows.length === HOSTS.length,
  )
  expect(booked).toEqual(HOSTS.map(host => ({ host, uj: '6000000000' })))
  const values = await wattline.sql(
    'SELECT Host AS host, groupUniqArray(toString(Value)) AS v FROM readings GROUP BY host ORDER BY host',
  )
  expect(values).toEqual(HOSTS.map(host => ({ host, v: ['100000'] })))
})

it.each(['JSON', 'JSONEachRow', 'JSONCompact', 'JSONCompactEachRow', 'JSONColumns'])(
  '%s says null',
  async format => {
    const query = `SELECT sum(Value) AS sum, max(Value) AS max, any(Value) AS any FROM otel_metrics_gauge WHERE NOT isFinite(Value)
    UNION ALL SELECT sum(Sum), nan, -inf FROM otel_metrics_histogram`
    const response = await fetch(`${wattline.http}/clickhouse/?default_format=${format}`, {
      method: 'POST',
      body: query,
    })
    const text = await response.text()
    expect(response.status, text).toBe(200)
    const lines = format.endsWith('EachRow') ? text.trim().split('\n') : [text]
    const numbers = JSON.stringify(lines.map(line => JSON.parse(line) as unknown))
    expect(numbers.match(/null/g)).toHaveLength(6)
    expect(text).not.toMatch(/nan|inf/i)
  },
)
