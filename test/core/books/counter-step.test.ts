// Guarantees: a fall is treated as a wrap only if possible, impossible rises are distinguished from possible ones, and
// limits distinguish broken counters from busy machines.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { counterStep, isPossible, isSurelyPossible } from '../../../core/books/counter-step.ts'
import {
  isMoreCpuThanThereIs,
  MAX_POWER_ATTRIBUTE,
  maxPowerMwOf,
  mostEnergyPerSecond,
} from '../../../core/books/plausible.ts'

const J = 1_000_000n
const S = 1_000_000_000n
const RANGE = 262_143_328_850n

it.each([
  ['a rise', [100n * J, 400n * J, 5n * S, RANGE, 0n], 'rise', 300n * J],
  ['no rise', [100n * J, 100n * J, 5n * S, RANGE, 0n], 'rise', 0n],
  ['a wrap', [RANGE - 100n * J, 200n * J, 5n * S, RANGE, 0n], 'wrap', 300n * J],
  ['a fall without a range', [RANGE - 100n * J, 200n * J, 5n * S, 0n, 0n], 'epoch', 0n],
  [
    'a counter that began anew, in a zone of 5 W',
    [3_400n * J, 2n * J, 60n * S, 65_532_610_987n, 5_000n],
    'epoch',
    0n,
  ],
  ['the same where the zone names no power', [3_400n * J, 2n * J, 60n * S, 65_532_610_987n, 0n], 'epoch', 0n],
  ['a value above the range', [RANGE + 1n, 5n, 5n * S, RANGE, 0n], 'epoch', 0n],
  ['a rise from a reading of 0', [0n, 1_000_600n * J, 5n * S, RANGE, 0n], 'implausible', 1_000_600n * J],
  ['a boost above the named power', [0n, 300n * J, 5n * S, RANGE, 15_000n], 'rise', 300n * J],
  ['a rise beyond all boost', [0n, 3_000n * J, 5n * S, RANGE, 15_000n], 'implausible', 3_000n * J],
  ['an update of a second within a moment', [0n, 60n * J, 1_000n, RANGE, 0n], 'rise', 60n * J],
] as const)('%s', (_, [before, after, spanNs, rangeMax, maxPowerMw], kind, amount) => {
  const most = mostEnergyPerSecond('package-0', maxPowerMw)
  expect(counterStep(before, after, spanNs, { rangeMax, most })).toEqual({ kind, amount })
})

it('never says possible in doubles if exact arithmetic denies it, and agrees away from the limit', () => {
  const amount = fc.bigInt({ min: 0n, max: 1n << 51n })
  fc.assert(
    fc.property(
      amount,
      fc.bigInt({ min: 0n, max: 1n << 52n }),
      fc.constantFrom(20_000_000n, 1_000n * J),
      (a, span, most) => {
        const exact = isPossible(a, span, most)
        const near = isSurelyPossible(Number(a), Number(span), Number(most))
        if (near) expect(exact).toBe(true)
        if (isPossible(a + a / 1_000n + 1n, span, most)) expect(near).toBe(true)
      },
    ),
  )
})

it('considers a workload impossible only above 1.1 times what the host has while both were seen', () => {
  const capacity = { us: 480n * J, seenNs: 60e9 }
  expect(isMoreCpuThanThereIs({ us: 481n * J, seenNs: 60e9 }, capacity)).toBe(false)
  expect(isMoreCpuThanThereIs({ us: 529n * J, seenNs: 60e9 }, capacity)).toBe(true)
  expect(isMoreCpuThanThereIs({ us: 480n * J, seenNs: 60e9 }, { us: 240n * J, seenNs: 30e9 })).toBe(false)
  expect(isMoreCpuThanThereIs({ us: 60n * J, seenNs: 5e9 }, capacity)).toBe(true)
  expect(isMoreCpuThanThereIs({ us: 60n * J, seenNs: 5e9 }, { us: 0n, seenNs: 0 })).toBe(false)
})

it.each([
  ['15000', 15_000n],
  ['0', 0n],
  ['', 0n],
  ['15 W', 0n],
  ['-1', 0n],
])('reads the maximum power of a meter: %j', (text, expected) => {
  expect(maxPowerMwOf({ [MAX_POWER_ATTRIBUTE]: text })).toBe(expected)
  expect(maxPowerMwOf({})).toBe(0n)
})
