// Guarantees: whatever was restored or lost, a plan has exactly those records stored again that the tables lack and the log
// has, and never one that they have and whose token they may have forgotten; what a kill leaves needs no plan; and a plan that
// was cut off goes on as it was.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeRewind,
  encodeRewind,
  isWanted,
  planRewind,
  REWIND,
  type Rewind,
  type RewindInputs,
} from '../../../processors/store/rewind.ts'

interface World {
  first: bigint
  end: bigint
  committed: bigint
  /** Offsets from here on have origin `b`. */
  since: bigint
  /** Offsets whose rows the tables have. */
  rows: ReadonlySet<bigint>
  /** Of these and of lost ones, those whose tokens they have. */
  logged: ReadonlySet<bigint>
  stored: RewindInputs['stored']
  state: ReadonlyMap<string, Uint8Array>
}

const factsOf = (world: World, more: Partial<RewindInputs> = {}): RewindInputs => ({
  holding: {
    partition: 0,
    first: world.first,
    end: world.end,
    committed: world.committed,
    originOf: offset => (offset >= world.since ? 'b' : 'a'),
    state: world.state,
  },
  stored: world.stored,
  isKept: true,
  isAllMissing: false,
  isLogged: offset => world.logged.has(offset),
  isBurnt: offset => world.logged.has(offset) && !world.rows.has(offset),
  mayForget: true,
  above: 7,
  inventoried: null,
  ...more,
})

/** Offsets that are inserted from the committed one on, as `store` does it; then the tables. */
function carriedOut(world: World, plan: { offset: bigint; rewind: Rewind } | null): bigint[] {
  const inserted: bigint[] = []
  for (let offset = plan?.offset ?? world.committed; offset < world.end; offset++) {
    if (plan !== null && offset < plan.rewind.until && !isWanted(plan.rewind, offset)) continue
    // The engine holds back what it has under a token it knows.
    if (world.rows.has(offset) && world.logged.has(offset)) continue
    inserted.push(offset)
  }
  return inserted
}

const range = (from: number, to: number): bigint[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => BigInt(from + i))

const world = (more: Partial<World>): World => ({
  first: 0n,
  end: 100n,
  committed: 100n,
  since: 1_000n,
  rows: new Set(range(0, 100)),
  logged: new Set(range(60, 100)),
  stored: { origin: 'a', next: 100n },
  state: new Map(),
  ...more,
})

describe('no plan', () => {
  it.each([
    ['when nothing happened', {}],
    ['after a kill between insert and commit', { committed: 97n, stored: { origin: 'a', next: 100n } }],
    [
      'while records wait',
      { committed: 40n, rows: new Set(range(0, 40)), stored: { origin: 'a', next: 40n } },
    ],
    ['before how far the tables are was kept', { stored: undefined }],
  ] as const)('is made %s', (_what, more) => {
    const facts = factsOf(world(more as Partial<World>), {
      isKept: 'stored' in more ? more.stored !== undefined : true,
    })
    expect(planRewind(facts)).toBeNull()
  })
})

it('stores again exactly what parts took that are gone', () => {
  fc.assert(
    fc.property(
      fc.record({
        first: fc.integer({ min: 0, max: 60 }),
        committed: fc.integer({ min: 60, max: 100 }),
        lost: fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { maxLength: 30 }),
        window: fc.integer({ min: 0, max: 100 }),
      }),
      ({ first, committed, lost, window }) => {
        const gone = new Set(lost.map(BigInt).filter(offset => offset < BigInt(committed)))
        const stored = range(0, committed)
        const here = world({
          first: BigInt(first),
          committed: BigInt(committed),
          rows: new Set(stored.filter(offset => !gone.has(offset))),
          logged: new Set(stored.slice(-window || committed)),
          stored: { origin: 'a', next: BigInt(committed) },
        })
        const inserted = carriedOut(here, planRewind(factsOf(here)))
        const expected = range(first, 100).filter(
          offset => offset >= BigInt(committed) || (gone.has(offset) && here.logged.has(offset)),
        )
        expect(inserted).toEqual(expected)
      },
    ),
    { seed: 34, numRuns: 300 },
  )
})

it('stores again what older tables do not have, and passes over what they had', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 100 }),
      (known, first, window) => {
        const stored = range(0, known)
        const here = world({
          first: BigInt(first),
          rows: new Set(stored),
          logged: new Set(window === 0 ? [] : stored.slice(-window)),
          stored: { origin: 'a', next: BigInt(known) },
        })
        const inserted = carriedOut(here, planRewind(factsOf(here)))
        expect(inserted).toEqual(range(Math.max(first, known), 100))
      },
    ),
    { seed: 35, numRuns: 300 },
  )
})

it('passes over what newer tables have of an older log, whatever tokens they have forgotten', () => {
  for (const forgotten of [true, false]) {
    // 300 records were stored of the log whose copy ends at 100; from there on its records are others.
    const here = world({
      committed: 90n,
      since: 100n,
      stored: { origin: 'a', next: 300n },
      logged: new Set(forgotten ? [] : range(60, 100)),
    })
    expect(carriedOut(here, planRewind(factsOf(here)))).toEqual([])
  }
})

it('has everything stored again by tables of another history, or without a part', () => {
  const nothing = { rows: new Set<bigint>(), logged: new Set<bigint>() }
  const other = world({ ...nothing, first: 20n, stored: { origin: 'elsewhere', next: 50n } })
  expect(carriedOut(other, planRewind(factsOf(other)))).toEqual(range(20, 100))
  const empty = world({ ...nothing, first: 20n })
  expect(carriedOut(empty, planRewind(factsOf(empty, { isAllMissing: true })))).toEqual(range(20, 100))
})

it('goes on after a cut where older tables were being filled, and misses nothing that is back', () => {
  const state = new Map([
    [REWIND, encodeRewind({ until: 100n, wanted: [[40n, 100n]], above: 3, counted: null, rows: 20 })],
  ])
  const rows = range(0, 60)
  const stored = { origin: 'a', next: 60n }
  const here = world({ committed: 60n, rows: new Set(rows), logged: new Set(rows), stored, state })
  const plan = planRewind(factsOf(here))
  expect(plan?.restorable).toBe(0)
  expect(carriedOut(here, plan)).toEqual(range(60, 100))
})

it('goes on with a plan that was cut off, and takes new losses into it', () => {
  const rewind: Rewind = {
    until: 90n,
    wanted: [
      [40n, 45n],
      [80n, 82n],
    ],
    above: 3,
    counted: 60n,
    rows: 12,
  }
  const state = new Map([[REWIND, encodeRewind(rewind)]])
  expect(decodeRewind(state)).toEqual(rewind)
  const lost = [41n, 42n, 43n, 44n, 80n, 81n]
  const rows = new Set(range(0, 90).filter(offset => !lost.includes(offset)))
  const begun = world({
    committed: 41n,
    rows,
    logged: new Set(range(60, 90).filter(offset => rows.has(offset))),
    stored: { origin: 'a', next: 90n },
    state,
  })
  const plan = planRewind(factsOf(begun))
  expect(plan?.rewind).toMatchObject({ until: 90n, above: 3, counted: null, rows: 12 })
  // Whichever inventory knew more.
  expect(planRewind({ ...factsOf(begun), inventoried: 40n })?.rewind.counted).toBe(60n)
  expect(planRewind({ ...factsOf(begun), inventoried: 70n })?.rewind.counted).toBe(70n)
  expect(carriedOut(begun, plan)).toEqual([...lost, ...range(90, 100)])
  // What had been read again, or passed over, is lost now.
  for (const offset of [30n, 60n]) {
    const again = {
      ...begun,
      rows: new Set([...rows].filter(one => one !== offset)),
      logged: new Set([...begun.logged, offset]),
    }
    const expected = [offset, ...lost].toSorted((a, b) => Number(a - b))
    expect(carriedOut(again, planRewind(factsOf(again)))).toEqual([...expected, ...range(90, 100)])
    expect(planRewind(factsOf(again))?.restorable).toBe(1)
  }
})
