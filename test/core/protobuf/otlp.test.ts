// Guarantees: the table of OTLP messages equals opentelemetry-proto, read independently by protobufjs; the signals have
// the same nesting, as the code that walks requests assumes.
import { describe, expect, it } from 'vitest'
import { FIELD, KNOWN_FIELDS, METRIC_KINDS, SINGLE_TAG, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { OTLP_ENUMS, OTLP_MESSAGES } from '../../../core/protobuf/otlp/messages.ts'
import { messageType } from '../../collector/otlp/decode/otlp-proto.ts'

type Field = readonly [number: number, type: string, repeated?: string]

const messages = Object.entries<Readonly<Record<string, Field>>>(OTLP_MESSAGES).filter(
  // The answers of receivers are not among the declarations of the tests.
  ([name]) => !/Response$|PartialSuccess$/.test(name),
)
const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
const asDeclared = (type: string): string => (type === 'hex' || type === 'base64' ? 'bytes' : type)

describe('the table of messages', () => {
  it.each(messages)('%s has the fields that opentelemetry-proto declares', (name, fields) => {
    const declared = messageType(name).fieldsArray.map(field => [
      camelCase(field.name),
      { number: field.id, type: field.type, repeated: field.repeated },
    ])
    const ours = Object.entries(fields).map(([field, [number, type, repeated]]) => [
      field,
      { number, type: asDeclared(type), repeated: repeated !== undefined },
    ])
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(declared))
  })

  it('refers to messages, enums and scalars that exist', () => {
    const known = new Set([...Object.keys(OTLP_MESSAGES), ...Object.keys(OTLP_ENUMS)])
    const scalars = /^(string|hex|base64|bool|double|fixed32|fixed64|sfixed64|int64|uint64|uint32|sint32)$/
    const types = Object.values<Readonly<Record<string, Field>>>(OTLP_MESSAGES)
      .flatMap(fields => Object.values(fields))
      .map(([, type]) => type)
    expect(types.filter(type => !known.has(type) && !scalars.test(type))).toEqual([])
  })
})

describe('what is generated from it', () => {
  it('has tags with the wire types of the fields', () => {
    expect(TAG.Span).toMatchObject({ traceId: 0x0a, kind: 0x30, startTimeUnixNano: 0x39, flags: 0x85 })
    expect(TAG.HistogramDataPoint.bucketCounts).toBe(0x32)
    expect(SINGLE_TAG.HistogramDataPoint.bucketCounts).toBe(0x31)
    expect(TAG.HistogramDataPoint.exemplars).toBe(SINGLE_TAG.HistogramDataPoint.exemplars)
    expect(KNOWN_FIELDS.Status).toBe(0b1100)
  })

  it('has the same nesting in all signals', () => {
    const { ResourceSpans, ResourceMetrics, ResourceLogs, ScopeSpans, ScopeMetrics, ScopeLogs } = TAG
    const levels = [ResourceSpans, ResourceMetrics, ResourceLogs, ScopeSpans, ScopeMetrics, ScopeLogs]
    for (const level of levels) expect(Object.values(level)).toEqual([0x0a, 0x12, 0x1a])
    const { ExportTraceServiceRequest, ExportMetricsServiceRequest, ExportLogsServiceRequest } = TAG
    for (const request of [ExportTraceServiceRequest, ExportMetricsServiceRequest, ExportLogsServiceRequest])
      expect(Object.values(request)).toEqual([0x0a])
  })

  it('has the same answers in all signals', () => {
    const { ExportTracePartialSuccess, ExportMetricsPartialSuccess, ExportLogsPartialSuccess } = FIELD
    for (const answer of [ExportTracePartialSuccess, ExportMetricsPartialSuccess, ExportLogsPartialSuccess])
      expect(Object.values(answer)).toEqual([1, 2])
  })

  it('has points of all kinds in the same field, with their times and counts', () => {
    const { Gauge, Sum, Histogram, ExponentialHistogram, Summary } = FIELD
    for (const kind of [Gauge, Sum, Histogram, ExponentialHistogram, Summary]) expect(kind.dataPoints).toBe(1)
    for (const kind of [Histogram, ExponentialHistogram])
      expect(kind.aggregationTemporality).toBe(Sum.aggregationTemporality)
    const { NumberDataPoint, HistogramDataPoint, ExponentialHistogramDataPoint, SummaryDataPoint } = FIELD
    for (const point of [HistogramDataPoint, ExponentialHistogramDataPoint, SummaryDataPoint]) {
      expect(point.startTimeUnixNano).toBe(NumberDataPoint.startTimeUnixNano)
      expect(point.timeUnixNano).toBe(NumberDataPoint.timeUnixNano)
    }
    expect(METRIC_KINDS).toEqual([5, 7, 9, 10, 11])
  })
})
