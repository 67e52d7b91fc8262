import { randomBytes } from 'node:crypto'

/** A span as the load generators send it. */
export interface TestSpan {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId?: Uint8Array
  readonly name: string
  readonly startUnixNano: bigint
  readonly endUnixNano: bigint
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Encodes one ExportTraceServiceRequest; written independently of the product's decoder (opentelemetry-proto 1.11). */
export function encodeTraces(resource: Readonly<Record<string, string>>, spans: readonly TestSpan[]): Buffer {
  const scopeSpans = message([
    field(1, message([text(1, 'test')])),
    ...spans.map(span => field(2, encodeSpan(span))),
  ])
  const resourceMessage = message(
    Object.entries(resource).map(([key, value]) => field(1, keyValue(key, value))),
  )
  return message([field(1, message([field(1, resourceMessage), field(2, scopeSpans)]))])
}

function encodeSpan(span: TestSpan): Buffer {
  const parts = [field(1, span.traceId), field(2, span.spanId)]
  if (span.parentSpanId !== undefined) parts.push(field(4, span.parentSpanId))
  parts.push(
    text(5, span.name),
    varintField(6, 2),
    fixed64(7, span.startUnixNano),
    fixed64(8, span.endUnixNano),
  )
  for (const [key, value] of Object.entries(span.attributes)) parts.push(field(9, keyValue(key, value)))
  return message(parts)
}

function keyValue(key: string, value: string | number): Buffer {
  const any = typeof value === 'string' ? text(1, value) : varintField(3, value)
  return message([text(1, key), field(2, any)])
}

const message = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts)

function field(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

const text = (number: number, value: string): Buffer => field(number, Buffer.from(value))

const varintField = (number: number, value: number): Buffer =>
  Buffer.concat([varint(number << 3), varint(value)])

function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return Buffer.concat([varint((number << 3) | 1), bytes])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Buffer.from(bytes)
}

/** `count` spans with random ids, eight attributes each, ending now. */
export function randomSpans(count: number, nowMs = Date.now()): TestSpan[] {
  const ids = randomBytes(24 * count)
  return Array.from({ length: count }, (_, i) => ({
    traceId: ids.subarray(24 * i, 24 * i + 16),
    spanId: ids.subarray(24 * i + 16, 24 * i + 24),
    name: `GET /api/items/${i % 20}`,
    startUnixNano: BigInt(nowMs - 50) * 1_000_000n,
    endUnixNano: BigInt(nowMs) * 1_000_000n,
    attributes: {
      'http.request.method': 'GET',
      'http.route': `/api/items/${i % 20}`,
      'http.response.status_code': i % 50 === 0 ? 500 : 200,
      'server.address': `shop-${i % 10}.example`,
      'client.address': `10.0.${i % 256}.${(i * 7) % 256}`,
      'user.id': `user-${(i * 2654435761) % 100_000}`,
      'network.protocol.version': '1.1',
      'url.scheme': 'https',
    },
  }))
}

interface NumberPoint {
  readonly timeUnixNano: string
  readonly startTimeUnixNano?: string
  readonly asDouble?: number
  readonly asInt?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** One cumulative monotonic sum as OTLP/JSON. */
export function counterJson(name: string, unit: string, points: readonly NumberPoint[]): unknown {
  const dataPoints = points.map(({ attributes = {}, ...point }) => ({
    ...point,
    attributes: attributesJson(attributes),
  }))
  return { name, unit, sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints } }
}

/** One ExportMetricsServiceRequest as OTLP/JSON. */
export function metricsJson(
  resource: Readonly<Record<string, string>>,
  metrics: readonly unknown[],
): unknown {
  return {
    resourceMetrics: [
      {
        resource: { attributes: attributesJson(resource) },
        scopeMetrics: [{ scope: { name: 'test' }, metrics }],
      },
    ],
  }
}

const attributesJson = (attributes: Readonly<Record<string, string>>): unknown =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: { stringValue: value } }))
