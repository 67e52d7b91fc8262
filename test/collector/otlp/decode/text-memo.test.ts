// Guarantees: a key never gives the text of another one; what is used stays, what is not used is forgotten, and the number of
// entries is bounded; attributes that are not next to each other, padded or cut at a limit give the same text each time.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMetrics } from '../../../../collector/otlp/decode/metrics.ts'
import { TextMemo } from '../../../../collector/otlp/decode/text-memo.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { metricPoints } from '../../../../core/model/streams/index.ts'
import { encode } from './otlp-proto.ts'
import { createMetricBuilders, NO_SINK, NOW, withLimits } from './support.ts'

const bytesOf = (text: string): DataView => {
  const bytes = new TextEncoder().encode(text)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function remembered(memo: TextMemo, key: string): string | null {
  const view = bytesOf(key)
  const entry = memo.find(view, 0, view.byteLength)
  if (entry < 0) return null
  return new TextDecoder().decode(memo.bytes.subarray(memo.startOf(entry), memo.endOf(entry)))
}

function remember(memo: TextMemo, key: string, number = 0): void {
  const view = bytesOf(key)
  memo.find(view, 0, view.byteLength)
  memo.add(view, 0, view.byteLength, new TextEncoder().encode(`text of ${key}`), number)
}

test('gives the text of the key, or none', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 200 }), keys => {
      const memo = new TextMemo(1_000, 1_000_000)
      const known = new Set<string>()
      for (const key of keys) {
        expect(remembered(memo, key)).toBe(known.has(key) ? `text of ${key}` : null)
        if (!known.has(key)) remember(memo, key)
        known.add(key)
      }
    }),
    { numRuns: 40, seed: 20261130 },
  )
})

test('keeps what is used, with its number, and forgets the rest', () => {
  const memo = new TextMemo(8, 1_000_000)
  remember(memo, 'used', 7)
  for (let n = 0; n < 40; n += 1) {
    remember(memo, `once ${n}`)
    const view = bytesOf('used')
    expect(memo.numberOf(memo.find(view, 0, view.byteLength))).toBe(7)
  }
  const kept = Array.from({ length: 40 }, (_, n) => n).filter(n => remembered(memo, `once ${n}`) !== null)
  expect(kept.length).toBeLessThanOrEqual(16)
  expect(kept).toContain(39)
})

test('does not keep long keys', () => {
  const memo = new TextMemo(8, 1_000_000)
  remember(memo, 'x'.repeat(5_000))
  expect(remembered(memo, 'x'.repeat(5_000))).toBe(null)
})

/** KeyValue `key`: 'v'. */
const keyValue = (key: string): number[] => {
  const body = [0x0a, key.length, ...Buffer.from(key), 0x12, 3, 0x0a, 1, 0x76]
  return [body.length, ...body]
}

const ATTRIBUTES = 0x3a
const TIME = [0x19, ...new Uint8Array(new BigUint64Array([NOW]).buffer)]

test.each([
  ['next to each other', [[ATTRIBUTES], keyValue('a'), [ATTRIBUTES], keyValue('b'), TIME]],
  ['with the time between them', [[ATTRIBUTES], keyValue('a'), TIME, [ATTRIBUTES], keyValue('b')]],
  ['with padded tags', [[ATTRIBUTES | 0x80, 0], keyValue('a'), [ATTRIBUTES], keyValue('b'), TIME]],
  ['the last with a padded tag', [[ATTRIBUTES], keyValue('a'), [ATTRIBUTES | 0x80, 0], keyValue('b'), TIME]],
])('attributes %s', (_, parts) => {
  const point = parts.flat()
  const message = (tag: number, body: readonly number[]): number[] => [tag, body.length, ...body]
  const metric = [...message(0x0a, [0x6d]), ...message(0x2a, message(0x0a, point))]
  const body = message(0x0a, message(0x12, message(0x12, metric)))
  for (let again = 0; again < 2; again += 1) {
    const builders = createMetricBuilders()
    decodeMetrics(new Uint8Array(body), withLimits({}), builders, NO_SINK)
    const rows = decodeRows(metricPoints, builders.points.finish())
    expect(rows.map(({ Labels }) => Labels)).toEqual(['{"a":"v","b":"v"}'])
  }
})

test('what a limit cuts is counted each time, and other limits give other texts', () => {
  const body = encode('ExportMetricsServiceRequest', {
    resource_metrics: [
      {
        scope_metrics: [
          {
            metrics: [
              {
                gauge: {
                  data_points: [
                    {
                      time_unix_nano: String(NOW),
                      attributes: [{ key: 'k', value: { string_value: 'long value' } }],
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  })
  for (const [attributeBytes, text, cut] of [
    [4096, 'long value', 0],
    [4, 'long', 1],
    [4, 'long', 1],
    [4096, 'long value', 0],
  ] as const) {
    const builders = createMetricBuilders()
    const result = decodeMetrics(body, withLimits({ attributeBytes }), builders, NO_SINK)
    expect(result.cutAttributes).toBe(cut)
    const [row] = decodeRows(metricPoints, builders.points.finish())
    expect(row!.Labels).toBe(JSON.stringify({ k: text }))
  }
})
