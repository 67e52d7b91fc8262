// Guarantees: the ages of all rows of a record that is looked into are counted, from the time in the rows to the moment they
// are stored; looking costs no more than about a hundredth of the time; what cannot be read changes nothing.

import { expect, it } from 'vitest'
import { readColumn } from '../../../core/columns/record-reader.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { ledger, traces } from '../../../core/model/streams/index.ts'
import { RowAges } from '../../../processors/store/row-ages.ts'
import { ledgerRow, spanRow } from '../../query/support/rows.ts'

const NOW_MS = Date.parse('2026-11-20T12:00:00Z')
const spansAged = (...seconds: number[]): Uint8Array =>
  encodeRows(
    traces,
    seconds.map(age => spanRow({ Timestamp: BigInt(NOW_MS - age * 1000) * 1_000_000n })),
  )

/** A clock whose looks take `tookMs` each. */
function setUp(tookMs = 0) {
  let monotonicMs = 0
  const ages = new RowAges({
    now: () => NOW_MS,
    monotonic: () => {
      monotonicMs += tookMs
      return monotonicMs
    },
  })
  const wait = (ms: number): void => {
    monotonicMs += ms
  }
  return { ages, wait }
}

it('counts every row by its age, of each stream by its own time', () => {
  const { ages } = setUp()
  ages.stored(traces, spansAged(0.4, 3, 3, 100, 200_000), readColumn)
  ages.stored(ledger, encodeRows(ledger, [ledgerRow({ WindowStart: NOW_MS / 1000 - 95 })]), readColumn)
  const spans = ages.samples().get('traces')
  expect(spans?.newestSeconds).toBeCloseTo(NOW_MS / 1000 - 0.4, 3)
  expect(spans?.ages.count).toBe(5)
  expect(spans?.ages.sum).toBeCloseTo(200_106.4, 3)
  const at = new Map(spans?.ages.bounds.map((bound, index) => [bound, spans.ages.cumulative[index]]))
  expect([at.get(0.5), at.get(2), at.get(5), at.get(120), at.get(86_400)]).toEqual([1, 1, 3, 4, 4])
  expect(ages.samples().get('ledger')).toMatchObject({ newestSeconds: NOW_MS / 1000 - 95, ages: { sum: 95 } })
})

it('takes what is dated ahead as new', () => {
  const { ages } = setUp()
  ages.stored(traces, spansAged(-60), readColumn)
  expect(ages.samples().get('traces')?.ages.sum).toBe(0)
  expect(ages.samples().get('traces')?.newestSeconds).toBe(NOW_MS / 1000 + 60)
})

it('looks again when a hundred times the time of the last look is over', () => {
  const { ages, wait } = setUp(10)
  const count = (): number | undefined => ages.samples().get('traces')?.ages.count
  ages.stored(traces, spansAged(1), readColumn)
  ages.stored(traces, spansAged(1), readColumn)
  expect(count()).toBe(1)
  // Each stream has its own turn.
  ages.stored(ledger, encodeRows(ledger, [ledgerRow({})]), readColumn)
  expect(ages.samples().size).toBe(2)
  wait(1_000)
  ages.stored(traces, spansAged(1), readColumn)
  expect(count()).toBe(2)
})

it('says nothing of what it cannot read', () => {
  const { ages } = setUp()
  ages.stored(traces, Buffer.from('not a record'), readColumn)
  expect(ages.samples().size).toBe(0)
})
