import { encodeRows } from '../../core/columns/rows.ts'
import { traces } from '../../core/model/streams/index.ts'
import { seededRandom } from './random.ts'

/** Start of the day of all spans made here, ns. */
const DAY_NANO = 1_795_219_200_000_000_000n

/**
 * One record of spans, as from a shop of 20 services: 8 resource attributes, 8 of their own, an event on every fifth.
 * Same seed, same bytes.
 */
export function spanRecord(spans: number, seed: number): Uint8Array {
  const random = seededRandom(seed)
  const pick = (count: number): number => Math.floor(random() * count)
  const word = (): string =>
    pick(2 ** 32)
      .toString(16)
      .padStart(8, '0')
  const hex = (length: number): string => Array.from({ length: length / 8 }, word).join('')
  const resources = Array.from({ length: 20 }, (_, service) =>
    Object.fromEntries(
      Array.from({ length: 8 }, (_, key) => [`resource.key.${key}`, `service-${service}-value-${key}`]),
    ),
  )
  const rows = Array.from({ length: spans }, (_, index) => {
    const service = pick(20)
    const hasEvent = index % 5 === 0
    return {
      Tenant: 'default',
      Timestamp: DAY_NANO + BigInt(index) * 30_000n + BigInt(pick(30_000)),
      TraceId: hex(32),
      SpanId: hex(16),
      ParentSpanId: hex(16),
      TraceState: '',
      SpanName: `GET /route/${pick(50)}`,
      SpanKind: 'Server',
      ServiceName: `service-${service}`,
      ResourceAttributes: resources[service] as Record<string, string>,
      ScopeName: 'shop',
      ScopeVersion: '1.0',
      SpanAttributes: Object.fromEntries(
        Array.from({ length: 8 }, (_, key) => [`span.key.${key}`, key < 5 ? `value-${pick(40)}` : hex(16)]),
      ),
      Duration: BigInt(pick(500_000_000)),
      StatusCode: 'Unset',
      StatusMessage: '',
      DroppedAttributesCount: 0,
      AttributeTypes: '',
      'Events.Timestamp': hasEvent ? [DAY_NANO] : [],
      'Events.Name': hasEvent ? ['exception'] : [],
      'Events.Attributes': hasEvent ? [{ 'exception.message': `failed ${pick(1000)}` }] : [],
      'Links.TraceId': [],
      'Links.SpanId': [],
      'Links.TraceState': [],
      'Links.Attributes': [],
    }
  })
  return encodeRows(traces, rows)
}
