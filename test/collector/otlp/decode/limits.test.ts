/**
 * Guarantees: what the limits cut is counted, also in the row if the stream has a column for it; texts stay valid
 * UTF-8; invalid items are rejected individually, each with a reason from the closed list; a small body cannot become a
 * huge record.
 */
import { Writer } from 'protobufjs'
import { expect, test } from 'vitest'
import { decodeLogs } from '../../../../collector/otlp/decode/logs.ts'
import { decodeMetrics } from '../../../../collector/otlp/decode/metrics.ts'
import { SpanRecordBatch } from '../../../../collector/otlp/decode/span-batch.ts'
import { decodeTraces } from '../../../../collector/otlp/decode/traces.ts'
import { createRecordBuilder } from '../../../../core/columns/record-builder.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { decodeUtf8 } from '../../../../core/columns/utf8.ts'
import { logs, metricPoints, traces } from '../../../../core/model/streams/index.ts'
import type { StreamDeclaration } from '../../../../core/model/streams/stream.ts'
import { numberRow } from '../../../support/exporter-rows.ts'
import { encode } from './otlp-proto.ts'
import { CONTEXT, createMetricBuilders, NO_SINK, NOW, withLimits } from './support.ts'

const attribute = (key: string, value: string) => ({ key, value: { string_value: value } })
const many = (count: number) => Array.from({ length: count }, (_, at) => attribute(`key-${at}`, `${at}`))
const traceId = new Uint8Array(16).fill(1)
const spanId = new Uint8Array(8).fill(2)
const span = { trace_id: traceId, span_id: spanId, start_time_unix_nano: String(NOW) }

const spansOf = (spans: readonly object[], context = CONTEXT, resource: object = {}) => {
  const builder = new SpanRecordBatch()
  const body = encode('ExportTraceServiceRequest', {
    resource_spans: [{ resource, scope_spans: [{ spans }] }],
  })
  const result = decodeTraces(body, context, builder)
  return { result, rows: decodeRows(traces, builder.finish()) }
}

const logsOf = (records: readonly object[], context = CONTEXT) => {
  const builder = createRecordBuilder(logs)
  const body = encode('ExportLogsServiceRequest', {
    resource_logs: [{ scope_logs: [{ log_records: records }] }],
  })
  const result = decodeLogs(body, context, builder)
  return { result, rows: decodeRows(logs, builder.finish()) }
}

const word64 = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0)

const gaugesOf = (points: readonly object[], metricName = 'hw.energy') => {
  const builders = createMetricBuilders()
  const recognised: unknown[] = []
  const body = encode('ExportMetricsServiceRequest', {
    resource_metrics: [
      {
        resource: { attributes: [attribute('host.name', 'h')] },
        scope_metrics: [{ metrics: [{ name: metricName, unit: 'J', gauge: { data_points: points } }] }],
      },
    ],
  })
  let name = ''
  const result = decodeMetrics(body, CONTEXT, builders, {
    metric(view, { name: range, unit }, isSum, temporality, isMonotonic) {
      expect([isSum, temporality, isMonotonic]).toEqual([false, 0, false])
      expect(decodeUtf8(new Uint8Array(view.buffer, view.byteOffset), unit.start, unit.end)).toBe('J')
      name = decodeUtf8(new Uint8Array(view.buffer, view.byteOffset), range.start, range.end)
      return name === 'hw.energy'
    },
    point(point) {
      recognised.push({
        name,
        resource: point.resourceRecord(),
        time: word64(point.timeLow, point.timeHigh),
        start: word64(point.startLow, point.startHigh),
        value: point.isInteger ? word64(point.valueLow, point.valueHigh) : point.double,
        attributes: point.attributesRecord(),
        bytes: point.attributesEnd - point.attributesStart,
      })
      return false
    },
  })
  return { result, recognised, rows: decodeRows(metricPoints, builders.points.finish()).map(numberRow) }
}

test("attributes beyond the limit are dropped and added to the sender's dropped count", () => {
  const { result, rows } = spansOf([
    {
      ...span,
      attributes: many(131),
      dropped_attributes_count: 5,
      events: [{ attributes: many(130) }],
    },
    span,
  ])
  expect(Object.keys(rows[0]!.SpanAttributes)).toHaveLength(128)
  expect(Object.keys(rows[0]!['Events.Attributes'][0]!)).toHaveLength(128)
  expect(rows.map(row => row.DroppedAttributesCount)).toEqual([10, 0])
  expect(result).toMatchObject({ accepted: 2, cutAttributes: 5 })
})

test('attributes that repeat those of the previous span still belong to their own span', () => {
  const long = attribute('a', 'éééééééééé')
  const refused = {
    ...span,
    span_id: new Uint8Array(8),
    attributes: [attribute('a', 'x'), attribute('b', 'y')],
  }
  const values = ['x', 'x', 'y', 'x', 'x\u0000', '', '']
  const { result, rows } = spansOf(
    [
      { ...span, attributes: [long] },
      { ...span, attributes: [long] },
      refused,
      ...values.map(value => ({ ...span, attributes: [attribute('a', value), attribute('b', 'y')] })),
    ],
    withLimits({ attributeBytes: 10 }),
  )
  expect(rows.map(row => row.SpanAttributes)).toEqual([
    { a: 'ééééé' },
    { a: 'ééééé' },
    ...values.map(value => ({ a: value, b: 'y' })),
  ])
  expect(rows.slice(0, 2).map(row => row.DroppedAttributesCount)).toEqual([1, 1])
  expect(result).toMatchObject({ accepted: 9, rejected: 1, cutAttributes: 2 })
})

test('attributes are equal if only the encoding of their lengths differs, as from encoders that reserve space', () => {
  const message = (field: number, bytes: Uint8Array): Buffer =>
    Buffer.from(
      Writer.create()
        .uint32(field * 8 + 2)
        .bytes(bytes)
        .finish(),
    )
  const keys = [...'abcdefghijklmnopqrst']
  const pairs = keys.flatMap(key => [0x4a, 0x88, 0x00, 0x0a, 1, key.charCodeAt(0), 0x12, 3, 0x0a, 1, 0x78])
  const padded = message(2, Buffer.concat([encode('Span', span), Buffer.from(pairs)]))
  const body = message(1, message(2, Buffer.concat([padded, padded, padded])))
  const builder = new SpanRecordBatch()
  expect(decodeTraces(body, CONTEXT, builder)).toMatchObject({ accepted: 3, cutAttributes: 0 })
  const attributes = Object.fromEntries(keys.map(key => [key, 'x']))
  const rows = decodeRows(traces, builder.finish())
  expect(rows.map(row => row.SpanAttributes)).toEqual([attributes, attributes, attributes])
})

test('a long value is cut at a character and counted', () => {
  const context = withLimits({ attributeBytes: 10 })
  const { result, rows } = logsOf(
    [{ attributes: [attribute('a', 'ééééééé'), attribute('b', '12345678é!'), attribute('c', '123456789é')] }],
    context,
  )
  expect(rows[0]!.LogAttributes).toEqual({ a: 'ééééé', b: '12345678é', c: '123456789' })
  expect(rows[0]!.DroppedAttributesCount).toBe(3)
  expect(result.cutAttributes).toBe(3)
})

test('a body of any length is kept', () => {
  const { result, rows } = logsOf([{ body: { string_value: 'x'.repeat(10_000) } }])
  expect(rows[0]!.Body).toHaveLength(10_000)
  expect(result.cutAttributes).toBe(0)
})

test('nesting deeper than the limit becomes null and is counted', () => {
  let value: object = { int_value: 1 }
  for (let depth = 0; depth < 40; depth += 1) value = { array_value: { values: [value] } }
  const { result, rows } = logsOf([{ body: value }], withLimits({ maxDepth: 3 }))
  expect(rows[0]!.Body).toBe('[[[null]]]')
  expect(rows[0]!.DroppedAttributesCount).toBe(1)
  expect(result.cutAttributes).toBe(1)
})

test('invalid UTF-8 becomes U+FFFD wherever text may stand', () => {
  const valid = encode('ExportTraceServiceRequest', {
    resource_spans: [
      {
        scope_spans: [
          {
            scope: { name: 'A@' },
            spans: [{ ...span, name: 'B@', trace_state: 'C@', attributes: [attribute('D@', 'E@')] }],
          },
        ],
      },
    ],
  })
  const builder = new SpanRecordBatch()
  decodeTraces(
    valid.map(byte => (byte === 0x40 ? 0xff : byte)),
    CONTEXT,
    builder,
  )
  const [row] = decodeRows(traces, builder.finish())
  expect(row).toMatchObject({
    ScopeName: 'A\ufffd',
    SpanName: 'B\ufffd',
    TraceState: 'C\ufffd',
    SpanAttributes: { 'D\ufffd': 'E\ufffd' },
  })
})

test('spans with invalid ids are rejected individually', () => {
  const { result, rows } = spansOf([
    { ...span, trace_id: new Uint8Array(15).fill(1), attributes: many(3), events: [{ name: 'e' }] },
    { ...span, trace_id: new Uint8Array(16) },
    { ...span, span_id: new Uint8Array(0) },
    { ...span, parent_span_id: new Uint8Array(7).fill(1) },
    { ...span, links: [{ trace_id: traceId, span_id: new Uint8Array(9) }] },
    { ...span, name: 'good' },
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({
    SpanName: 'good',
    SpanAttributes: {},
    'Events.Name': [],
    'Links.SpanId': [],
  })
  expect(result).toMatchObject({ accepted: 1, rejected: 5 })
  expect(Object.fromEntries(result.reasons)).toEqual({
    trace_id_invalid: 2,
    span_id_invalid: 1,
    parent_span_id_invalid: 1,
    link_id_invalid: 1,
  })
})

test('items with a time outside the limits are rejected', () => {
  const context = withLimits({ futureNano: 1_000_000_000n, pastNano: 60_000_000_000n })
  const at = (seconds: number) => String(NOW + BigInt(seconds) * 1_000_000_000n)
  const { result, rows } = spansOf(
    [
      { ...span, start_time_unix_nano: at(2) },
      { ...span, end_time_unix_nano: at(2) },
      { ...span, start_time_unix_nano: at(-61) },
      { ...span, start_time_unix_nano: '18446744073709551615' },
      { ...span, start_time_unix_nano: at(-59), end_time_unix_nano: at(1) },
    ],
    context,
  )
  expect(rows.map(row => row.Duration)).toEqual([60_000_000_000n])
  expect(Object.fromEntries(result.reasons)).toEqual({ time_in_future: 3, time_in_past: 1 })
})

test('a span that ends before it starts has no duration', () => {
  const { rows } = spansOf([{ ...span, end_time_unix_nano: String(NOW - 5n) }, span])
  expect(rows.map(row => row.Duration)).toEqual([0n, 0n])
})

test('a log record has the time it was observed, otherwise the time of receipt', () => {
  const { rows } = logsOf([
    { time_unix_nano: String(NOW - 2n), observed_time_unix_nano: String(NOW - 1n) },
    { observed_time_unix_nano: String(NOW - 1n) },
    {},
  ])
  expect(rows.map(row => row.Timestamp)).toEqual([NOW - 2n, NOW - 1n, NOW])
})

test('a log record may have no ids, but not invalid ones', () => {
  const { result, rows } = logsOf([{ trace_id: traceId }, { span_id: new Uint8Array(3).fill(1) }])
  expect(rows.map(row => [row.TraceId, row.SpanId])).toEqual([['01'.repeat(16), '']])
  expect(Object.fromEntries(result.reasons)).toEqual({ span_id_invalid: 1 })
})

test('what is cut from a resource or scope counts once, in however many tables it is repeated', () => {
  const builders = createMetricBuilders()
  const points = { data_points: [{ time_unix_nano: String(NOW) }] }
  const body = encode('ExportMetricsServiceRequest', {
    resource_metrics: [
      {
        resource: { attributes: many(130) },
        scope_metrics: [
          {
            scope: { attributes: many(129), dropped_attributes_count: 4 },
            metrics: [{ gauge: points }, { sum: points }, { summary: points }, { gauge: points }],
          },
        ],
      },
    ],
  })
  const result = decodeMetrics(body, CONTEXT, builders, NO_SINK)
  expect(result).toMatchObject({ accepted: 4, cutAttributes: 3 })
  for (const builder of [builders.points, builders.summaries]) {
    const rows: readonly { readonly Meta: string }[] = decodeRows<StreamDeclaration>(
      builder.stream,
      builder.finish(),
    ) as never
    for (const { Meta } of rows) expect(JSON.parse(Meta)).toMatchObject({ scopeDropped: 5 })
  }
})

test('points without a recorded value are stored in the table but are not readings', () => {
  const time_unix_nano = String(NOW)
  const { recognised, rows } = gaugesOf([
    { time_unix_nano, flags: 1 },
    { time_unix_nano },
    { time_unix_nano, as_int: '9007199254740993', attributes: [attribute('hw.id', 'x')] },
    { time_unix_nano, as_double: 0.5, start_time_unix_nano: '7' },
    { time_unix_nano: String(NOW * 2n), as_int: '1' },
  ])
  expect(rows.map(row => [row['Flags'], row['Value']])).toEqual([
    [1, 0],
    [0, 0],
    [0, 9007199254740992],
    [0, 0.5],
  ])
  const common = { name: 'hw.energy', resource: { 'host.name': 'h' }, time: NOW }
  expect(recognised).toEqual([
    { ...common, start: 0n, value: 9007199254740993n, attributes: { 'hw.id': 'x' }, bytes: 14 },
    { ...common, start: 7n, value: 0.5, attributes: {}, bytes: 0 },
  ])
  expect(gaugesOf([{ time_unix_nano, as_int: '1' }], 'other').recognised).toEqual([])
})

test('an exemplar with an invalid id rejects only its point', () => {
  const { result, rows } = gaugesOf([
    { time_unix_nano: String(NOW), exemplars: [{ trace_id: new Uint8Array(4) }] },
    { time_unix_nano: String(NOW) },
  ])
  expect(rows).toHaveLength(1)
  expect(rows[0]!['Exemplars.TraceId']).toEqual([])
  expect(Object.fromEntries(result.reasons)).toEqual({ exemplar_id_invalid: 1 })
})

test('a resource that repeats on very many items is refused before it fills the memory', () => {
  const builder = new SpanRecordBatch()
  const body = encode('ExportTraceServiceRequest', {
    resource_spans: [
      {
        resource: { attributes: many(128) },
        scope_spans: [{ spans: Array.from({ length: 60_000 }, () => span) }],
      },
    ],
  })
  expect(() => decodeTraces(body, CONTEXT, builder)).toThrow(/resources apply to too many items/)
  expect(builder.rows).toBe(0)
})
