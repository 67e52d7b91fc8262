/**
 * Payloads of remote write, 1.0 and 2.0: messages changed like those of OTLP, in snappy blocks that are changed too.
 */
import fc from 'fast-check'
import { NOW } from '../collector/otlp/decode/support.ts'
import {
  encodeWrite1,
  encodeWrite2,
  type SentExemplar,
  type SentHistogram,
  type SentMetadata,
  type SentSample,
  type SentSeries,
  snappy,
  WRITE_TYPES,
  withStale,
} from '../support/remote-write.ts'
import type { Cases, FuzzCase } from './cases.ts'
import { Dice } from './dice.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { TreeMutator } from './mutate-tree.ts'
import { type FieldNode, parseTree } from './tree.ts'

const NOW_MS = Number(NOW / 1_000_000n)
const SEEDS = 300
const MAX_SEED_BYTES = 800
/** Placeholder for the end of a series until the bytes exist. */
const STALE = 123_456.789

const time = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -1000, max: 1000 }).map(ms => NOW_MS + ms) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 1, NOW_MS + 3_700_000, Number.MAX_SAFE_INTEGER) },
)
const value = fc.oneof(
  fc.constantFrom(0, -0, 1, STALE, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
)
const text = fc.oneof(fc.constantFrom('', 'a', 'é', '200', '0.5', '+Inf'), fc.string({ maxLength: 12 }))
const labelName = fc.oneof(
  fc.constantFrom('job', 'instance', 'le', 'quantile', 'code', 'z.utf8 é', ''),
  fc.string({ maxLength: 8 }),
)
const metricName = fc.constantFrom(
  'up',
  'http_requests_total',
  'latency_bucket',
  'latency_sum',
  'latency',
  'size_gcount',
  'build_info',
  'temperature.é',
)
const labels = fc
  .record({ name: metricName, own: fc.array(fc.tuple(labelName, text), { maxLength: 5 }), keep: fc.nat(9) })
  .map(({ name, own, keep }) => {
    // Usually as senders must send them: sorted and unique; a tenth in any order.
    if (keep === 0) return own
    const unique = new Map([['__name__', name], ...own])
    return [...unique].filter(([key]) => key !== '').toSorted(([a], [b]) => (a < b ? -1 : 1))
  })
const sample: fc.Arbitrary<SentSample> = fc.record({ value, timestamp: time })
const exemplar: fc.Arbitrary<SentExemplar> = fc.record({
  labels: fc.array(fc.tuple(fc.constantFrom('trace_id', 'span_id', 'k'), text), { maxLength: 2 }),
  value,
  timestamp: time,
})
const side = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 })
const histogram: fc.Arbitrary<SentHistogram> = fc
  .record({
    positive: side,
    negative: side,
    zero: fc.nat(5),
    schema: fc.constantFrom(-4, 0, 3, 8, -53, 9),
    timestamp: time,
    sum: value,
  })
  .map(({ positive, negative, zero, schema, timestamp, sum }) => {
    const counts = [...positive, ...negative]
    const deltas = (list: readonly number[]) => list.map((count, at) => count - (list[at - 1] ?? 0))
    const spans = (list: readonly number[]) => (list.length === 0 ? [] : [{ offset: 1, length: list.length }])
    return {
      count_int: counts.reduce((total, count) => total + count, zero),
      sum,
      schema,
      zero_threshold: 0.001,
      zero_count_int: schema === -53 ? 0 : zero,
      positive_spans: spans(positive),
      positive_deltas: deltas(positive),
      negative_spans: spans(negative),
      negative_deltas: deltas(negative),
      ...(schema === -53 ? { custom_values: [0.5, 1, 2, 4, 8] } : {}),
      timestamp,
    }
  })
const series: fc.Arbitrary<SentSeries> = fc
  .record({
    labels,
    isHistogram: fc.nat(3),
    samples: fc.array(sample, { maxLength: 3 }),
    histograms: fc.array(histogram, { maxLength: 2 }),
    exemplars: fc.array(exemplar, { maxLength: 2 }),
    metadata: fc.record({ type: fc.nat(8), help: text, unit: text }),
  })
  .map(({ isHistogram, samples, histograms, ...rest }) =>
    isHistogram === 0 ? { ...rest, histograms } : { ...rest, samples },
  )
const metadata: fc.Arbitrary<SentMetadata> = fc.record({
  type: fc.nat(8),
  metric_family_name: metricName,
  help: text,
  unit: text,
})
const requests = fc.record({
  list: fc.array(series, { minLength: 1, maxLength: 4 }),
  families: fc.array(metadata, { maxLength: 2 }),
})

type Version = 1 | 2

export class WriteCases implements Cases {
  readonly #seed: number
  readonly #dice = new Dice()
  readonly #trees: Readonly<Record<Version, readonly FieldNode[]>>
  readonly #mutators: Readonly<Record<Version, TreeMutator>>

  constructor(seed: number) {
    this.#seed = seed
    const sent = fc.sample(requests, { seed, numRuns: SEEDS })
    const trees = (version: Version, bodies: readonly Buffer[]): FieldNode[] =>
      bodies
        .map(body => new Uint8Array(withStale(body, STALE)))
        .filter(body => body.length <= MAX_SEED_BYTES)
        .map(body => parseTree(WRITE_TYPES[version], body))
    this.#trees = {
      1: trees(
        1,
        sent.map(({ list, families }) => encodeWrite1(list, families)),
      ),
      2: trees(
        2,
        sent.map(({ list }) => encodeWrite2(list)),
      ),
    }
    this.#mutators = {
      1: new TreeMutator(this.#dice, this.#trees[1]),
      2: new TreeMutator(this.#dice, this.#trees[2]),
    }
  }

  at(index: number): FuzzCase {
    const dice = this.#dice
    dice.start(this.#seed, index)
    const version = dice.once(2) ? 1 : 2
    const block = snappy(this.#body(version))
    return { encoding: `write${version}`, bytes: dice.once(5) ? this.#spoiled(block, version) : block }
  }

  #body(version: Version): Uint8Array {
    const dice = this.#dice
    const tree = dice.pick(this.#trees[version])
    const kind = dice.below(10)
    if (kind === 0) return tree.bytes
    const bytes = kind < 8 ? this.#mutators[version].mutated(tree, 1 + dice.below(3)) : tree.bytes
    if (kind < 6) return bytes
    return mutateBytes(bytes, dice.pick(this.#trees[version]).bytes, 1 + dice.below(3), dice)
  }

  /** With a wrong length, or any of its bytes changed. */
  #spoiled(block: Uint8Array, version: Version): Uint8Array {
    const dice = this.#dice
    if (dice.once(4)) return Buffer.concat([dice.pick(LENGTHS), block.subarray(block[0]! < 0x80 ? 1 : 2)])
    const donor = snappy(dice.pick(this.#trees[version]).bytes)
    return mutateBytes(block, donor, 1 + dice.below(3), dice)
  }
}

const LENGTHS = [
  '',
  '00',
  '01',
  '7f',
  '8001',
  'ff07',
  'ffff7f',
  'ffffffff07',
  'ffffffff0f',
  'ffffffff7f',
  'ffffffffff01',
  '8000',
  '80',
].map(hex => new Uint8Array(Buffer.from(hex, 'hex')))
