// Guarantees: a journal gives back what was put in, also in several goes and after it was stored; it refuses what is too far from
// the rest, and damage.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type JournalHeader,
  type JournalReader,
  SampleJournal,
} from '../../../../processors/meter/samples/journal.ts'
import { MINUTE_NS, nanoOf, partsOf, splitNano } from '../../../../processors/meter/samples/samples.ts'

/** What a journal tells: headers, and samples with their instant. */
class Told implements JournalReader {
  readonly headers: JournalHeader[] = []
  readonly samples: (readonly [index: number, nano: bigint, rise: number])[] = []

  record(header: JournalHeader): void {
    this.headers.push(header)
  }

  sample(index: number, minute: number, ns: number, rise: number): void {
    expect(ns >= 0 && ns < MINUTE_NS).toBe(true)
    this.samples.push([index, nanoOf(minute, ns), rise])
  }
}

const NOW = 1_795_219_200_000_000_000n
const sample = fc.tuple(
  fc.nat(500),
  fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map(ns => NOW + ns),
  fc.oneof(fc.integer({ min: -(2 ** 50), max: 2 ** 50 }), fc.integer({ min: -300, max: 300 })),
)
const record = fc.record({
  clockMs: fc.nat(2 ** 31),
  at: fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map(ns => NOW + ns),
  samples: fc.array(sample, { maxLength: 20 }),
})

test('gives back what was put in, in one go or in several, here or where it was loaded', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), fc.nat(6), (records, cut) => {
      const [journal, told, loaded] = [new SampleJournal(), new Told(), new Told()]
      for (const [number, { clockMs, at, samples }] of records.entries()) {
        if (number === cut) journal.settle(told)
        const [minute, ns] = splitNano(at)
        journal.begin({ clockMs, minute, ns })
        for (const [index, nano, rise] of samples) {
          expect(journal.push(index, ...partsOf(...splitNano(nano)), rise)).toBe(true)
        }
      }
      journal.settle(told)
      expect(journal.count).toBe(0)
      expect(told.samples).toEqual(records.flatMap(({ samples }) => samples))
      const filled = records.filter(({ samples }) => samples.length > 0)
      expect(told.headers.map(({ clockMs }) => clockMs)).toEqual(filled.map(({ clockMs }) => clockMs))
      new SampleJournal().load(journal.bytes, loaded)
      expect(loaded).toEqual(told)
    }),
  )
})

test('parts of an instant are those of its nanoseconds', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), nano => {
      const [low, high] = partsOf(...splitNano(nano))
      expect((BigInt(high) << 32n) + BigInt(low >>> 0)).toBe(nano)
    }),
  )
})

test('refuses what does not fit, and is as it was', () => {
  const journal = new SampleJournal()
  const [minute, ns] = splitNano(NOW)
  journal.begin({ clockMs: 0, minute, ns })
  const now = partsOf(minute, ns)
  expect(journal.push(0, ...now, 2 ** 51)).toBe(false)
  expect(journal.push(0, ...partsOf(0, 0), 1)).toBe(false)
  expect(journal.length).toBe(0)
  expect(journal.push(0, ...now, 1)).toBe(true)
  const { length } = journal
  expect(journal.push(0, ...partsOf(0, 0), 1)).toBe(false)
  expect(journal.length).toBe(length)
})

test('bytes that end too early are refused', () => {
  const journal = new SampleJournal()
  const [minute, ns] = splitNano(NOW)
  journal.begin({ clockMs: 7, minute, ns })
  journal.push(3, ...partsOf(minute, ns), 1_000)
  const sampleBytes = 4
  for (let length = 1; length < journal.length; length++) {
    // A header without samples is whole.
    if (length === journal.length - sampleBytes) continue
    expect(() => new SampleJournal().load(journal.bytes.subarray(0, length), new Told())).toThrow(RangeError)
  }
})
