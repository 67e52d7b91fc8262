/** Remote write as a sender makes it, by an independent encoder: protobufjs with the messages of the specification. */

import protobuf from 'protobufjs'
import { compress } from 'snappyjs'

const HISTOGRAM = `
  enum ResetHint { UNKNOWN = 0; YES = 1; NO = 2; GAUGE = 3; }
  oneof count { uint64 count_int = 1; double count_float = 2; }
  double sum = 3;
  sint32 schema = 4;
  double zero_threshold = 5;
  oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
  repeated BucketSpan negative_spans = 8;
  repeated sint64 negative_deltas = 9;
  repeated double negative_counts = 10;
  repeated BucketSpan positive_spans = 11;
  repeated sint64 positive_deltas = 12;
  repeated double positive_counts = 13;
  ResetHint reset_hint = 14;
  int64 timestamp = 15;
  repeated double custom_values = 16;`
const SPAN = 'message BucketSpan { sint32 offset = 1; uint32 length = 2; }'

const VERSION_1 = `syntax = "proto3";
  message WriteRequest { repeated TimeSeries timeseries = 1; repeated MetricMetadata metadata = 3; }
  message TimeSeries {
    repeated Label labels = 1; repeated Sample samples = 2; repeated Exemplar exemplars = 3; repeated Histogram histograms = 4;
  }
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message Exemplar { repeated Label labels = 1; double value = 2; int64 timestamp = 3; }
  message MetricMetadata { uint32 type = 1; string metric_family_name = 2; string help = 4; string unit = 5; }
  message Histogram { ${HISTOGRAM} }
  ${SPAN}`
const VERSION_2 = `syntax = "proto3";
  message Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5; }
  message TimeSeries {
    repeated uint32 labels_refs = 1; repeated Sample samples = 2; repeated Histogram histograms = 3;
    repeated Exemplar exemplars = 4; Metadata metadata = 5;
  }
  message Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3; }
  message Exemplar { repeated uint32 labels_refs = 1; double value = 2; int64 timestamp = 3; }
  message Metadata { uint32 type = 1; uint32 help_ref = 3; uint32 unit_ref = 4; }
  message Histogram { ${HISTOGRAM} int64 start_timestamp = 17; }
  ${SPAN}`
const parsed = (text: string): protobuf.Root => protobuf.parse(text, { keepCase: true }).root
const version1 = parsed(VERSION_1)
const version2 = parsed(VERSION_2)

/** The messages of the two versions. */
export const WRITE_TYPES = {
  1: version1.lookupType('WriteRequest'),
  2: version2.lookupType('Request'),
} as const
/**
 * The same with texts and values as bytes and bits, and the repetitions of a single message as a list: for readers that
 * must not repair anything.
 */
export const RAW_WRITE_TYPES = {
  1: parsed(raw(VERSION_1)).lookupType('WriteRequest'),
  2: parsed(raw(VERSION_2)).lookupType('Request'),
} as const

function raw(text: string): string {
  return text
    .replaceAll('string ', 'bytes ')
    .replaceAll('double value', 'fixed64 value')
    .replace('Metadata metadata = 5', 'repeated Metadata metadata = 5')
}

export type LabelPairs = readonly (readonly [name: string, value: string])[]

export interface SentSample {
  readonly value: number
  readonly timestamp: number
  readonly start_timestamp?: number
}

export interface SentExemplar {
  readonly labels: LabelPairs
  readonly value: number
  readonly timestamp: number
}

export interface SentHistogram {
  readonly count_int?: number
  readonly count_float?: number
  readonly sum: number
  readonly schema: number
  readonly zero_threshold?: number
  readonly zero_count_int?: number
  readonly zero_count_float?: number
  readonly negative_spans?: readonly { offset: number; length: number }[]
  readonly negative_deltas?: readonly number[]
  readonly negative_counts?: readonly number[]
  readonly positive_spans?: readonly { offset: number; length: number }[]
  readonly positive_deltas?: readonly number[]
  readonly positive_counts?: readonly number[]
  readonly reset_hint?: number
  readonly timestamp: number
  readonly custom_values?: readonly number[]
  readonly start_timestamp?: number
}

export interface SentSeries {
  readonly labels: LabelPairs
  readonly samples?: readonly SentSample[]
  readonly exemplars?: readonly SentExemplar[]
  readonly histograms?: readonly SentHistogram[]
  /** Only in 2.0. */
  readonly metadata?: { readonly type: number; readonly help: string; readonly unit: string }
}

export interface SentMetadata {
  readonly type: number
  readonly metric_family_name: string
  readonly help: string
  readonly unit: string
}

/** prometheus.WriteRequest, not yet compressed. */
export function encodeWrite1(series: readonly SentSeries[], metadata: readonly SentMetadata[] = []): Buffer {
  return encode(WRITE_TYPES[1], {
    timeseries: series.map(({ labels, samples, exemplars, histograms }) => ({
      labels: pairs(labels),
      samples,
      histograms,
      exemplars: exemplars?.map(exemplar => ({ ...exemplar, labels: pairs(exemplar.labels) })),
    })),
    metadata,
  })
}

/** io.prometheus.write.v2.Request, not yet compressed. */
export function encodeWrite2(series: readonly SentSeries[]): Buffer {
  const symbols = new Map([['', 0]])
  const ref = (text: string): number => {
    const known = symbols.get(text) ?? symbols.size
    symbols.set(text, known)
    return known
  }
  const timeseries = series.map(({ labels, samples, exemplars, histograms, metadata }) => ({
    labels_refs: labels.flat().map(ref),
    samples,
    histograms,
    exemplars: exemplars?.map(({ labels: own, ...rest }) => ({ ...rest, labels_refs: own.flat().map(ref) })),
    metadata: metadata && {
      type: metadata.type,
      help_ref: ref(metadata.help),
      unit_ref: ref(metadata.unit),
    },
  }))
  return encodeRaw2([...symbols.keys()], timeseries)
}

/** The same from given symbols and series, right or wrong. */
export const encodeRaw2 = (symbols: readonly string[], timeseries: readonly object[]): Buffer =>
  encode(WRITE_TYPES[2], { symbols, timeseries })

export const snappy = (bytes: Uint8Array): Buffer<ArrayBuffer> => Buffer.from(compress(bytes))

export const HEADERS_1 = {
  'content-type': 'application/x-protobuf',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '0.1.0',
}
export const HEADERS_2 = {
  'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  'content-encoding': 'snappy',
  'x-prometheus-remote-write-version': '2.0.0',
}

/** The NaN that ends a series; protobufjs writes any NaN as the ordinary one, so its bytes are inserted afterwards. */
export const STALE_BITS = 0x7ff0000000000002n

/** Inserts the bits of the stale marker where `placeholder` was encoded; every occurrence. */
export function withStale(encoded: Buffer, placeholder: number): Buffer {
  const wanted = Buffer.alloc(8)
  wanted.writeDoubleLE(placeholder)
  const bytes = Buffer.from(encoded)
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 8)) {
    bytes.writeBigUInt64LE(STALE_BITS, at)
  }
  return bytes
}

const pairs = (labels: LabelPairs) => labels.map(([name, value]) => ({ name, value }))

const encode = (type: protobuf.Type, message: object): Buffer =>
  Buffer.from(type.encode(type.fromObject(message)).finish())
