/** A target of Prometheus that speaks its protobuf format: native histograms, start times, units; its values move with each scrape. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import protobuf from 'protobufjs'
import type { Target } from './prometheus-target.ts'

const FAMILY = protobuf
  .parse(
    `syntax = "proto2";
    enum MetricType { COUNTER = 0; GAUGE = 1; SUMMARY = 2; UNTYPED = 3; HISTOGRAM = 4; GAUGE_HISTOGRAM = 5; }
    message Timestamp { optional int64 seconds = 1; optional int32 nanos = 2; }
    message LabelPair { optional string name = 1; optional string value = 2; }
    message Exemplar { repeated LabelPair label = 1; optional double value = 2; optional Timestamp timestamp = 3; }
    message Gauge { optional double value = 1; }
    message Untyped { optional double value = 1; }
    message Counter { optional double value = 1; optional Exemplar exemplar = 2; optional Timestamp start_timestamp = 3; }
    message Quantile { optional double quantile = 1; optional double value = 2; }
    message Summary {
      optional uint64 sample_count = 1; optional double sample_sum = 2; repeated Quantile quantile = 3;
      optional Timestamp start_timestamp = 4;
    }
    message Bucket { optional uint64 cumulative_count = 1; optional double upper_bound = 2; optional Exemplar exemplar = 3; }
    message BucketSpan { optional sint32 offset = 1; optional uint32 length = 2; }
    message Histogram {
      optional uint64 sample_count = 1; optional double sample_count_float = 4; optional double sample_sum = 2;
      repeated Bucket bucket = 3; optional sint32 schema = 5; optional double zero_threshold = 6;
      optional uint64 zero_count = 7; optional double zero_count_float = 8;
      repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10 [packed = true];
      repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13 [packed = true];
      repeated double positive_count = 14 [packed = true];
      optional Timestamp start_timestamp = 15; repeated Exemplar exemplars = 16;
    }
    message Metric {
      repeated LabelPair label = 1; optional Gauge gauge = 2; optional Counter counter = 3; optional Summary summary = 4;
      optional Untyped untyped = 5; optional Histogram histogram = 7;
    }
    message MetricFamily {
      optional string name = 1; optional string help = 2; optional MetricType type = 3; repeated Metric metric = 4;
      optional string unit = 5;
    }`,
    { keepCase: true },
  )
  .root.lookupType('MetricFamily')

export async function startProtobufTarget(): Promise<Target> {
  let scrapes = 0
  let fleeting = true
  const startSeconds = Math.floor(Date.now() / 1000) - 600
  const server = createServer((_request, response) => {
    scrapes += 1
    const type =
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
    const families = exposition(scrapes, startSeconds, fleeting)
    const bytes = families.map(family => FAMILY.encodeDelimited(FAMILY.fromObject(family)).finish())
    response.writeHead(200, { 'content-type': type }).end(Buffer.concat(bytes))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    scrapes: () => scrapes,
    dropSeries: () => {
      fleeting = false
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function exposition(n: number, startSeconds: number, fleeting: boolean): object[] {
  const start_timestamp = { seconds: startSeconds, nanos: 250_000_000 }
  const exemplar = (value: number, more: number): object => ({
    label: [
      { name: 'trace_id', value: (n * 100 + more).toString(16).padStart(32, '0') },
      { name: 'user', value: 'ü' },
    ],
    value,
    timestamp: { seconds: startSeconds + n, nanos: 500_000_000 },
  })
  /** Two runs of buckets on each side, with a gap. */
  const native = {
    sample_count: n * 19,
    sample_sum: n * 0.1,
    schema: 3,
    zero_threshold: 0.001,
    zero_count: n,
    negative_span: [{ offset: -2, length: 1 }],
    negative_delta: [n * 2],
    positive_span: [
      { offset: 1, length: 2 },
      { offset: 3, length: 2 },
    ],
    positive_delta: [n * 3, n, -n * 2, n * 5],
    start_timestamp,
  }
  const buckets = [
    { cumulative_count: n, upper_bound: 0.1, exemplar: exemplar(0.05, 1) },
    { cumulative_count: n * 2, upper_bound: 2.5 },
    { cumulative_count: n * 4, upper_bound: Infinity },
  ]
  const family = (name: string, type: string, help: string, unit: string, ...metric: object[]): object => ({
    ...{ name, type, help, unit, metric },
  })
  return [
    family('jobs_total', 'COUNTER', 'Jobs größer 0', '', {
      label: [{ name: 'path', value: '/a "b"' }],
      counter: { value: n * 3, exemplar: exemplar(1, 2), start_timestamp },
    }),
    family('room_celsius', 'GAUGE', 'How warm it is.', 'celsius', { gauge: { value: n / 7 } }),
    family('latency_seconds', 'HISTOGRAM', 'How long.', 'seconds', {
      histogram: { ...native, exemplars: [exemplar(1.5, 3)] },
    }),
    family('wait_seconds', 'HISTOGRAM', 'Bounds that are given.', 'seconds', {
      histogram: { sample_count: n * 4, sample_sum: n * 0.7, bucket: buckets, start_timestamp },
    }),
    family('queue_bytes', 'GAUGE_HISTOGRAM', 'It may fall.', 'bytes', {
      histogram: {
        sample_count_float: 3 + (n % 3),
        sample_sum: 10 - (n % 3),
        schema: 0,
        zero_threshold: 0.5,
        zero_count_float: 0.5,
        positive_span: [{ offset: 2, length: 2 }],
        positive_count: [1.25 + (n % 3), 1.25],
      },
    }),
    family('sizes_bytes', 'SUMMARY', '', 'bytes', {
      summary: {
        ...{ sample_count: n * 5, sample_sum: n * 1000, start_timestamp },
        quantile: [{ quantile: 0.5, value: n * 10 }],
      },
    }),
    family('plain', 'UNTYPED', '', '', { untyped: { value: n ** 3 } }),
    ...(fleeting
      ? [
          family('fleeting', 'GAUGE', '', '', { gauge: { value: n } }),
          family('fleeting_seconds', 'HISTOGRAM', '', '', { histogram: native }),
        ]
      : []),
  ]
}
