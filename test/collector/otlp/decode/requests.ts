/** Arbitrary OTLP requests, as plain objects by the names of opentelemetry-proto: usual ones and odd ones. */
import fc from 'fast-check'

const text = fc.oneof(
  fc.constantFrom('', 'GET', 'checkout', 'service.name', 'straße', '<&>\u2028"\\\n\u0001'),
  fc.string({ unit: 'grapheme', maxLength: 10 }),
)
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffffffff }))
const int64 = fc
  .oneof(
    fc.bigInt({ min: -300n, max: 300n }),
    fc.bigInt({ min: -(1n << 33n), max: 1n << 33n }),
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    fc.constantFrom(0n, -1n, -(1n << 32n), (1n << 32n) - 1n, -(1n << 32n) - 1n),
  )
  .map(String)
const uint64 = fc
  .oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }))
  .map(String)
const double = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1e21, 1e-7, 123456789.5, Number.NaN))
/** Around 2023; sometimes nothing. */
const time = fc
  .oneof({ weight: 5, arbitrary: fc.bigInt({ min: 1_600_000_000n, max: 1_700_000_000n }) }, fc.constant(0n))
  .map(seconds => String(seconds * 1_000_000_000n + 123_456_789n * (seconds > 0n ? 1n : 0n)))
const id = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(sureId)
const optionalId = (bytes: number) =>
  fc.oneof(id(bytes), fc.constant(new Uint8Array(bytes)), fc.constant(new Uint8Array(0)))
const sureId = (bytes: Uint8Array): Uint8Array => {
  bytes[0]! |= 1
  return bytes
}

const anyValue: fc.Arbitrary<object> = fc.letrec<{ value: object; pair: object }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4, withCrossShrink: true },
    fc.record({ string_value: text }),
    fc.record({ int_value: int64 }),
    fc.record({ bool_value: fc.boolean() }),
    fc.record({ double_value: double }),
    fc.record({ bytes_value: fc.uint8Array({ maxLength: 5 }) }),
    fc.constant({}),
    fc.record({ array_value: fc.record({ values: fc.array(tie('value'), { maxLength: 3 }) }) }),
    fc.record({ kvlist_value: fc.record({ values: fc.array(tie('pair'), { maxLength: 3 }) }) }),
  ),
  pair: fc.record({ key: text, value: tie('value') }, { requiredKeys: ['key'] }),
})).value

const attributes = fc.array(fc.record({ key: text, value: anyValue }, { requiredKeys: ['key'] }), {
  maxLength: 4,
})
const optional = <T extends object>(model: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc.record(model, { requiredKeys: [] })

const resource = optional({ attributes, dropped_attributes_count: uint32 })
const scope = optional({ name: text, version: text, attributes, dropped_attributes_count: uint32 })

/** The three levels that all signals have. */
const envelope = (signal: string, scopes: string, items: string, item: fc.Arbitrary<object>) =>
  fc.record({
    [signal]: fc.array(
      optional({
        resource,
        schema_url: text,
        [scopes]: fc.array(optional({ scope, schema_url: text, [items]: fc.array(item, { maxLength: 4 }) }), {
          maxLength: 2,
        }),
      }),
      { maxLength: 3 },
    ),
  })

const event = optional({ time_unix_nano: uint64, name: text, attributes, dropped_attributes_count: uint32 })
const link = optional({
  trace_id: optionalId(16),
  span_id: optionalId(8),
  trace_state: text,
  attributes,
  flags: uint32,
})
const span = fc.record(
  {
    trace_id: id(16),
    span_id: id(8),
    parent_span_id: optionalId(8),
    trace_state: text,
    name: text,
    kind: fc.nat(7),
    start_time_unix_nano: time,
    end_time_unix_nano: time,
    attributes,
    dropped_attributes_count: fc.nat(9),
    events: fc.array(event, { maxLength: 2 }),
    dropped_events_count: uint32,
    links: fc.array(link, { maxLength: 2 }),
    status: optional({ message: text, code: fc.nat(3) }),
    flags: uint32,
  },
  { requiredKeys: ['trace_id', 'span_id'] },
)

export const traceRequest = envelope('resource_spans', 'scope_spans', 'spans', span)

const logRecord = optional({
  time_unix_nano: time,
  observed_time_unix_nano: time,
  severity_number: fc.nat(24),
  severity_text: text,
  body: anyValue,
  attributes,
  dropped_attributes_count: fc.nat(9),
  flags: uint32,
  trace_id: optionalId(16),
  span_id: optionalId(8),
  event_name: text,
})

export const logsRequest = envelope('resource_logs', 'scope_logs', 'log_records', logRecord)

const numberValue = fc.oneof(
  fc.record({ as_double: double }),
  fc.record({ as_int: int64 }),
  fc.constant({} as object),
)
const exemplar = fc
  .tuple(
    optional({
      time_unix_nano: uint64,
      trace_id: optionalId(16),
      span_id: optionalId(8),
      filtered_attributes: attributes,
    }),
    numberValue,
  )
  .map(([rest, value]) => ({ ...rest, ...value }))
const common = {
  start_time_unix_nano: uint64,
  time_unix_nano: time,
  attributes,
  flags: fc.nat(1),
}
const exemplars = fc.array(exemplar, { maxLength: 2 })
const bucketCounts = fc.array(uint64, { maxLength: 4 })
const numberPoint = fc
  .tuple(optional({ ...common, exemplars }), numberValue)
  .map(([rest, value]) => ({ ...rest, ...value }))
const histogramPoint = optional({
  ...common,
  exemplars,
  count: uint64,
  sum: double,
  bucket_counts: bucketCounts,
  explicit_bounds: fc.array(double, { maxLength: 4 }),
  min: double,
  max: double,
})
const buckets = optional({ offset: fc.integer(), bucket_counts: bucketCounts })
const expHistogramPoint = optional({
  ...common,
  exemplars,
  count: uint64,
  sum: double,
  scale: fc.integer({ min: -10, max: 20 }),
  zero_count: uint64,
  positive: buckets,
  negative: buckets,
  min: double,
  max: double,
  zero_threshold: double,
})
const summaryPoint = optional({
  ...common,
  count: uint64,
  sum: double,
  quantile_values: fc.array(optional({ quantile: double, value: double }), { maxLength: 3 }),
})
const points = (point: fc.Arbitrary<object>) => fc.array(point, { maxLength: 3 })
const aggregation_temporality = fc.nat(2)
const data = fc.oneof(
  fc.record({ gauge: optional({ data_points: points(numberPoint) }) }),
  fc.record({
    sum: optional({
      data_points: points(numberPoint),
      aggregation_temporality,
      is_monotonic: fc.boolean(),
    }),
  }),
  fc.record({ histogram: optional({ data_points: points(histogramPoint), aggregation_temporality }) }),
  fc.record({
    exponential_histogram: optional({ data_points: points(expHistogramPoint), aggregation_temporality }),
  }),
  fc.record({ summary: optional({ data_points: points(summaryPoint) }) }),
  fc.constant({} as object),
)
const metric = fc
  .tuple(optional({ name: text, description: text, unit: text, metadata: attributes }), data)
  .map(([rest, kind]) => ({ ...rest, ...kind }))

export const metricsRequest = envelope('resource_metrics', 'scope_metrics', 'metrics', metric)
