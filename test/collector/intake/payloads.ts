/** OTLP requests for tests, as JSON text and as protobuf bytes. */
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'

/** Within the times that FakeClock and the limits of today accept. */
export interface SpanOptions {
  readonly startUnixNano?: bigint
  readonly padding?: number
}

let serial = 0

export function spanJson(
  name: string,
  { startUnixNano = 1_700_000_000_000_000_000n, padding = 0 }: SpanOptions = {},
) {
  serial += 1
  return {
    traceId: serial.toString(16).padStart(32, '0'),
    spanId: serial.toString(16).padStart(16, '0'),
    name,
    kind: 2,
    startTimeUnixNano: startUnixNano.toString(),
    endTimeUnixNano: (startUnixNano + 1_000_000n).toString(),
    attributes: padding === 0 ? [] : [{ key: 'padding', value: { stringValue: 'x'.repeat(padding) } }],
  }
}

export function tracesJson(names: readonly string[], options: SpanOptions = {}) {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [{ scope: { name: 'lib' }, spans: names.map(name => spanJson(name, options)) }],
      },
    ],
  }
}

export function tracesBytes(names: readonly string[], options: SpanOptions = {}): Uint8Array {
  return jsonToProtobuf('traces', Buffer.from(JSON.stringify(tracesJson(names, options))))
}
