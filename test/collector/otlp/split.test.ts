/**
 * Guarantees: the parts of a split request contain the same items in the same order under the same resource and scope;
 * parts stay near the target size for any nesting; what cannot be split stays whole; malformed structure is refused.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonToProtobuf } from '../../../collector/otlp/json/json.ts'
import type { Signal } from '../../../collector/otlp/signals.ts'
import { splitRequest } from '../../../collector/otlp/split.ts'
import { CONTEXT, rowsOf } from './rows.ts'

const MAX_ITEM_BYTES = 10_000
const split = (
  signal: Signal,
  body: Uint8Array,
  targetBytes: number,
  onLargeItem = () => {},
): Uint8Array[] => [...splitRequest(signal, body, { targetBytes, itemBytes: MAX_ITEM_BYTES, onLargeItem })]

const nano = CONTEXT.nowUnixNano.toString()
const request = (shape: readonly (readonly (readonly number[])[])[], headBytes = 10) =>
  jsonToProtobuf(
    'logs',
    Buffer.from(
      JSON.stringify({
        resourceLogs: shape.map((scopes, resource) => ({
          // The resource after its records, as some writers send it: protobuf allows any order.
          scopeLogs: scopes.map((sizes, scope) => ({
            scope: { name: `scope-${resource}-${scope}` },
            logRecords: sizes.map((size, record) => ({
              timeUnixNano: nano,
              severityText: `${resource}-${scope}-${record}`,
              body: { stringValue: 'x'.repeat(size) },
            })),
          })),
          resource: {
            attributes: [
              { key: 'service.name', value: { stringValue: `service-${resource}` } },
              { key: 'head', value: { stringValue: 'h'.repeat(headBytes) } },
            ],
          },
        })),
      }),
    ),
  )

const KINDS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const
const metric = (kind: (typeof KINDS)[number], points: number) => ({
  ...{ name: `a.${kind}`, unit: 's', description: 'd' },
  [kind]: {
    ...(kind === 'gauge' || kind === 'summary' ? {} : { aggregationTemporality: 2 }),
    ...(kind === 'sum' ? { isMonotonic: true } : {}),
    dataPoints: Array.from({ length: points }, (_, n) => ({
      timeUnixNano: nano,
      attributes: [{ key: 'n', value: { stringValue: String(n) } }],
    })),
  },
})
const metricsRequest = (metrics: readonly object[]) =>
  jsonToProtobuf(
    'metrics',
    Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })),
  )

describe('splitRequest of metrics', () => {
  it.each(KINDS)('splits the points of one metric: %s', kind => {
    const body = metricsRequest([metric(kind, 200), metric('gauge', 1)])
    const parts = split('metrics', body, 1_000)
    expect(parts.length).toBeGreaterThanOrEqual(5)
    expect(Math.max(...parts.map(part => part.length))).toBeLessThan(2_500)
    const rowsOfAll = (bodies: readonly Uint8Array[]) =>
      bodies
        .flatMap(part => rowsOf('metrics', part))
        .toSorted((a, b) => (JSON.stringify(a, plain) < JSON.stringify(b, plain) ? -1 : 1))
    expect(rowsOfAll(parts)).toEqual(rowsOfAll([body]))
  })

  it('refuses a metric above the target if only its last kind counts, and accepts it below', () => {
    const body = metricsRequest([{ ...metric('gauge', 100), ...metric('sum', 100) }])
    expect(split('metrics', body, body.length)).toHaveLength(1)
    expect(() => split('metrics', body, 1_000)).toThrow(TOO_LARGE)
  })

  it('refuses a metric in pieces above the target', () => {
    const pieces = metricsRequest([metric('gauge', 100)])
    const level = (bytes: Uint8Array) => Buffer.concat([Buffer.of(0x0a), varint(bytes.length), bytes])
    const piece = Buffer.concat([Buffer.of(0x2a), varint(400), Buffer.alloc(400, Buffer.of(0x0a, 0))])
    const scope = Buffer.concat([piece, piece, piece])
    const metrics = Buffer.concat([Buffer.of(0x12), varint(scope.length), scope])
    const body = level(Buffer.concat([Buffer.of(0x12), varint(metrics.length), metrics]))
    expect(() => split('metrics', body, 1_000)).toThrow(TOO_LARGE)
    expect(split('metrics', pieces, 1_000).length).toBeGreaterThan(1)
  })
})

const TOO_LARGE = expect.objectContaining({ code: 'body_too_large' })

/** Below 16,384. */
const varint = (value: number): Buffer =>
  value < 0x80 ? Buffer.of(value) : Buffer.of((value & 0x7f) | 0x80, value >> 7)

const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

describe('splitRequest', () => {
  const shapes = fc.array(
    fc.array(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 12 }), { maxLength: 4 }),
    { maxLength: 4 },
  )

  it('gives the same rows in the same order', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 500, max: 3_000 }), (shape, targetBytes) => {
        const body = request(shape)
        const parts = split('logs', body, targetBytes)
        expect(parts.flatMap(part => rowsOf('logs', part))).toEqual(rowsOf('logs', body))
      }),
      { numRuns: 60 },
    )
  })

  it('keeps parts near the target, and copies heads only as often as needed', () => {
    fc.assert(
      fc.property(shapes, shape => {
        const body = request(shape)
        const parts = split('logs', body, 500)
        // What is left of one scope and what fills up the next, an item of 300 bytes with its fields, and the heads of a
        // resource and two scopes.
        const [item, head] = [360, 150]
        expect(Math.max(0, ...parts.map(part => part.length))).toBeLessThan(2 * 500 + item + 3 * head)
        const total = parts.reduce((sum, part) => sum + part.length, 0)
        expect(total).toBeLessThan(body.length * 2 + 500)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses a head that would outweigh its items', () => {
    const body = request([[[10, 10, 10, 10]]], 5_000)
    expect(() => split('logs', body, 1_000)).toThrow(TOO_LARGE)
    expect(split('logs', body, 12_000).length).toBe(1)
  })

  it('drops items that are too large, reports each once, and drops no others', () => {
    let large = 0
    const body = request([[[100, MAX_ITEM_BYTES, 200]], [[MAX_ITEM_BYTES + 1]], [[300]]])
    const parts = split('logs', body, 1_000, () => {
      large += 1
    })
    expect(large).toBe(2)
    const texts = parts.flatMap(part => rowsOf('logs', part)).map(row => row['SeverityText'])
    expect(texts).toEqual(['0-0-0', '0-0-2', '2-0-0'])
  })

  it('skips groups, as the decoders do', () => {
    const group = Buffer.of(0x7b, 0x08, 0x01, 0x7c)
    const body = request([[[300, 300, 300, 300]]])
    const rows = split('logs', Buffer.concat([group, body]), 500).flatMap(part => rowsOf('logs', part))
    expect(rows).toEqual(rowsOf('logs', body))
  })

  it('creates no object for a child: a million empty resources take only a few bytes each', () => {
    const body = Buffer.alloc(8 * 2 ** 20, Buffer.of(0x0a, 0))
    let partBytes = 0
    const before = process.memoryUsage().heapUsed
    for (const part of splitRequest('logs', body, { targetBytes: 2 ** 20, itemBytes: 1, onLargeItem() {} })) {
      partBytes += part.length
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 2 ** 20)
    }
    expect(partBytes).toBe(body.length)
  })

  it('passes a small request through unchanged', () => {
    const body = request([[[1]]])
    const [part, ...others] = split('logs', body, 100_000)
    expect(others).toEqual([])
    expect(Buffer.compare(part!, body)).toBe(0)
  })

  it('refuses malformed structure, with no other error', () => {
    const body = request([[[50, 50, 50]]])
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
        const mutated = Uint8Array.from(body)
        mutated[at] = byte
        try {
          for (const part of split('logs', mutated, 20)) expect(part.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^body_(undecodable|too_large)$/) })
        }
      }),
    )
    expect(() => split('logs', body.subarray(0, -1), 20)).toThrow('beyond the end')
  })
})
