// Guarantees: a pass is divided into stretches of the table that hold every stale workload once, in order, within the limits.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cursorOf, type PlannedWorkload, unitsOf } from '../../../processors/restate/units.ts'

const SMALL = { entries: 100, corrections: 60, hosts: 2 }
const workloads = fc
  .uniqueArray(
    fc.record({
      Tenant: fc.constantFrom('a', 'b'),
      Account: fc.constantFrom('x', 'y'),
      Host: fc.constantFrom('h1', 'h2', 'h3'),
      WorkloadKind: fc.constantFrom('', 'container'),
      WorkloadId: fc.constantFrom('1', '2', '3'),
      Entries: fc.integer({ min: 1, max: 150 }),
      Stale: fc.constantFrom(0, 1),
      Hours: fc.integer({ min: 1, max: 20 }),
      PueDigits: fc.integer({ min: 1, max: 9 }),
      MostUj: fc.bigInt({ min: 0n, max: 2n ** 62n }).map(String),
      HasShared: fc.constantFrom(0, 1),
      HasUnpriced: fc.constantFrom(0, 1),
    }),
    { selector: one => cursorOf(one).join('/') },
  )
  .map(some => some.toSorted((a, b) => (cursorOf(a).join('/') < cursorOf(b).join('/') ? -1 : 1)))

const isWithin = (one: PlannedWorkload, { from, to }: { from: readonly string[]; to: readonly string[] }) =>
  cursorOf(one).join('/') >= from.join('/') && cursorOf(one).join('/') <= to.join('/')

it('holds each stale workload once, with what is most in its stretch', () => {
  fc.assert(
    fc.property(workloads, all => {
      const units = unitsOf(all, SMALL)
      const inUnits = units.map(unit => all.filter(one => isWithin(one, unit)))
      const stale = all.filter(({ Stale }) => Stale > 0)
      expect(inUnits.flat().filter(({ Stale }) => Stale > 0)).toEqual(stale)
      for (const [index, unit] of units.entries()) {
        const some = inUnits[index] ?? []
        expect(unit.Tenant).toBe(some[0]?.Tenant)
        expect(some.every(({ Tenant }) => Tenant === unit.Tenant)).toBe(true)
        expect(some[0]?.Stale).toBe(1)
        expect([...unit.hosts].sort()).toEqual([...new Set(some.map(({ Host }) => Host))].sort())
        expect(unit.pueDigits).toBe(Math.max(...some.map(({ PueDigits }) => PueDigits)))
        expect(some.map(({ MostUj }) => BigInt(MostUj))).toContain(unit.mostUj)
        expect(some.every(({ MostUj }) => BigInt(MostUj) <= unit.mostUj)).toBe(true)
        expect(unit.hasShared).toBe(some.some(({ HasShared }) => HasShared === 1))
        expect(unit.hasUnpriced).toBe(some.some(({ HasUnpriced }) => HasUnpriced === 1))
      }
    }),
    { seed: 20261130 },
  )
})

it('ends a stretch at its limits, unless a single workload is beyond them', () => {
  fc.assert(
    fc.property(workloads, all => {
      for (const unit of unitsOf(all, SMALL)) {
        const some = all.filter(one => isWithin(one, unit))
        const entries = some.reduce((sum, one) => sum + one.Entries, 0)
        const corrections = some.reduce((sum, one) => sum + Math.min(one.Entries, 4 * one.Hours), 0)
        expect(unit.hosts.size).toBeLessThanOrEqual(SMALL.hosts)
        expect(some.length === 1 || (entries <= SMALL.entries && corrections <= SMALL.corrections)).toBe(true)
      }
    }),
    { seed: 20261130 },
  )
})

it('makes nothing of workloads without stale entries', () => {
  fc.assert(
    fc.property(workloads, all => {
      expect(unitsOf(all.map(one => ({ ...one, Stale: 0 })))).toEqual([])
    }),
    { seed: 20261130 },
  )
})
