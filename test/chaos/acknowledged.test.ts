// Guarantees: the auditor's own books are right: counters are split at minutes by largest remainder without loss, and
// the faults of a run follow from its seed.
import { expect, it } from 'vitest'
import { seededRandom } from '../support/random.ts'
import { cut, Meter } from './acknowledged.ts'
import { embeddedTopology } from './embedded.ts'
import { kafkaTopology } from './kafka.ts'
import { drawFault } from './topology.ts'

const SECOND = 1_000_000_000n
const MINUTE = 60n * SECOND

it('splits an interval at minute boundaries; a remaining microjoule goes to the larger remainder, or to the earlier of equal ones', () => {
  const amounts = (amount: bigint, from: bigint, to: bigint) =>
    cut(amount, from, to).map(part => [part.window, part.amount])
  expect(amounts(100n, 10n * SECOND, 50n * SECOND)).toEqual([[0, 100n]])
  expect(amounts(10n, 50n * SECOND, MINUTE + 30n * SECOND)).toEqual([
    [0, 3n],
    [1, 7n],
  ])
  expect(amounts(5n, 55n * SECOND, 65n * SECOND)).toEqual([
    [0, 3n],
    [1, 2n],
  ])
  expect(amounts(11n, 58n * SECOND, 63n * SECOND)).toEqual([
    [0, 4n],
    [1, 7n],
  ])
})

it('counts in minutes the same total as the meter', () => {
  const random = seededRandom(3)
  const meter = new Meter()
  let [time, energy] = [MINUTE / 7n, 1_000n]
  const first = energy
  for (let i = 0; i < 500; i++) {
    meter.add(time, energy)
    time += BigInt(Math.ceil(random() * 2e11))
    energy += BigInt(Math.floor(random() * 1e9))
  }
  meter.add(time, energy)
  expect(meter.total).toBe(energy - first)
  expect([...meter.minutes.values()].reduce((sum, part) => sum + part, 0n)).toBe(meter.total)
})

it('draws the same faults from the same seed, and each of them at some time', async () => {
  for (const topology of [embeddedTopology(), kafkaTopology()]) {
    const draw = (seed: number) => drawFault(topology.faults, seededRandom(seed)).name
    const drawn = Array.from({ length: 2_000 }, (_, seed) => draw(seed))
    expect(drawn).toEqual(drawn.map((_, seed) => draw(seed)))
    expect(new Set(drawn)).toEqual(new Set(topology.faults.map(({ name }) => name)))
    await topology.destroy(false)
  }
})
