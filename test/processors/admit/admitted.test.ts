// Guarantees: of what a sender repeats exactly the rest is new, wherever requests were cut differently; a record that has the place
// of another one is never taken for it; what is known survives the way into the log and stays bounded.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MAX_RECORDS, type SourceRecord } from '../../../core/model/forwarding.ts'
import {
  type AdmittedRecords,
  decideAdmission,
  decodeAdmitted,
  encodeAdmitted,
} from '../../../processors/admit/admitted.ts'

const record = (offset: number, rows = 3): SourceRecord => ({
  offset: BigInt(offset),
  rows,
  checksum: (offset * 2654435761) >>> 0,
})

test('every record is new once, however a sender cuts and repeats its last request', () => {
  const request = fc.record({ back: fc.nat(MAX_RECORDS), count: fc.integer({ min: 1, max: MAX_RECORDS }) })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), requests => {
      let known: AdmittedRecords = []
      let next = 0
      const admitted: number[] = []
      for (const { back, count } of requests) {
        // A sender goes back by no more than what it had no answer for: one request.
        const from = Math.max(0, next - back)
        const records = Array.from({ length: count }, (_, i) => record(from + i, 1 + (i % 4)))
        const decision = decideAdmission(known, records)
        const skipped = records.slice(0, decision.repeated)
        expect(decision.repeatedRows).toBe(skipped.reduce((sum, { rows }) => sum + rows, 0))
        admitted.push(...records.slice(decision.repeated).map(({ offset }) => Number(offset)))
        known = decodeAdmitted(encodeAdmitted(decision.admitted))
        expect(known.length).toBeLessThanOrEqual(MAX_RECORDS)
        next = Math.max(next, from + count)
      }
      expect(admitted).toEqual(Array.from({ length: next }, (_, i) => i))
    }),
  )
})

test('another record in the place of one that was here is a conflict', () => {
  const { admitted } = decideAdmission([], [record(4), record(5), record(7)])
  const conflict = expect.objectContaining({ code: 'origin_conflict', disposition: 'quarantine' })
  expect(() => decideAdmission(admitted, [{ ...record(5), checksum: 1 }, record(8)])).toThrow(conflict)
  // Between two that were here: it was not there to be sent.
  expect(() => decideAdmission(admitted, [record(6)])).toThrow(conflict)
  // A log that begins again, or goes back further than anyone remembers.
  expect(() => decideAdmission(admitted, [record(0)])).toThrow(conflict)
  expect(decideAdmission(admitted, [record(7), record(8)])).toMatchObject({ repeated: 1, repeatedRows: 3 })
})

test('bytes that are no state stop the processor', () => {
  expect(() => decodeAdmitted(Buffer.alloc(13))).toThrow(
    expect.objectContaining({ code: 'invariant_broken' }),
  )
})
