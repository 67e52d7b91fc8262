/**
 * Guarantees: while the warehouse is away, new data is acknowledged and waits in the log; when it is back, the backlog
 * is processed while new data arrives, every acknowledged span is stored once, and each partition in order.
 * `npm run bench:outage` does the same with an hour of load, and measures memory.
 */
import { expect, test } from 'vitest'
import { runOutage } from '../../support/outage.ts'

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
  // One per record: the backlog was not stored by fewer, larger inserts, and none was stored twice under another token.
  expect(report.inserts).toBeGreaterThanOrEqual(20)
})
