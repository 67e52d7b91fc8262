/**
 * Guarantees, on the real engine: recent traces are listed newest first with root, duration and errors, also when the
 * root is missing or far back; one trace is returned completely, only to its own tenant; unknown ones are not found.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { traces } from '../../../core/model/streams/index.ts'
import { oneTrace, recentTraces } from '../../../query/traces/service.ts'
import { nano, spanRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const id = (digit: string): string => digit.repeat(32)
let store: TestWarehouse

beforeAll(async () => {
  store = await openTestWarehouse()
  await store.insert(traces, [
    spanRow({
      TraceId: id('a'),
      SpanId: '00000000000000a1',
      Timestamp: nano('2026-11-20T11:59:00.000Z'),
      Duration: 5_000_000n,
      SpanName: 'root',
    }),
    spanRow({
      TraceId: id('a'),
      SpanId: '00000000000000a2',
      ParentSpanId: '00000000000000a1',
      Timestamp: nano('2026-11-20T11:59:00.001Z'),
      Duration: 6_500_000n,
      ServiceName: 'pay',
      StatusCode: 'Error',
      StatusMessage: 'declined',
    }),
    // its root is elsewhere
    spanRow({
      TraceId: id('b'),
      SpanId: '00000000000000b2',
      ParentSpanId: '00000000000000b1',
      Timestamp: nano('2026-11-20T10:00:00Z'),
      SpanName: 'orphan',
    }),
    spanRow({
      TraceId: id('c'),
      SpanId: '00000000000000c1',
      Timestamp: nano('2026-11-15T10:00:00Z'),
      ServiceName: 'batch',
    }),
    spanRow({ Tenant: 'other', TraceId: id('d'), Timestamp: nano('2026-11-20T11:59:30Z') }),
  ])
})
afterAll(() => store.close())

const recent = (question: { service?: string; limit?: number; tenant?: string } = {}) =>
  recentTraces(store.reader(question.tenant ?? 'default'), {
    tenant: question.tenant ?? 'default',
    service: question.service,
    limit: question.limit ?? 20,
    nowMs: NOW,
  })

it('lists the newest first, with root, duration and errors', async () => {
  expect((await recent()).traces).toEqual([
    {
      trace_id: id('a'),
      start: '2026-11-20T11:59:00.000Z',
      duration_ms: 7.5,
      root_service: 'cart',
      root_name: 'root',
      spans: 2,
      errors: 1,
    },
    expect.objectContaining({ trace_id: id('b'), root_name: 'orphan', spans: 1 }),
    expect.objectContaining({ trace_id: id('c'), root_service: 'batch' }),
  ])
})

it('stops at the limit, and filters by any service in the trace', async () => {
  expect((await recent({ limit: 1 })).traces.map(trace => trace.trace_id)).toEqual([id('a')])
  expect((await recent({ service: 'pay' })).traces).toEqual([
    expect.objectContaining({ trace_id: id('a'), root_service: 'cart', spans: 2 }),
  ])
  expect((await recent({ service: 'none' })).traces).toEqual([])
  expect((await recent({ tenant: 'other' })).traces.map(trace => trace.trace_id)).toEqual([id('d')])
})

it('returns one whole trace, in order of time', async () => {
  const trace = await oneTrace(store.reader('default'), 'default', id('A'))
  expect(trace.trace_id).toBe(id('a'))
  expect(trace.spans.map(span => [span.span_id, span.parent_span_id])).toEqual([
    ['00000000000000a1', ''],
    ['00000000000000a2', '00000000000000a1'],
  ])
  expect(trace.spans[1]).toMatchObject({
    service: 'pay',
    kind: 'Server',
    start_unix_nano: nano('2026-11-20T11:59:00.001Z').toString(),
    duration_nano: '6500000',
    status: 'Error',
    status_message: 'declined',
    attributes: { 'http.route': '/cart', 'http.response.status_code': '200' },
  })
})

it.each([
  ['of another tenant', id('d')],
  ['unknown', id('e')],
  ['not an id', 'xyz'],
])('does not find a trace that is %s', async (_, traceId) => {
  await expect(oneTrace(store.reader('default'), 'default', traceId)).rejects.toMatchObject({
    code: 'not_found',
  })
})

it('is behind the fence as well: a query that names another tenant finds nothing', async () => {
  await expect(oneTrace(store.reader('default'), 'other', id('d'))).rejects.toMatchObject({
    code: 'not_found',
  })
})
