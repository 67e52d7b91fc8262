/**
 * Random hosts over some minutes: the values of their meters, who reads them, how they are sent, and when they arrive.
 * Seeded.
 */

import { at, type Reading, reading } from '../processors/meter/support.ts'
import { seededRandom } from '../support/random.ts'

export interface Arrival {
  /** Seconds after noon. */
  readonly arrives: number
  readonly row: Reading
}

const BEATS = [5, 15, 60] as const
const RANGE = 262_143_328_850n

class Dice {
  readonly #random: () => number
  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }
  upTo(most: number): number {
    return Math.floor(this.#random() * (most + 1))
  }
  between(least: number, most: number): number {
    return least + this.upTo(most - least)
  }
  is(chance: number): boolean {
    return this.#random() < chance
  }
  one<T>(of: readonly T[]): T {
    return of[this.upTo(of.length - 1)]!
  }
}

/** Value of a counter at each second: it rises by up to `most` per second, from any start. */
function counting(dice: Dice, seconds: number, most: number, from: number): bigint[] {
  let value = BigInt(from)
  let pace = dice.upTo(most)
  return Array.from({ length: seconds + 1 }, () => {
    if (dice.is(0.1)) pace = dice.upTo(most)
    const shown = value
    value += BigInt(pace)
    return shown
  })
}

interface Agent {
  readonly source: string
  readonly beat: number
  readonly phase: number
  readonly from: number
  readonly to: number
  /** How far its clock is ahead at a second, s. */
  readonly ahead: (second: number) => number
  /** Delay of a reading in seconds. */
  readonly delay: () => number
  readonly bootId: string
  readonly quality: string
}

function agentOf(dice: Dice, source: string, seconds: number, facts: Partial<Agent> = {}): Agent {
  const beat = dice.one(BEATS)
  const skew = dice.is(0.3) ? dice.between(-50, 50) : 0
  const [wrongFrom, wrongFor, wrongBy] = [
    dice.upTo(seconds),
    dice.between(10, 120),
    dice.one([-7, 8, 40, 2_000]),
  ]
  const steps = dice.is(0.12)
  const slow = dice.is(0.5)
  return {
    source,
    beat,
    phase: dice.upTo(beat * 1_000 - 1) / 1_000,
    from: 0,
    to: seconds,
    ahead: second => skew + (steps && second >= wrongFrom && second < wrongFrom + wrongFor ? wrongBy : 0),
    delay: () => (slow && dice.is(0.15) ? dice.between(2, 14) : dice.upTo(1)),
    bootId: 'boot',
    quality: 'measured',
    ...facts,
  }
}

interface Shown {
  readonly facts: Partial<Reading>
  readonly values: readonly bigint[]
}

/** How a counter may misbehave: restart, show 0 or far too much once, be missing for a while. */
function misbehaving(
  dice: Dice,
  values: readonly bigint[],
): { values: bigint[]; isAway: (second: number) => boolean } {
  const last = values.length - 1
  const restart = dice.is(0.15) ? dice.upTo(last) : values.length
  const odd = dice.is(0.1) ? dice.upTo(last) : -1
  // Usually no longer than a window waits; otherwise data for closed windows is late.
  const awayFor = dice.is(0.04) ? dice.between(40, 220) : dice.is(0.2) ? dice.between(5, 25) : 0
  const awayFrom = dice.upTo(last)
  const oddValue = dice.is(0.5) ? 0n : 1n << 55n
  return {
    values: values.map((value, second) => {
      if (second >= odd && second < odd + 5 && odd >= 0) return oddValue
      if (second < restart) return value
      const since = value - values[restart]!
      // It may wrap after it restarted.
      return since < 0n ? since + RANGE : since
    }),
    isAway: second => second >= awayFrom && second < awayFrom + awayFor,
  }
}

function* told(dice: Dice, agent: Agent, host: string, shown: Shown): Generator<Arrival> {
  const { values, isAway } = misbehaving(dice, shown.values)
  for (let taken = agent.from + agent.phase; taken <= agent.to; taken += agent.beat) {
    if (isAway(taken)) continue
    const row = reading({
      Host: host,
      BootId: agent.bootId,
      Source: agent.source,
      Quality: agent.quality,
      Timestamp: at(taken + agent.ahead(taken)),
      Value: values[Math.floor(taken)]!,
      ...shown.facts,
    })
    yield { arrives: taken + agent.delay(), row }
    if (dice.is(0.04)) yield { arrives: taken + agent.delay() + 2, row }
  }
}

/** One host: one or two agents, and maybe a second collector of one of them that overlaps. */
export function randomHost(seed: number, host: string, minutes: number): Arrival[] {
  const dice = new Dice(seed)
  const seconds = minutes * 60
  const package0 = counting(dice, seconds, 200_000_000, dice.upTo(1e12))
  const package1 = counting(dice, seconds, 200_000_000, Number(RANGE) - dice.upTo(4e9)).map(
    value => value % RANGE,
  )
  const user = counting(dice, seconds, 2_000_000, dice.upTo(1e9))
  const idle = counting(dice, seconds, 1_000_000, 0).map(
    (value, second) => value + BigInt(second) * 2_000_000n,
  )
  const used = ['A', 'B', 'C'].map(() => counting(dice, seconds, 600_000, dice.upTo(1e9)))
  const ofContainer = (id: string): Partial<Reading> => ({
    Quantity: 'cpu_time',
    WorkloadKind: 'container',
    WorkloadId: id,
  })
  // All agents of the host are missing: its windows wait for later readings.
  const [silentFrom, silentFor] = dice.is(0.3) ? [dice.between(60, seconds), dice.between(40, 200)] : [0, 0]
  const energy: Shown = { facts: { Domain: 'package-0' }, values: package0 }
  const arrivals: Arrival[] = []
  const tell = (agent: Agent, ...all: Shown[]): void => {
    for (const shown of all) arrivals.push(...told(dice, agent, host, shown))
  }
  const sensor = agentOf(dice, 'sensor', seconds)
  tell(
    sensor,
    energy,
    { facts: { Domain: 'package-1', RangeMax: RANGE }, values: package1 },
    { facts: { Quantity: 'cpu_time', Domain: 'user' }, values: user },
    { facts: { Quantity: 'cpu_time', Domain: 'idle' }, values: idle },
    { facts: ofContainer('A'), values: used[0]! },
  )
  const exporter = agentOf(dice, 'exporter', seconds, {
    quality: dice.one(['measured', 'measured', 'estimated']),
    from: dice.upTo(60),
    to: seconds - dice.upTo(60),
  })
  const seenByExporter: Shown[] = [energy, { facts: ofContainer('B'), values: used[1]! }]
  if (dice.is(0.7)) tell(exporter, ...seenByExporter)
  if (dice.is(0.4)) {
    const from = dice.upTo(seconds)
    const twin = {
      bootId: 'twin',
      quality: exporter.quality,
      from,
      to: Math.min(seconds, from + dice.upTo(seconds)),
    }
    tell(agentOf(dice, 'exporter', seconds, twin), ...seenByExporter)
  }
  if (dice.is(0.3)) tell(agentOf(dice, 'cadvisor', seconds), { facts: ofContainer('C'), values: used[2]! })
  if (dice.is(0.3)) {
    const watts = Array.from({ length: seconds + 1 }, () => BigInt(dice.upTo(700_000)))
    tell(agentOf(dice, 'dcgm', seconds, { bootId: '' }), {
      facts: { Quantity: 'power', Domain: 'gpu-1' },
      values: watts,
    })
  }
  return arrivals.filter(({ row }) => {
    const second = Number(row.Timestamp - at(0)) / 1e9
    return second < silentFrom || second >= silentFrom + silentFor
  })
}
