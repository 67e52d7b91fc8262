// Guarantees: usual series of remote write go straight into columns, without OTLP; what does not is told apart series by series,
// in the same request; whatever the labels, the values and what was remembered of earlier requests, the rows, counts and
// refusals are those of the way through OTLP (`stored` compares them); a request that is too large for it leaves nothing.

import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBuilders } from '../../../../collector/otlp/signals.ts'
import { decodeDirect } from '../../../../collector/prometheus/remote-write/direct.ts'
import { FamilyMemory } from '../../../../collector/prometheus/remote-write/families.ts'
import { SeriesMemory } from '../../../../collector/prometheus/remote-write/series-memory.ts'
import { encodeWrite1, type SentSeries, withStale } from '../../../support/remote-write.ts'
import { recogniser } from '../../intake/fakes.ts'
import { CONTEXT } from '../../otlp/rows.ts'
import { encoders, NOW_MS, optionsOf, stored } from './support.ts'

const VERSIONS = [1, 2] as const

const builders = createBuilders()

function direct(version: 1 | 2, body: Uint8Array, maxTextBytes?: number) {
  const options = { ...optionsOf(version, CONTEXT, new FamilyMemory()), memory: new SeriesMemory() }
  const limited = maxTextBytes === undefined ? options : { ...options, maxTextBytes }
  const result = decodeDirect(body, limited, CONTEXT, builders, recogniser.begin(CONTEXT))
  const rows = builders.points.rows
  return { result, rows, otlpBytes: options.writer.length }
}

const one = (labels: Record<string, string>, more: Partial<SentSeries> = {}): SentSeries => ({
  labels: Object.entries(labels),
  samples: [{ value: 1, timestamp: NOW_MS }],
  ...more,
})

const usual = [
  one({ __name__: 'a_total', instance: 'i:1', job: 'j', path: '/x' }),
  one({ __name__: 'a_total', instance: 'i:1', job: 'j', path: 'ü'.repeat(300) }),
  one({ __name__: 'b', zone: 'z' }),
  one({ __name__: 'b' }, { samples: [0, -0, 7].map(value => ({ value, timestamp: NOW_MS - 5 })) }),
]

describe.each(VERSIONS)('version %i', version => {
  const encode = encoders[version]

  it('takes usual series without OTLP', () => {
    const { result, rows, otlpBytes } = direct(version, encode(usual))
    builders.points.clear()
    expect([rows, otlpBytes]).toEqual([6, 0])
    expect(result).toMatchObject({ accepted: 6, rejected: 0, tally: { samples: 6, rejected: 0 } })
  })

  it.each([
    ['an exemplar', { exemplars: [{ labels: [], value: 1, timestamp: NOW_MS }] }],
    ['a histogram', { samples: [], histograms: [{ count_int: 0, sum: 0, schema: 0, timestamp: NOW_MS }] }],
    ['a label without a value', { labels: Object.entries({ __name__: 'm', empty: '' }) }],
    ['a metric that may be a reading', { labels: [['__name__', 'kepler_node_cpu_joules_total']] }],
  ] as [string, Partial<SentSeries>][])('takes %s by way of OTLP, in the same request', (_, more) => {
    const body = encode([...usual, one({ __name__: 'm' }, more), ...usual])
    const { result, otlpBytes } = direct(version, body)
    for (const name of ['points', 'expHistograms'] as const) builders[name].clear()
    expect(otlpBytes).toBeGreaterThan(0)
    expect(result?.accepted).toBe(13)
    expect(stored(version, body).rows).toHaveLength(13)
  })

  it('leaves nothing of a request that repeats too much text', () => {
    const { result, rows } = direct(version, encode(usual), 100)
    expect([result, rows]).toEqual([null, 0])
  })

  it('stores the same as through OTLP, whatever was remembered of other requests', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.constantFrom('job', 'instance', '__name__', 'a', 'b', '"\\\n'),
      fc.integer({ min: 126, max: 130 }).map(length => 'v'.repeat(length)),
      fc.constantFrom(4_096, 4_097).map(length => 'w'.repeat(length)),
    )
    const labels = fc
      .array(fc.tuple(text, text), { maxLength: 5 })
      .chain(pairs =>
        fc.shuffledSubarray([...pairs, ['__name__', 'm_total'], ['job', 'j']] as [string, string][]),
      )
    const time = fc.oneof(
      fc.integer({ min: -3, max: 3 }).map(ms => NOW_MS + ms),
      fc.constantFrom(0, -1, 9e15, NOW_MS * 2),
    )
    const series = fc.record({
      labels,
      samples: fc.array(fc.record({ value: fc.double(), timestamp: time }), { maxLength: 3 }),
      metadata: fc.record({
        type: fc.nat(8),
        help: fc.constantFrom('', 'Help.', 'h'.repeat(4_200)),
        unit: fc.constantFrom('', 's'),
      }),
    })
    fc.assert(
      fc.property(fc.array(series, { maxLength: 6 }), list => {
        stored(version, encode(list))
      }),
      { numRuns: 80, seed: 19 },
    )
  })
})

it('keeps the bits of every NaN', () => {
  const body = withStale(
    encodeWrite1([one({ __name__: 'm' }, { samples: [{ value: 123.5, timestamp: NOW_MS }] })]),
    123.5,
  )
  const bits = Buffer.from([9, 8, 7, 0, 0, 0, 0xf8, 0x7f])
  const stale = body.indexOf(Buffer.from([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]))
  body.set(bits, stale)
  direct(1, body)
  expect(zstdDecompressSync(builders.points.finish()).includes(bits)).toBe(true)
})

it('1.0: looks at a metric again when its metadata change', () => {
  const families = new FamilyMemory()
  const series = [one({ __name__: 'clicks' })]
  for (const type of [1, 2, 1]) {
    const metadata = [{ type, metric_family_name: 'clicks', help: `Type ${type}.`, unit: '' }]
    const { rows } = stored(1, encodeWrite1(series, metadata), families)
    expect(rows).toMatchObject([{ MetricDescription: `Type ${type}.` }])
  }
})
