// Guarantees: the audit of losses finds unreported losses, and reported losses that did not happen.
import { expect, it } from 'vitest'
import { nothingAcknowledged } from './acknowledged.ts'
import { auditLostSpans, type Told } from './audit-losses.ts'

it('finds losses that were not reported, and reported ones that exist', () => {
  const missing = (spans: number, unanswered = 0) => ({
    ...nothingAcknowledged(),
    missing: { acknowledged: spans === 0 ? [] : [{ spans, acknowledgedMs: 50_000 }], unanswered },
  })
  const told = (rows: number): Told => ({
    rows: new Map([['otel_traces', rows]]),
    records: [],
    isLogLost: false,
  })
  expect(auditLostSpans([missing(10)], told(10))).toEqual([])
  expect(auditLostSpans([missing(4), missing(6, 5)], told(12))).toEqual([])
  expect(auditLostSpans([missing(11)], told(10))).toEqual([expect.stringContaining('11 acknowledged spans')])
  expect(auditLostSpans([missing(0, 2)], told(3))).toEqual([expect.stringContaining('3 spans were told')])
  const records = (fromMs: number, toMs: number): Told => ({
    rows: new Map(),
    records: [{ stream: 'traces', fromMs, toMs }],
    isLogLost: true,
  })
  expect(auditLostSpans([missing(10)], records(40_000, 60_000))).toEqual([])
  expect(auditLostSpans([missing(10)], records(10_000, 20_000))).toEqual([
    expect.stringContaining('10 acknowledged'),
  ])
})
