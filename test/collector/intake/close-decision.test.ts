/**
 * Guarantees: a batch closes at its limits in any case; never waits longer than `thinWaitMs`; thin traffic waits that
 * long, dense traffic `waitMs`, delayed clients `waitMs`; a large enough batch that no request can join closes after 2
 * ms of silence; a small one is answered at once if waiting gains nothing and small records are within the rate; and
 * the named time of the next check is never too late.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BatchFacts,
  type CloseLimits,
  decayedRate,
  decideClose,
  waitMs,
} from '../../../collector/intake/close-decision.ts'
import { createSmallRecords } from '../../../collector/intake/small-records.ts'

const LIMITS: CloseLimits = { rows: 32_768, bytes: 8_388_608, waitMs: 100, thinWaitMs: 1000 }
const FACTS: BatchFacts = {
  rows: 10,
  bytes: 1_000,
  firstRowMs: 0,
  lastRowMs: 0,
  promptRows: 0,
  backAfterMs: Number.POSITIVE_INFINITY,
  isLone: false,
  affordableAtMs: 0,
  rowsPerSecond: 10,
  outside: 1,
  appendsFull: false,
}

// rows  bytes    last  prompt  rate    outside  full | now  -> decision (a reason, or when to ask again)
const TABLE = `
  10     1000     0     0       10      1        no   | 0    -> 1000
  10     1000     0     0       10      1        no   | 999  -> 1000
  10     1000     0     0       10      1        no   | 1000 -> waited
  10     1000     0     0       10      0        no   | 50   -> 1000
  10     1000     0     0       5000    1        no   | 50   -> 200
  10     1000     0     0       5000    1        no   | 200  -> waited
  10     1000     0     0       90000   1        no   | 50   -> 100
  10     1000     0     0       90000   1        no   | 100  -> waited
  127    1000     0     127     10      1        no   | 100  -> 1000
  128    1000     0     128     10      1        no   | 50   -> 100
  128    1000     0     128     10      1        no   | 100  -> waited
  999    1000     10    0       999     0        no   | 20   -> 1000
  1000   1000     10    0       1000    0        no   | 10   -> 12
  1000   1000     10    0       1000    0        no   | 11   -> 12
  1000   1000     10    0       1000    0        no   | 12   -> complete
  1000   1000     10    0       1000    1        no   | 12   -> 1000
  4000   1000     99    0       90000   0        no   | 99   -> 100
  32768  1000     0     0       10      1        no   | 0    -> rows
  10     8388608  0     0       10      1        no   | 0    -> bytes
  10     1000     0     0       10      0        yes  | 999  -> 1000
  10     1000     0     0       90000   0        yes  | 999  -> 1000
  10     1000     0     0       10      0        yes  | 1000 -> waited
  32768  1000     0     0       10      1        yes  | 0    -> rows
  10     8388608  0     0       10      1        yes  | 0    -> bytes
`

describe('decideClose', () => {
  const lines = TABLE.trim()
    .split('\n')
    .map(line => line.trim())

  it.each(lines)('%s', line => {
    const [left, right] = line.split('|')
    const [rows, bytes, lastRowMs, promptRows, rowsPerSecond, outside, full] = left!.trim().split(/\s+/)
    const [now, expected] = right!.split('->').map(text => text.trim())
    const facts: BatchFacts = {
      ...FACTS,
      rows: Number(rows),
      bytes: Number(bytes),
      lastRowMs: Number(lastRowMs),
      promptRows: Number(promptRows),
      rowsPerSecond: Number(rowsPerSecond),
      outside: Number(outside),
      appendsFull: full === 'yes',
    }
    const decision = decideClose(facts, LIMITS, Number(now))
    expect(decision.close ? decision.reason : String(decision.wakeAtMs)).toBe(expected)
  })

  const arbitraryFacts = fc.record({
    rows: fc.integer({ min: 1, max: 40_000 }),
    bytes: fc.integer({ min: 1, max: 10_000_000 }),
    firstRowMs: fc.constant(0),
    lastRowMs: fc.integer({ min: 0, max: 1_000 }),
    promptRows: fc.integer({ min: 0, max: 40_000 }),
    backAfterMs: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.constant(Number.POSITIVE_INFINITY)),
    isLone: fc.boolean(),
    affordableAtMs: fc.integer({ min: 0, max: 2_000 }),
    rowsPerSecond: fc.double({ min: 0, max: 1e6, noNaN: true }),
    outside: fc.integer({ min: 0, max: 100 }),
    appendsFull: fc.boolean(),
  })

  it('closes in time: at the moment it named, with nothing new, it closes', () => {
    fc.assert(
      fc.property(arbitraryFacts, facts => {
        const now = facts.lastRowMs
        const decision = decideClose(facts, LIMITS, now)
        if (decision.close) return
        expect(decision.wakeAtMs).toBeGreaterThan(now)
        expect(decision.wakeAtMs).toBeLessThanOrEqual(LIMITS.thinWaitMs)
        expect(decideClose(facts, LIMITS, decision.wakeAtMs).close).toBe(true)
      }),
    )
  })

  it('never closes a small batch before waitMs if it exceeds the rate', () => {
    fc.assert(
      fc.property(arbitraryFacts, fc.integer({ min: 0, max: 99 }), (facts, now) => {
        fc.pre(facts.rows < 1_000 && facts.bytes < LIMITS.bytes && facts.affordableAtMs > now)
        expect(decideClose(facts, LIMITS, now).close).toBe(false)
      }),
    )
  })

  it('never waits longer for more traffic than for less', () => {
    fc.assert(
      fc.property(arbitraryFacts, fc.double({ min: 0, max: 1e6, noNaN: true }), (facts, more) => {
        const denser = { ...facts, rowsPerSecond: facts.rowsPerSecond + more }
        expect(waitMs(denser, LIMITS)).toBeLessThanOrEqual(waitMs(facts, LIMITS))
      }),
    )
  })
})

// who came        first last outside affordable | now -> decision
const PROMPT = `
  lone              0     0    0       0          | 1   -> 2
  lone              0     0    0       0          | 2   -> prompt
  lone              0     0    1       0          | 2   -> 1000
  lone              0     0    0       70         | 2   -> 70
  lone              0     0    0       70         | 70  -> prompt
  back-after-21     0     0    0       0          | 2   -> 21
  back-after-21     0     0    0       0          | 21  -> prompt
  back-after-21     0     20   0       0          | 21  -> 22
  back-after-21     0     0    0       90         | 21  -> 90
  back-after-21     0     0    0       400        | 21  -> 100
  back-after-21     0     0    1       0          | 21  -> 100
  back-after-21     0     0    1       0          | 100 -> waited
  back-after-400    0     0    0       0          | 21  -> 400
  back-after-400    0     0    0       900        | 400 -> waited
  back-after-5000   0     0    0       0          | 21  -> 1000
  others            0     0    0       0          | 21  -> 1000
`

describe('decideClose, for small batches', () => {
  const lines = PROMPT.trim()
    .split('\n')
    .map(line => line.trim())

  it.each(lines)('%s', line => {
    const [left, right] = line.split('|')
    const [who = '', firstRowMs, lastRowMs, outside, affordableAtMs] = left!.trim().split(/\s+/)
    const [now, expected] = right!.split('->').map(text => text.trim())
    const back = /back-after-(\d+)/.exec(who)?.[1]
    const facts: BatchFacts = {
      ...FACTS,
      backAfterMs: back === undefined ? Number.POSITIVE_INFINITY : Number(back),
      isLone: who === 'lone',
      firstRowMs: Number(firstRowMs),
      lastRowMs: Number(lastRowMs),
      outside: Number(outside),
      affordableAtMs: Number(affordableAtMs),
    }
    const decision = decideClose(facts, LIMITS, Number(now))
    expect(decision.close ? decision.reason : String(decision.wakeAtMs)).toBe(expected)
  })
})

describe('small records', () => {
  it('are collected in quiet times, and never written faster than they arrive for long', () => {
    const records = createSmallRecords(10, 10)
    let made = 0
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1) {
      if (records.affordableAtMs(nowMs) > nowMs) continue
      records.spend(nowMs)
      made += 1
    }
    expect(made).toBeGreaterThanOrEqual(109)
    expect(made).toBeLessThanOrEqual(110)
  })

  it('give the time when the next one is allowed, with a debt of at most one', () => {
    const records = createSmallRecords(10, 2)
    for (let spent = 0; spent < 20; spent++) records.spend(1_000)
    expect(records.affordableAtMs(1_000)).toBe(1_100)
    expect(records.affordableAtMs(1_100)).toBe(1_100)
    records.spend(1_100)
    expect(records.affordableAtMs(1_150)).toBeCloseTo(1_200)
  })
})

describe('decayedRate', () => {
  it('settles at the rate of steady traffic and decays without traffic', () => {
    let rate = 0
    for (let second = 0; second < 10; second += 0.01) rate = decayedRate(rate, 10, 50)
    expect(rate).toBeGreaterThan(4_900)
    expect(rate).toBeLessThan(5_100)
    expect(decayedRate(rate, 10_000, 0)).toBeLessThan(1)
  })
})
