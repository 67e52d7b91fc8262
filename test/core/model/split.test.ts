/** Guarantees: what a meter counted equals workloads + idle + unattributed, to the microjoule, for any inputs. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SplitInput, split } from '../../../core/model/split.ts'

const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n)

test('the worked example of the accounting rules', () => {
  expect(
    split({
      energyUj: 3_600_000_000n,
      busyUs: 120_000_000n,
      capacityUs: 480_000_000n,
      workloadsUs: [60_000_000n, 30_000_000n],
    }),
  ).toEqual({
    method: 'ratio',
    activeUj: [450_000_000n, 225_000_000n],
    idleUj: 2_700_000_000n,
    unattributedUj: 225_000_000n,
  })
})

test('a case that does not divide evenly', () => {
  expect(
    split({
      energyUj: 1_000_000_007n,
      busyUs: 7_000_000n,
      capacityUs: 420_000_000n,
      workloadsUs: [3_000_000n, 1_000_000n],
    }),
  ).toEqual({
    method: 'ratio',
    activeUj: [7_142_857n, 2_380_953n],
    idleUj: 983_333_340n,
    unattributedUj: 7_142_857n,
  })
})

const amount = fc.bigInt({ min: 0n, max: 1n << 50n })
const inputs: fc.Arbitrary<SplitInput> = fc
  .array(fc.tuple(amount, fc.option(amount)), { maxLength: 8 })
  .chain(workloads =>
    fc.record(
      {
        energyUj: amount,
        busyUs: amount,
        capacityUs: amount,
        workloadsUs: fc.constant(workloads.map(([us]) => us)),
        byteSeconds: fc.constant(workloads.map(([, memory]) => memory)),
        baselineUj: amount,
      },
      { requiredKeys: ['energyUj', 'busyUs', 'capacityUs', 'workloadsUs'] },
    ),
  )

test('energy is conserved and no part is negative', () => {
  fc.assert(
    fc.property(inputs, input => {
      const result = split(input)
      expect(sum(result.activeUj) + result.idleUj + result.unattributedUj).toBe(input.energyUj)
      expect([...result.activeUj, result.idleUj, result.unattributedUj].every(part => part >= 0n)).toBe(true)
    }),
  )
})

/** Kepler v0.11: every share is truncated towards zero, so that up to 1 µJ per workload and window is lost. */
function kepler(input: SplitInput): bigint {
  const active = (input.energyUj * input.busyUs) / input.capacityUs
  const all = sum(input.workloadsUs)
  return sum(input.workloadsUs.map(us => (us * active) / all))
}

test('nothing is lost where truncation would lose microjoules', () => {
  const workloadsUs = Array.from({ length: 7 }, () => 1_000_003n)
  const input = { energyUj: 13n, busyUs: sum(workloadsUs), capacityUs: sum(workloadsUs), workloadsUs }
  expect(input.energyUj - kepler(input)).toBe(6n)
  const result = split(input)
  expect(input.energyUj - sum(result.activeUj)).toBe(0n)
})

test.each([
  ['no capacity known: nothing tells idle from active', 0n, 5n, [1n, 2n], 'none', [0n, 0n], 0n, 100n],
  ['an idle window', 50n, 0n, [0n, 0n], 'ratio', [0n, 0n], 100n, 0n],
  ['busy beyond capacity', 10n, 20n, [5n, 5n], 'ratio', [50n, 50n], 0n, 0n],
  ['workloads beyond busy share what is active', 100n, 50n, [75n, 25n], 'ratio', [38n, 12n], 50n, 0n],
  ['no workload known', 100n, 50n, [], 'ratio', [], 50n, 50n],
] as const)('%s', (_, capacityUs, busyUs, workloadsUs, method, activeUj, idleUj, unattributedUj) => {
  expect(split({ energyUj: 100n, busyUs, capacityUs, workloadsUs })).toEqual({
    method,
    activeUj,
    idleUj,
    unattributedUj,
  })
})

test('a baseline is idle energy first, capped at what was metered', () => {
  const base = { energyUj: 100n, busyUs: 10n, capacityUs: 100n, workloadsUs: [5n] }
  expect(split({ ...base, baselineUj: 60n })).toEqual({
    method: 'baseline',
    activeUj: [20n],
    idleUj: 60n,
    unattributedUj: 20n,
  })
  expect(split({ ...base, baselineUj: 160n }).idleUj).toBe(100n)
})

test('memory energy is shared by memory x time; unassigned busy time stays unassigned', () => {
  const input = { energyUj: 1000n, busyUs: 100n, capacityUs: 200n, workloadsUs: [60n, 20n] }
  expect(split({ ...input, byteSeconds: [1n, 3n] })).toEqual({
    method: 'ratio',
    activeUj: [100n, 300n],
    idleUj: 500n,
    unattributedUj: 100n,
  })
})

test('a workload of unknown memory keeps its share by CPU time; the others share theirs by memory', () => {
  const input = { energyUj: 1000n, busyUs: 100n, capacityUs: 200n, workloadsUs: [40n, 20n, 20n] }
  expect(split({ ...input, byteSeconds: [1n, null, 3n] })).toEqual({
    method: 'ratio',
    activeUj: [75n, 100n, 225n],
    idleUj: 500n,
    unattributedUj: 100n,
  })
})
