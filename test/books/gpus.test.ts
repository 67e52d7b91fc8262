/**
 * Guarantees: energy of GPU boards is booked once and shared as docs/gpus.md says, less than 1 µJ from exact fractions, whoever holds
 * the board and whatever its driver does not tell; used and unused reserved time never exceed the time of the board.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drive, NOON_SECONDS, totalUj } from '../processors/meter/support.ts'
import { runs } from '../support/runs.ts'
import { apart, exactShares, type GpuMinute, type OnGpu, type PartOfGpu } from './gpu-oracle.ts'
import { readingsOfMinute } from './gpu-readings.ts'

const US = 60_000_000
/** Multiples of 60,000 µs: their gauges are whole thousandths. */
const time = fc.integer({ min: 0, max: 1000 }).map(thousandths => thousandths * 60_000)

const users = (isTold: boolean, prefix: string): fc.Arbitrary<OnGpu[]> =>
  fc
    .array(fc.record({ used: isTold ? time : fc.constant(null), held: time }), { maxLength: 4 })
    .map(some => some.map((one, index) => ({ ...one, id: `${prefix}${index}` })))

const part = (slices: number, of: number, prefix: string): fc.Arbitrary<PartOfGpu> =>
  fc
    .tuple(fc.boolean(), fc.option(time))
    .chain(([isTold, active]) => users(isTold, prefix).map(some => ({ slices, of, active, users: some })))
const whole = part(1, 1, 'w').map(one => [one])
const divided = fc.tuple(part(1, 7, 'a'), part(2, 7, 'b'), part(4, 7, 'c')).map(parts => [...parts])
const minute: fc.Arbitrary<GpuMinute> = fc.record({
  energyUj: fc.integer({ min: 0, max: 42_000_000_000 }),
  idleUj: fc.option(fc.integer({ min: 0, max: 6000 }).map(milliwatts => milliwatts * 60_000)),
  held: time,
  parts: fc.oneof(whole, divided),
})

function booked(one: GpuMinute, watts: number | null) {
  const run = drive({ metering: watts === null ? {} : { gpu_idle_watts: [{ watts }] } })
  run.record(readingsOfMinute(one))
  run.flush(60)
  return run.energy.filter(({ WindowStart }) => WindowStart === NOON_SECONDS)
}

describe('a minute of a board', () => {
  it('is shared as exact fractions say', () => {
    fc.assert(
      fc.property(minute, one => {
        const rows = booked(one, one.idleUj === null ? null : one.idleUj / 60_000_000)
        expect(totalUj(rows)).toBe(BigInt(one.energyUj))
        const exact = exactShares(one)
        const found = new Map<string, bigint>()
        for (const row of rows) {
          const who = row.WorkloadId || (row.Share === 'idle' ? 'idle' : 'nobody')
          found.set(who, (found.get(who) ?? 0n) + row.EnergyUj)
        }
        for (const who of new Set([...exact.keys(), ...found.keys()])) {
          const off = apart(found.get(who) ?? 0n, exact.get(who) ?? [0n, 1n])
          // Idle, places and holders are each rounded by less than a unit.
          expect([who, off < 3]).toEqual([who, true])
        }
        const used = rows.reduce((sum, row) => sum + row.GpuUs + row.GpuReservedIdleUs, 0n)
        const most = one.parts.reduce(
          (sum, { active, users: some }) =>
            sum +
            BigInt(
              Math.max(
                US,
                active ?? 0,
                some.reduce((total, { used: us }) => total + (us ?? 0), 0),
              ),
            ),
          0n,
        )
        expect(used <= most).toBe(true)
      }),
      { numRuns: runs(200) },
    )
  })
})
