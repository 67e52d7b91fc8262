/** Spans of two tenants, in two traces, and a query server over them. */
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { EventBus } from '../../../core/catalogue/events/event-bus.ts'
import { createLogger } from '../../../core/catalogue/events/logger.ts'
import type { Identity } from '../../../core/model/identity.ts'
import { traces } from '../../../core/model/streams/index.ts'
import type { QueryServer } from '../../../query/http/query-server.ts'
import { createQueryServer } from '../../../query/server.ts'
import { accessAs } from '../support/access.ts'
import { nano, spanRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

export const NOW = Date.parse('2026-11-20T12:10:00Z')
export const AT = nano('2026-11-20T12:00:00.123Z') + 456_789n
export const A = 'a'.repeat(32)
export const B = 'b'.repeat(32)

export const TRACE_ROWS = [
  spanRow({
    Tenant: 'shop',
    TraceId: A,
    SpanId: '1'.repeat(16),
    Timestamp: AT,
    Duration: 2_500_001n,
    TraceState: 'k=v',
    SpanAttributes: {
      'http.route': '/cart',
      text: 'ü "x"',
      number: '42',
      'is.it': 'true',
      part: '0.5',
      bytes: 'AAE=',
      list: '[1,"a"]',
    },
    AttributeTypes: '/ssibdya',
    ResourceAttributes: { 'service.name': 'cart', 'host.name': 'h1' },
    StatusCode: 'Error',
    StatusMessage: 'broken',
    DroppedAttributesCount: 3,
    'Events.Timestamp': [AT + 1_000n],
    'Events.Name': ['exception'],
    'Events.Attributes': [{ 'exception.type': 'E' }],
    'Links.TraceId': [B],
    'Links.SpanId': ['9'.repeat(16)],
    'Links.TraceState': ['l=1'],
    'Links.Attributes': [{ why: 'retry' }],
  }),
  spanRow({
    Tenant: 'shop',
    TraceId: A,
    SpanId: '2'.repeat(16),
    ParentSpanId: '1'.repeat(16),
    Timestamp: AT + 1_000_000n,
    Duration: 1_000_000n,
    ServiceName: 'db',
    SpanName: 'SELECT',
    SpanKind: 'Server',
    ResourceAttributes: { 'service.name': 'db' },
  }),
  // Sent twice.
  ...[0, 1].map(() =>
    spanRow({
      Tenant: 'shop',
      TraceId: B,
      SpanId: '3'.repeat(16),
      Timestamp: AT + 60_000_000_000n,
      Duration: 9_000_000_000n,
      SpanName: 'slow',
      SpanKind: 'Client',
    }),
  ),
  spanRow({
    Tenant: 'bank',
    TraceId: A,
    SpanId: '4'.repeat(16),
    Timestamp: AT,
    ServiceName: 'vault-of-bank',
  }),
]

export interface TraceWorld {
  readonly store: TestWarehouse
  readonly server: QueryServer
  /** `http://127.0.0.1:...` */
  readonly base: string
  /** Asks as this tenant from now on. */
  readonly become: (tenant: string) => void
  readonly close: () => Promise<void>
}

export async function openTraceWorld(): Promise<TraceWorld> {
  const store = await openTestWarehouse()
  await store.insert(traces, TRACE_ROWS)
  let tenant = 'shop'
  const who = (): Identity => ({ tenant, scopes: ['read'], accounts: null })
  const server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: store.warehouse,
    events: new EventBus(createLogger('error')),
    readiness: async () => ({ query: [] }),
    page: new Map(),
    version: '0',
    started: new Date(0),
    now: () => NOW,
    access: accessAs(who),
  })
  const base = `http://127.0.0.1:${(await server.listen('127.0.0.1', 0)).port}`
  return {
    store,
    server,
    base,
    become: name => {
      tenant = name
    },
    close: async () => {
      await server.stop()
      await store.close()
    },
  }
}
