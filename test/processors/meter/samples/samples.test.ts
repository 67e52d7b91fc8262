/** Guarantees: instants and values of 64 bits are held exactly, and compared as bigints compare. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  HIGH,
  isBelow,
  LOW,
  lowerBound,
  minuteOfParts,
  nanoOf,
  nsOfParts,
  pushSample,
  riseOf,
  type Samples,
  STRIDE,
  spanNs,
  splitNano,
  timeNanoAt,
  valueAt,
} from '../../../../processors/meter/samples/samples.ts'

const int64 = fc.oneof(
  fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
  fc.bigInt({ min: -5n, max: 5n }),
  fc.bigInt({ min: 0n, max: 1n << 41n }),
)
const MINUTE = 60_000_000_000n
/** Instants about edges of minutes and of words. */
const instant = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
  fc
    .tuple(fc.bigInt({ min: 0n, max: 100_000_000n }), fc.bigInt({ min: 0n, max: 3n }))
    .map(([m, n]) => m * MINUTE + n),
  fc
    .tuple(fc.bigInt({ min: 1n, max: 100_000_000n }), fc.bigInt({ min: 1n, max: 3n }))
    .map(([m, n]) => m * MINUTE - n),
)
const wordsOf = (value: bigint): [high: number, low: number] => {
  const [low, high] = new Int32Array(BigInt64Array.of(value).buffer)
  return [high!, low!]
}

test('an instant is cut into its minute and the rest, from words as from a bigint', () => {
  fc.assert(
    fc.property(instant, nano => {
      const [high, low] = wordsOf(nano)
      const minute = minuteOfParts(high, low)
      expect([minute, nsOfParts(high, low, minute)]).toEqual([Number(nano / MINUTE), Number(nano % MINUTE)])
      expect(splitNano(nano)).toEqual([minute, Number(nano % MINUTE)])
      expect(nanoOf(minute, Number(nano % MINUTE))).toBe(nano)
    }),
    { numRuns: 1000 },
  )
})

test('samples give back what was put in; distances are exact or refused', () => {
  fc.assert(
    fc.property(instant, int64, instant, int64, (timeA, a, timeB, b) => {
      const samples: Samples = []
      pushSample(samples, timeA, a)
      pushSample(samples, timeB, b)
      expect([timeNanoAt(samples, 0), valueAt(samples, 0)]).toEqual([timeA, a])
      expect([timeNanoAt(samples, STRIDE), valueAt(samples, STRIDE)]).toEqual([timeB, b])
      expect(isBelow(samples[HIGH]!, samples[LOW]!, samples[STRIDE + HIGH]!, samples[STRIDE + LOW]!)).toBe(
        a < b,
      )
      const rise = riseOf(samples, 0, STRIDE)
      if (Number.isNaN(rise)) expect(b - a > 2n ** 52n || a - b > 2n ** 52n).toBe(true)
      else expect(BigInt(rise)).toBe(b - a)
      const span = timeB - timeA
      if (span < 2n ** 53n && span > -(2n ** 53n)) expect(BigInt(spanNs(samples, 0, STRIDE))).toBe(span)
    }),
    { numRuns: 1000 },
  )
})

test('a place is found by halving', () => {
  fc.assert(
    fc.property(fc.uniqueArray(instant), instant, (instants, wanted) => {
      const rising = instants.toSorted((a, b) => (a < b ? -1 : 1))
      const samples: Samples = []
      for (const nano of rising) pushSample(samples, nano, 0n)
      const before = rising.filter(nano => nano < wanted).length
      expect(lowerBound(samples, ...splitNano(wanted))).toBe(before * STRIDE)
    }),
  )
})
