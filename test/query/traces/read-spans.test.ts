/**
 * Guarantees: traces are read completely, once and in order, however small the pages are; a page that has too many bytes is asked
 * for again in smaller ones; a trace with more spans than an answer takes is cut, and says so.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { traces } from '../../../core/model/streams/index.ts'
import { readTraces, type SpanLimits } from '../../../query/traces/read-spans.ts'
import { nano, spanRow } from '../support/rows.ts'
import { openTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const AT = nano('2026-11-20T12:00:00Z')
const IDS = ['1', '2', '3'].map(digit => digit.repeat(32))
const [LARGE, SMALL, OTHER] = IDS as [string, string, string]
const spanId = (at: number): string => at.toString(16).padStart(16, '0')
const GENEROUS: SpanLimits = { spansOfTrace: 1_000, spansAtOnce: 1_000, bytesAtOnce: 1e9 }

let store: TestWarehouse
beforeAll(async () => {
  store = await openTestWarehouse()
  const rows = Array.from({ length: 57 }, (_, at) =>
    spanRow({
      TraceId: LARGE,
      SpanId: spanId(at + 1),
      // Many begin at the same time.
      Timestamp: AT + BigInt(Math.floor(at / 10)),
      SpanAttributes: { text: 'x'.repeat(1_000) },
    }),
  )
  await store.insert(traces, [...rows, ...rows.slice(0, 20)])
  await store.insert(traces, [
    spanRow({ TraceId: SMALL, SpanId: spanId(1), Timestamp: AT }),
    // Client and server may share an id.
    spanRow({ TraceId: SMALL, SpanId: spanId(1), Timestamp: AT, SpanKind: 'Client' }),
    spanRow({ TraceId: OTHER, SpanId: spanId(1), Timestamp: AT + 7_200_000_000_000n }),
  ])
})
afterAll(() => store.close())

async function read(ids: readonly string[], limits: Partial<SpanLimits> = {}) {
  const found: { id: string; spans: string[]; isCut: boolean }[] = []
  const wanted = ids.map(id => ({ id }))
  for await (const chunk of readTraces(store.reader('default'), 'default', wanted, {
    ...GENEROUS,
    ...limits,
  })) {
    const spans = chunk.spans.map(({ spanId: id }) => id)
    const last = found.at(-1)
    if (last?.id === chunk.traceId) {
      last.spans.push(...spans)
      last.isCut = chunk.isCut
    } else found.push({ id: chunk.traceId, spans, isCut: chunk.isCut })
  }
  return found
}
const WHOLE = Array.from({ length: 57 }, (_, at) => spanId(at + 1))

it.each([1_000, 57, 58, 20, 7, 1])('reads all spans in pages of %i', async spansAtOnce => {
  expect(await read([SMALL, 'f'.repeat(32), LARGE, OTHER], { spansAtOnce })).toEqual([
    { id: SMALL, spans: [spanId(1), spanId(1)], isCut: false },
    { id: LARGE, spans: WHOLE, isCut: false },
    { id: OTHER, spans: [spanId(1)], isCut: false },
  ])
})

it('makes pages smaller that have too many bytes, and gives up at one span', async () => {
  expect((await read([LARGE], { bytesAtOnce: 10_000 }))[0]?.spans).toEqual(WHOLE)
  await expect(read([LARGE], { bytesAtOnce: 100 })).rejects.toMatchObject({ code: 'sql_limit' })
})

it.each([3, 10, 50, 100])(
  'cuts a long trace, with pages of %i, and goes on with the next one',
  async spansAtOnce => {
    expect(await read([LARGE, SMALL], { spansOfTrace: 50, spansAtOnce })).toEqual([
      { id: LARGE, spans: WHOLE.slice(0, 50), isCut: true },
      { id: SMALL, spans: [spanId(1), spanId(1)], isCut: false },
    ])
  },
)
