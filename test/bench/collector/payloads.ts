/**
 * The payloads sent to both sides: spans of about 350 bytes (ten resources, eight attributes, an event on every tenth)
 * and points of about 200 (gauges, sums, histograms of fourteen bounds), as protobuf with fields in ascending order.
 */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { encode } from '../../collector/otlp/decode/otlp-proto.ts'

export type RaceSignal = 'traces' | 'metrics'

export interface Payload {
  readonly bytes: Buffer
  /**
   * Positions of ids that are overwritten before each request: 16 bytes of a trace, 8 of a span. Empty for compressed
   * payloads.
   */
  readonly traceIds: readonly number[]
  readonly spanIds: readonly number[]
}

const RESOURCES = 10
const TRACE_MARK = Buffer.alloc(16, 0xa5)
const SPAN_MARK = Buffer.alloc(8, 0x5a)
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

type Value = string | number | boolean

const attribute = (key: string, value: Value): object => ({
  key,
  value:
    typeof value === 'string'
      ? { string_value: value }
      : typeof value === 'boolean'
        ? { bool_value: value }
        : { int_value: value },
})

const attributes = (values: Readonly<Record<string, Value>>): object[] =>
  Object.entries(values).map(([key, value]) => attribute(key, value))

const resource = (index: number): object => ({
  attributes: attributes({
    'service.name': `checkout-${index}`,
    'service.version': '2.14.3',
    'service.instance.id': createHash('sha1').update(`${index}`).digest('hex').slice(0, 16),
    'k8s.namespace.name': 'shop',
    'k8s.pod.name': `checkout-${index}-7c9d8f6b5-x2x${index}z`,
    'k8s.node.name': `node-${index % 4}`,
    'telemetry.sdk.language': 'go',
    'telemetry.sdk.name': 'opentelemetry',
  }),
})

function span(n: number, nowNano: bigint): object {
  const startNano = nowNano - BigInt(50_000_000 + (n % 997) * 1_000)
  const endNano = startNano + BigInt(1_000_000 + ((n * 7919) % 90_000_000))
  return {
    trace_id: TRACE_MARK,
    span_id: SPAN_MARK,
    parent_span_id: n % 5 === 0 ? undefined : createHash('md5').update(`${n}`).digest().subarray(0, 8),
    name: `GET /api/v1/items/${n % 20}`,
    kind: 2 + (n % 2),
    start_time_unix_nano: `${startNano}`,
    end_time_unix_nano: `${endNano}`,
    attributes: attributes({
      'http.request.method': n % 4 === 0 ? 'POST' : 'GET',
      'http.route': `/api/v1/items/${n % 20}`,
      'http.response.status_code': n % 50 === 0 ? 500 : 200,
      'server.address': `shop-${n % 10}.example`,
      'client.address': `10.0.${(n * 3) % 256}.${(n * 7) % 256}`,
      'enduser.id': `user-${(n * 2_654_435_761) % 100_000}`,
      'network.peer.port': 1024 + ((n * 31) % 40_000),
      'cache.hit': n % 3 === 0,
    }),
    events:
      n % 10 === 0
        ? [{ time_unix_nano: `${endNano}`, name: 'retry', attributes: attributes({ attempt: n % 3 }) }]
        : [],
    status: n % 50 === 0 ? { code: 2, message: 'internal' } : { code: 1 },
  }
}

function point(n: number, nowNano: bigint): object {
  return {
    start_time_unix_nano: `${nowNano - 3_600_000_000_000n}`,
    time_unix_nano: `${nowNano}`,
    attributes: attributes({
      'http.route': `/api/v1/items/${n % 20}`,
      'http.request.method': n % 4 === 0 ? 'POST' : 'GET',
      'http.response.status_code': n % 50 === 0 ? 500 : 200,
      shard: `shard-${(n * 17) % 300}`,
    }),
  }
}

const histogramPoint = (n: number, nowNano: bigint): object => ({
  ...point(n, nowNano),
  count: 1000 + n,
  sum: n * 0.37,
  bucket_counts: Array.from({ length: BOUNDS.length + 1 }, (_, i) => (n * (i + 3)) % 97),
  explicit_bounds: BOUNDS,
})

/** Four gauges, four sums and two histograms of ten points. */
function metrics(count: number, seed: number, nowNano: bigint): object[] {
  const some = (share: number, from: number, make: (n: number, now: bigint) => object): object[] =>
    Array.from({ length: Math.round(count * share) }, (_, i) => make(seed + from + i, nowNano))
  const number = (n: number, now: bigint): object => ({ ...point(n, now), as_double: n * 1.25 })
  return [
    { name: 'http.server.active_requests', unit: '{request}', gauge: { data_points: some(0.4, 0, number) } },
    {
      name: 'http.server.request.count',
      unit: '{request}',
      sum: { data_points: some(0.4, 1_000, number), aggregation_temporality: 2, is_monotonic: true },
    },
    {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: { data_points: some(0.2, 2_000, histogramPoint), aggregation_temporality: 2 },
    },
  ]
}

const scope = { name: 'go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp', version: '0.63.0' }

/** One request of this many items. */
export function payload(signal: RaceSignal, items: number, seed: number, gzip: boolean): Payload {
  const nowNano = BigInt(Date.now()) * 1_000_000n
  const each = items / RESOURCES
  const resources = Array.from({ length: RESOURCES }, (_, index) => {
    const first = seed * items + index * each
    if (signal === 'metrics') {
      return { resource: resource(index), scope_metrics: [{ scope, metrics: metrics(each, first, nowNano) }] }
    }
    const spans = Array.from({ length: each }, (_, i) => span(first + i, nowNano))
    return { resource: resource(index), scope_spans: [{ scope, spans }] }
  })
  const message = signal === 'traces' ? { resource_spans: resources } : { resource_metrics: resources }
  const name = signal === 'traces' ? 'ExportTraceServiceRequest' : 'ExportMetricsServiceRequest'
  const bytes = Buffer.from(encode(name, message))
  if (gzip) return { bytes: gzipSync(bytes, { level: 1 }), traceIds: [], spanIds: [] }
  return { bytes, traceIds: found(bytes, TRACE_MARK), spanIds: found(bytes, SPAN_MARK) }
}

function found(bytes: Buffer, mark: Buffer): number[] {
  const places: number[] = []
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length)) places.push(at)
  return places
}
