/**
 * Guarantees: data that a request contains once and its rows repeat is counted as the engine sees it: per row, with
 * attributes after the limits, for any order of fields.
 */
import { expect, it } from 'vitest'
import { repeatedBytes } from '../../../collector/otlp/amplification.ts'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'

const LIMITS = { attributes: 4, attributeBytes: 1_000 }
const TIME = '1700000000000000000'
const attribute = (bytes: number, key = 'k') => ({ key, value: { stringValue: 'x'.repeat(bytes) } })
const items = (count: number) => Array.from({ length: count }, () => ({ timeUnixNano: TIME }))
const logs = (resource: object, scope: object, count: number) =>
  jsonToProtobuf(
    'logs',
    Buffer.from(
      JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: items(count), scope }], resource }] }),
    ),
  )
const metrics = (kinds: object, count: number, name = 'm'.repeat(2_000)) =>
  jsonToProtobuf(
    'metrics',
    Buffer.from(
      JSON.stringify({
        resourceMetrics: [
          { scopeMetrics: [{ metrics: [{ ...kinds, gauge: { dataPoints: items(count) }, name }] }] },
        ],
      }),
    ),
  )
/** Bytes of tags and lengths are counted too. */
const about = (bytes: number, rows: number): [number, number] => [bytes * rows, (bytes + 24) * rows]

it.each([
  ['a resource', logs({ attributes: [attribute(500)] }, {}, 1_000), 500],
  ['a scope', logs({}, { name: 'x'.repeat(400), attributes: [attribute(100)] }, 1_000), 500],
  ['both', logs({ attributes: [attribute(300)] }, { version: 'x'.repeat(200) }, 1_000), 500],
  ['values that are cut', logs({ attributes: [attribute(50_000)] }, {}, 1_000), 2_000],
  ['attributes that are left out', logs({ attributes: Array(9).fill(attribute(100)) }, {}, 1_000), 430],
])('logs repeat %s', (_what, body, bytes) => {
  const [least, most] = about(bytes, 1_000)
  const found = repeatedBytes('logs', body, LIMITS)
  expect(found).toBeGreaterThanOrEqual(least)
  expect(found).toBeLessThan(most)
})

it('points repeat the description of their metric', () => {
  const [least, most] = about(2_000, 1_000)
  const found = repeatedBytes('metrics', metrics({}, 1_000), LIMITS)
  expect(found).toBeGreaterThanOrEqual(least)
  expect(found).toBeLessThan(most)
})

it('only the last of several kinds of a metric counts', () => {
  const sum = { sum: { dataPoints: items(5_000) } }
  const one = repeatedBytes('metrics', metrics({}, 1_000), LIMITS)
  expect(repeatedBytes('metrics', metrics(sum, 1_000), LIMITS)).toBe(one)
})

it('a small body is not inspected', () => {
  expect(repeatedBytes('logs', Buffer.from('no protobuf'), LIMITS)).toBe(0)
})

it('a malformed body is refused', () => {
  const body = logs({ attributes: [attribute(500)] }, {}, 1_000)
  expect(() => repeatedBytes('logs', body.subarray(0, -1), LIMITS)).toThrow('beyond the end')
})
