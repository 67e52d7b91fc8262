/**
 * Requests of log records, prepared in advance: ten services, a body of some sixty characters, five attributes, a trace
 * in every second one.
 */
import { createHash } from 'node:crypto'
import { encode } from '../collector/otlp/decode/otlp-proto.ts'

const SERVICES = 10
const SEVERITIES = [
  [9, 'INFO'],
  [9, 'INFO'],
  [13, 'WARN'],
  [17, 'ERROR'],
] as const

const text = (key: string, value: string): object => ({ key, value: { string_value: value } })

function logRecord(n: number, nowNano: bigint): object {
  const [severity_number, severity_text] = SEVERITIES[(n * 7) % 4]!
  const hash = createHash('md5').update(`${n}`).digest()
  return {
    time_unix_nano: `${nowNano - BigInt(n % 997) * 1_000n}`,
    observed_time_unix_nano: `${nowNano}`,
    severity_number,
    severity_text,
    body: {
      string_value: `order ${n} of user-${(n * 2_654_435_761) % 100_000} took ${n % 730} ms to be placed`,
    },
    attributes: [
      text('log.file.name', `checkout-${n % 3}.log`),
      text('http.route', `/api/v1/items/${n % 20}`),
      text('enduser.id', `user-${(n * 2_654_435_761) % 100_000}`),
      { key: 'http.response.status_code', value: { int_value: n % 50 === 0 ? 500 : 200 } },
      { key: 'thread.id', value: { int_value: n % 64 } },
    ],
    ...(n % 2 === 0 ? { trace_id: hash, span_id: hash.subarray(0, 8), flags: 1 } : {}),
  }
}

/** One request of this many records. */
export function logPayload(records: number, seed: number): Uint8Array {
  const nowNano = BigInt(Date.now()) * 1_000_000n
  const each = records / SERVICES
  return encode('ExportLogsServiceRequest', {
    resource_logs: Array.from({ length: SERVICES }, (_, index) => ({
      resource: {
        attributes: [
          text('service.name', `checkout-${index}`),
          text('k8s.namespace.name', 'shop'),
          text('k8s.pod.name', `checkout-${index}-7c9d8f6b5-x2x${index}z`),
          text('host.name', `node-${index % 4}`),
        ],
      },
      scope_logs: [
        {
          scope: { name: 'io.opentelemetry.logback', version: '2.9.0' },
          log_records: Array.from({ length: each }, (_, at) =>
            logRecord(seed * records + index * each + at, nowNano),
          ),
        },
      ],
    })),
  })
}
