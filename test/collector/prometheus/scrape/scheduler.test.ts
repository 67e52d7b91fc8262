// Guarantees: every target has one turn per interval, at an offset determined by its id; turns are spread, limited,
// never doubled and never caught up; a removed target is reported, again while the log does not accept it.
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { Scheduler, untilTurn } from '../../../../collector/prometheus/scrape/scheduler.ts'
import { FakeClock } from '../../intake/fakes.ts'

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex')

interface Told {
  readonly id: string
  readonly runs: number[]
  skips: number
  leaves: number
}

/** A target whose runs take `takesMs`; its first `refusals` reports of its removal are refused. */
function target(clock: FakeClock, name: string, { takesMs = 0, refusals = 0, intervalMs = 10_000 } = {}) {
  const told: Told = { id: idOf(name), runs: [], skips: 0, leaves: 0 }
  const item = {
    id: told.id,
    intervalMs,
    run: async () => {
      told.runs.push(clock.nowMs)
      if (takesMs > 0) await new Promise<void>(resolve => clock.after(takesMs, resolve))
    },
    leave: async () => {
      told.leaves += 1
      if (told.leaves <= refusals) throw new Error('not now')
    },
    skipped: () => {
      told.skips += 1
    },
  }
  return { item, told }
}

it('gives each target one turn per interval, at the same offset after a restart', async () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock, 8)
  const targets = Array.from({ length: 100 }, (_, at) => target(clock, `t${at}`))
  for (const { item } of targets) scheduler.add(item)
  await clock.advance(50_000)
  for (const { told } of targets) {
    expect(told.runs).toHaveLength(5)
    for (const [at, ms] of told.runs.slice(1).entries()) expect(ms - told.runs[at]!).toBeCloseTo(10_000, 0)
  }
  // Spread: no tenth of the interval has more than a fifth of the targets.
  const tenths = Map.groupBy(targets, ({ told }) => Math.floor((told.runs[0]! % 10_000) / 1000))
  expect(Math.max(...[...tenths.values()].map(list => list.length))).toBeLessThanOrEqual(20)

  const later = new FakeClock()
  later.nowMs = 777_123
  const again = target(later, 't7')
  new Scheduler(later, 8).add(again.item)
  await later.advance(10_000)
  expect(again.told.runs[0]! % 10_000).toBeCloseTo(targets[7]!.told.runs[0]! % 10_000, 0)
})

it('computes the next turn within the interval', () => {
  for (const [id, nowMs] of [
    ['00000000', 0],
    ['00000000', 9_999.5],
    ['ffffffff', 3],
    ['80000000', 4_999],
  ] as const) {
    const until = untilTurn({ id, intervalMs: 10_000 }, nowMs)
    expect(until).toBeGreaterThan(0)
    expect(until).toBeLessThanOrEqual(10_000)
    const offset = (Number.parseInt(id, 16) / 2 ** 32) * 10_000
    expect((nowMs + until - offset) % 10_000).toBeCloseTo(0, 6)
  }
})

it('runs a turn once although its timer fires early', async () => {
  const clock = new FakeClock()
  const early = new FakeClock()
  early.after = (ms, run) => clock.after(Math.max(0, ms - 0.8), run)
  early.unixNano = () => clock.unixNano()
  const { item, told } = target(clock, 'a')
  new Scheduler(early, 1).add(item)
  await clock.advance(30_000)
  expect(told.runs).toHaveLength(3)
})

it('skips turns while the previous one runs, and does not catch up', async () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock, 8)
  const { item, told } = target(clock, 'slow', { takesMs: 25_000 })
  scheduler.add(item)
  await clock.advance(60_000)
  expect(told.runs).toHaveLength(2)
  expect(told.skips).toBe(4)
})

it('runs no more at a time than allowed, the others in order', async () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock, 3)
  let most = 0
  let now = 0
  const targets = Array.from({ length: 12 }, (_, at) => target(clock, `t${at}`, { takesMs: 2_400 }))
  for (const { item } of targets) {
    const { run } = item
    item.run = async () => {
      now += 1
      most = Math.max(most, now)
      await run()
      now -= 1
    }
    scheduler.add(item)
  }
  await clock.advance(40_000)
  expect(most).toBe(3)
  for (const { told } of targets) expect(told.runs.length).toBeGreaterThanOrEqual(2)
})

it('reports a removed target after its run has ended, again while the report is refused', async () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock, 8)
  const { item, told } = target(clock, 'a', { takesMs: 4_000, refusals: 2 })
  scheduler.add(item)
  while (told.runs.length === 0) await clock.advance(100)
  scheduler.remove(item.id)
  expect(told.leaves).toBe(0)
  await clock.advance(4_000)
  expect(told.leaves).toBe(1)
  await clock.advance(200_000)
  expect(told).toMatchObject({ leaves: 3, runs: [told.runs[0]] })
})

it('stops when its runs have ended, and starts no others', async () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock, 1)
  const targets = ['a', 'b', 'c'].map(name => target(clock, name, { takesMs: 9_000 }))
  for (const { item } of targets) scheduler.add(item)
  await clock.advance(11_000)
  const runs = targets.map(({ told }) => told.runs.length)
  let isStopped = false
  void scheduler.stop().then(() => {
    isStopped = true
  })
  await clock.advance(1)
  expect(isStopped).toBe(false)
  await clock.advance(100_000)
  expect(isStopped).toBe(true)
  expect(targets.map(({ told }) => told.runs.length)).toEqual(runs)
})
