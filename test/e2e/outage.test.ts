/**
 * Guarantees: while the warehouse is away, what arrives is acknowledged and waits in the log; when it is back, the backlog is
 * worked off while arrivals go on, every acknowledged span is stored once, and each partition in order.
 * `npm run bench:outage` does the same with an hour of load, and looks at memory.
 */
import { expect, test } from 'vitest'
import { runOutage } from '../support/outage.ts'

test('a short outage: nothing lost, nothing duplicated, in order', async () => {
  const report = await runOutage({
    log: 'embedded',
    spans: 5_000,
    spansPerSecond: 250,
    quietSeconds: 0,
    say: () => {},
  })
  expect(report.acknowledged).toBeGreaterThanOrEqual(5_000)
  expect(report.rows).toBe(report.acknowledged)
  expect(report.distinct).toBe(report.acknowledged)
  expect([report.lowest, report.highest]).toEqual([1, report.acknowledged])
  expect(report.outOfOrder).toEqual([])
  // One a record: the backlog was not stored by fewer, larger tries, and none was stored twice under another token.
  expect(report.inserts).toBeGreaterThanOrEqual(20)
})
