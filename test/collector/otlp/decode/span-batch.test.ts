/**
 * Guarantees: a batch of spans contains what was decoded into it and nothing that was rolled back, however large its
 * dictionaries become; an engine that runs out of memory loses the rows of its batches, with an error, and nothing
 * later.
 */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { SpanRecordBatch } from '../../../../collector/otlp/decode/span-batch.ts'
import { SpanEngine } from '../../../../collector/otlp/decode/span-engine.ts'
import { decodeTraces } from '../../../../collector/otlp/decode/traces.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { traces } from '../../../../core/model/streams/index.ts'
import { runs } from '../../../support/runs.ts'
import { encode } from './otlp-proto.ts'
import { CONTEXT, withLimits } from './support.ts'

type Attributes = Readonly<Record<string, string | bigint | boolean>>

const anyValue = (value: string | bigint | boolean): object =>
  typeof value === 'string'
    ? { string_value: value }
    : typeof value === 'boolean'
      ? { bool_value: value }
      : { int_value: String(value) }

const span = (attributes: Attributes, name = 'a'): object => ({
  trace_id: new Uint8Array(16).fill(1),
  span_id: new Uint8Array(8).fill(2),
  name,
  start_time_unix_nano: '1700000000000000000',
  attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) })),
})

const request = (spans: readonly object[]): Uint8Array =>
  encode('ExportTraceServiceRequest', { resource_spans: [{ scope_spans: [{ spans }] }] })

const attributesIn = (batch: SpanRecordBatch): Readonly<Record<string, string>>[] =>
  decodeRows(traces, batch.finish()).map(({ SpanAttributes }) => SpanAttributes)

const texts = (attributes: Attributes): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]))

describe('dictionaries', () => {
  test.each([200, 256, 257, 65_536, runs(65_537)])('of %i values', values => {
    const batch = new SpanRecordBatch()
    const each = Array.from({ length: values }, (_, n) => ({ n: `value ${n}`, same: 'x' }))
    for (let at = 0; at < values; at += 5_000) {
      decodeTraces(request(each.slice(at, at + 5_000).map(one => span(one))), CONTEXT, batch)
    }
    expect(attributesIn(batch)).toEqual(each)
    expect(batch.rows).toBe(0)
  })

  it('store texts of every length next to any other values', () => {
    const lengths = Array.from({ length: 600 }, (_, length) => ({
      long: 'ä'.repeat(length >> 1) + 'b'.repeat(length & 1),
      k: `${length}`,
    }))
    const batch = new SpanRecordBatch()
    for (let twice = 0; twice < 2; twice++)
      decodeTraces(request(lengths.map(one => span(one))), CONTEXT, batch)
    expect(attributesIn(batch)).toEqual([...lengths, ...lengths])
  })

  it('write integers as decimal text', () => {
    const numbers = [0n, 1n, -1n, 1023n, 1024n, -1023n, 2n ** 31n, -(2n ** 31n), 2n ** 63n - 1n, -(2n ** 63n)]
    const attributes = Object.fromEntries(numbers.map((number, at) => [`n${at}`, number]))
    const batch = new SpanRecordBatch()
    decodeTraces(request([span(attributes), span({ yes: true, no: false, none: '' })]), CONTEXT, batch)
    expect(attributesIn(batch)).toEqual([texts(attributes), { yes: 'true', no: 'false', none: '' }])
  })
})

const anyAttributes = fc.dictionary(
  fc.constantFrom('a', 'b', 'service.name', 'a key of more than eight bytes'),
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.bigInt({ min: -2000n, max: 2000n }),
    fc.boolean(),
    fc.nat(5_000).map(n => `v${n}`),
  ),
)

it('returns to a mark as if nothing had been added after it', () => {
  const spans = fc.array(anyAttributes, { minLength: 1, maxLength: 80 })
  fc.assert(
    fc.property(spans, spans, spans, (first, dropped, last) => {
      const batch = new SpanRecordBatch()
      decodeTraces(request(first.map(one => span(one))), CONTEXT, batch)
      const mark = batch.mark()
      decodeTraces(request(dropped.map(one => span(one, 'dropped'))), CONTEXT, batch)
      batch.rollback(mark)
      expect(batch.mark()).toEqual(mark)
      decodeTraces(request(last.map(one => span(one, 'last'))), CONTEXT, batch)
      const rows = decodeRows(traces, batch.finish())
      expect(rows.map(({ SpanName }) => SpanName)).toEqual([
        ...first.map(() => 'a'),
        ...last.map(() => 'last'),
      ])
      expect(rows.map(({ SpanAttributes }) => SpanAttributes)).toEqual([...first, ...last].map(texts))
      batch.release()
    }),
    { numRuns: 100 },
  )
})

it('removes a rejected span between others', () => {
  const batch = new SpanRecordBatch()
  const spans = [
    span({ a: '1' }),
    { ...span({ a: 'refused' }), trace_id: new Uint8Array(3) },
    span({ a: '2' }),
  ]
  expect(decodeTraces(request(spans), CONTEXT, batch)).toMatchObject({ accepted: 2, rejected: 1 })
  expect(attributesIn(batch)).toEqual([{ a: '1' }, { a: '2' }])
})

it('cuts keys and values at a character, and counts them', () => {
  const batch = new SpanRecordBatch()
  const limits = withLimits({ attributeBytes: 9 })
  const result = decodeTraces(request([span({ 'a key too long': 'ääääääää', short: 'ok' })]), limits, batch)
  expect(result.cutAttributes).toBe(2)
  expect(attributesIn(batch)).toEqual([{ 'a key too': 'ääää', short: 'ok' }])
})

it('releases memory: batches that come and go do not accumulate', () => {
  const engine = new SpanEngine()
  const body = request(Array.from({ length: 200 }, (_, n) => span({ n: `value ${n}` })))
  const sizes = Array.from({ length: 2_000 }, () => {
    const batch = new SpanRecordBatch(() => engine)
    decodeTraces(body, CONTEXT, batch)
    batch.release()
    return engine.bytes.length
  })
  expect(sizes.at(-1)).toBe(sizes[1])
})

it('reports what was lost when the engine failed, and continues with a new one', () => {
  let engine = new SpanEngine()
  const batch = new SpanRecordBatch(() => {
    if (engine.broken) engine = new SpanEngine()
    return engine
  })
  const body = request([span({ a: '1' })])
  decodeTraces(body, CONTEXT, batch)
  engine.broken = true
  expect(() => decodeTraces(body, CONTEXT, batch)).toThrow(/ran out of memory/)
  expect(() => batch.finish()).toThrow(/ran out of memory/)
  batch.clear()
  expect(batch.rows).toBe(0)
  decodeTraces(body, CONTEXT, batch)
  expect(attributesIn(batch)).toEqual([{ a: '1' }])
})
