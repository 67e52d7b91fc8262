/** What the suite sends: OTLP/JSON with every type of value, kind, status, reference and id. */

export interface SentValue {
  readonly stringValue?: string
  readonly intValue?: string
  readonly doubleValue?: number
  readonly boolValue?: boolean
  readonly bytesValue?: string
  readonly arrayValue?: { readonly values: readonly SentValue[] }
  readonly kvlistValue?: { readonly values: readonly SentAttribute[] }
}
export interface SentAttribute {
  readonly key: string
  readonly value: SentValue
}
export interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly SentAttribute[]
  readonly events?: readonly {
    readonly timeUnixNano: string
    readonly name: string
    readonly attributes: readonly SentAttribute[]
  }[]
  readonly links?: readonly {
    readonly traceId: string
    readonly spanId: string
    readonly attributes: readonly SentAttribute[]
  }[]
  readonly status?: { readonly code?: number; readonly message?: string }
}
export interface SentResource {
  readonly resource: { readonly attributes: readonly SentAttribute[] }
  readonly scopeSpans: readonly {
    readonly scope: { readonly name?: string; readonly version?: string }
    readonly spans: readonly SentSpan[]
  }[]
}

const text = (key: string, stringValue: string): SentAttribute => ({ key, value: { stringValue } })

export const LONG = '0123456789abcdef0123456789abcdef'
/** An id of 64 bits. */
export const SHORT = '0000000000000000fedcba9876543210'
const spanId = (number: number): string => number.toString(16).padStart(16, '0')

/** Two traces of three services, from a minute ago. */
export function sentTraces(nowMs: number): readonly SentResource[] {
  const start = BigInt(nowMs - 60_000) * 1_000_000n
  const at = (ms: number, nanos = 0n): string => (start + BigInt(ms) * 1_000_000n + nanos).toString()
  return [
    {
      resource: {
        attributes: [
          text('service.name', 'cart'),
          text('host.name', 'h1'),
          { key: 'process.pid', value: { intValue: '4242' } },
          { key: 'sampled', value: { boolValue: true } },
        ],
      },
      scopeSpans: [
        {
          scope: { name: 'shop/cart', version: '1.2.3' },
          spans: [
            {
              traceId: LONG,
              spanId: spanId(1),
              traceState: 'vendor=value',
              name: 'GET /cart/{id}',
              kind: 2,
              startTimeUnixNano: at(0, 123_456n),
              endTimeUnixNano: at(500, 999n),
              attributes: [
                text('http.request.method', 'GET'),
                text('number.as.text', '42'),
                text('bool.as.text', 'true'),
                text('empty', ''),
                text('unicode', 'ü 🔥 "quoted" \\ <&>'),
                { key: 'http.response.status_code', value: { intValue: '500' } },
                { key: 'negative', value: { intValue: '-7' } },
                { key: 'large', value: { intValue: '9007199254740993' } },
                { key: 'ratio', value: { doubleValue: 0.25 } },
                { key: 'whole', value: { doubleValue: 3 } },
                { key: 'is.retry', value: { boolValue: false } },
                { key: 'raw', value: { bytesValue: 'AAEC/w==' } },
                {
                  key: 'list',
                  value: {
                    arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }, { boolValue: true }] },
                  },
                },
                { key: 'map', value: { kvlistValue: { values: [text('k', 'v')] } } },
              ],
              events: [
                {
                  timeUnixNano: at(100, 1_500n),
                  name: 'exception',
                  attributes: [
                    text('exception.type', 'Timeout'),
                    { key: 'attempt', value: { intValue: '2' } },
                  ],
                },
                { timeUnixNano: at(120), name: 'retry', attributes: [] },
              ],
              links: [
                { traceId: SHORT, spanId: spanId(9), attributes: [] },
                {
                  traceId: SHORT,
                  spanId: spanId(10),
                  attributes: [text('opentracing.ref_type', 'child_of')],
                },
              ],
              status: { code: 2, message: 'upstream timed out' },
            },
            {
              traceId: LONG,
              spanId: spanId(2),
              parentSpanId: spanId(1),
              name: 'SELECT stock',
              kind: 3,
              startTimeUnixNano: at(10),
              endTimeUnixNano: at(400),
              attributes: [text('db.system', 'postgresql')],
              status: { code: 1 },
            },
          ],
        },
      ],
    },
    {
      resource: { attributes: [text('service.name', 'stock')] },
      scopeSpans: [
        {
          scope: {},
          spans: [
            {
              traceId: LONG,
              spanId: spanId(3),
              parentSpanId: spanId(2),
              name: 'query',
              kind: 2,
              startTimeUnixNano: at(20),
              endTimeUnixNano: at(380),
              attributes: [{ key: 'rows', value: { intValue: '12' } }],
            },
          ],
        },
      ],
    },
    {
      resource: { attributes: [text('service.name', 'mail'), text('deployment.environment', 'test')] },
      scopeSpans: [
        {
          scope: { name: 'mailer' },
          spans: [
            {
              traceId: SHORT,
              spanId: spanId(9),
              name: 'send',
              kind: 4,
              startTimeUnixNano: at(2_000),
              endTimeUnixNano: at(4_500),
              attributes: [],
            },
            {
              traceId: SHORT,
              spanId: spanId(10),
              parentSpanId: spanId(9),
              name: 'render',
              kind: 1,
              startTimeUnixNano: at(2_100),
              endTimeUnixNano: at(2_200),
              attributes: [],
            },
          ],
        },
      ],
    },
  ]
}
