// Guarantees: missing rows are those that were known and are in no part on the disk, except merged, mutated, expired or
// already reported ones; rows of parts are counted once, whatever they were merged into since; and a wasted token is
// one whose rows are gone.
import { describe, expect, it } from 'vitest'
import type { Inventory, KnownPart } from '../../../../core/warehouse/embedded/inventory.ts'
import { findMissing } from '../../../../core/warehouse/embedded/missing.ts'
import type { Survey, SurveyedTable } from '../../../../core/warehouse/embedded/survey.ts'
import { parsePartName } from '../../../../core/warehouse/embedded/token-repair.ts'

const NOW = Date.UTC(2026, 10, 30) / 1000
const DAYS = new Map([['t', 30]])

const disk = (name: string, rows = 10) => ({ ...parsePartName(name)!, rows: () => rows })
const known = (name: string, rows = 10, expires: number | null = NOW + 86_400): KnownPart => ({
  name,
  rows,
  from: NOW - 100,
  to: NOW - 50,
  expires,
})
const table = (parts: readonly string[], more: Partial<SurveyedTable> = {}): SurveyedTable => ({
  uuid: 'u',
  name: 't',
  parts: parts.map(name => disk(name)),
  tokens: new Map(),
  broken: [],
  ...more,
})
const survey = (...tables: SurveyedTable[]): Survey => ({ tables })
const inventory = (parts: readonly KnownPart[], more: Partial<Inventory> = {}): Inventory => ({
  tables: [{ name: 't', uuid: 'u', parts }],
  clock: NOW,
  told: [],
  ...more,
})
const find = (found: Survey, had: Inventory | null, now = NOW) => findMissing(found, had, now, DAYS)

describe('parts', () => {
  it.each([
    ['it is there', '20261130_1_5_1'],
    ['it was merged', '20261130_1_9_2'],
    ['it was mutated', '20261130_1_5_1_7'],
  ])('are not missing when %s', (_what, name) => {
    expect(find(survey(table([name])), inventory([known('20261130_1_5_1')])).tables).toEqual([])
  })

  it.each([
    ['all of its rows have expired', known('20261130_1_5_1', 10, NOW), {}, NOW],
    [
      'they had by a clock that has gone back',
      known('20261130_1_5_1', 10, NOW + 50),
      { clock: NOW + 60 },
      NOW,
    ],
    ['the whole day has expired', known('20261001_1_5_1', 10, null), {}, NOW + 30 * 86_400],
    ['it has no rows', known('20261130_1_5_1', 0), {}, NOW],
  ])('are not missing when %s', (_what, part, more, now) => {
    expect(find(survey(table(['20261130_6_6_0'])), inventory([part], more), now).tables).toEqual([])
  })

  it('are missing when they are gone, with their rows and times', () => {
    const had = inventory([
      known('20261130_1_5_1', 30),
      known('20261130_6_6_0', 5),
      known('20261129_2_2_0', 7),
    ])
    expect(find(survey(table(['20261130_6_6_0'])), had)).toMatchObject({
      isGone: false,
      tables: [
        {
          name: 't',
          rows: 37,
          from: NOW - 100,
          to: NOW - 50,
          parts: ['20261130_1_5_1', '20261129_2_2_0'],
          partitions: ['20261130', '20261129'],
        },
      ],
    })
  })

  it('are missing only for what an older copy lacks', () => {
    const had = inventory([known('20261130_1_9_2', 90)])
    const older = { ...table([]), parts: [disk('20261130_1_4_1', 40), disk('20261130_5_5_0', 10)] }
    expect(find(survey(older), had).tables).toMatchObject([{ rows: 40 }])
    // Merged parts stay for some minutes beside their result.
    const merged = [disk('20261130_1_5_1', 50), disk('20261130_1_5_1_7', 50)]
    const twice = { ...older, parts: [...older.parts, ...merged] }
    expect(find(survey(twice), had).tables).toMatchObject([{ rows: 40 }])
  })

  it('that are broken count for those merged into them, and are reported once', () => {
    const broken = [
      { folder: 'broken-on-start_20261130_1_9_2', part: parsePartName('20261130_1_9_2')!, rows: 90 },
    ]
    const had = inventory([known('20261130_1_4_1', 40), known('20261130_5_5_0', 10)])
    const found = find(survey(table([], { broken })), had)
    expect(found.tables).toMatchObject([{ rows: 90, broken: ['broken-on-start_20261130_1_9_2'] }])
    const told = ['u/broken-on-start_20261130_1_9_2']
    expect(find(survey(table([], { broken })), inventory([], { told })).tables).toEqual([])
  })

  it('that are broken, and had been merged into another part, are not missing', () => {
    const of = (folder: string, name: string) => [{ folder, part: parsePartName(name)!, rows: 3 }]
    const broken = of('broken-on-start_20261130_2_2_0', '20261130_2_2_0')
    const merged = inventory([known('20261130_1_3_1', 9)])
    expect(find(survey(table(['20261130_1_3_1'], { broken })), merged).tables).toEqual([])
    // It was in use when the inventory was taken, or was set aside meanwhile.
    const used = inventory([known('20261130_2_2_0', 3)])
    expect(find(survey(table([], { broken })), used).tables).toMatchObject([{ rows: 3 }])
    const inUse = of('broken_20261130_2_2_0', '20261130_2_2_0')
    expect(find(survey(table(['20261130_1_3_1'], { broken: inUse })), merged).tables).toMatchObject([
      { rows: 3 },
    ])
    // The part with its rows is gone, too: only that one is missing, once.
    expect(find(survey(table([], { broken })), merged).tables).toMatchObject([{ rows: 9, broken: [] }])
  })

  it('that were merged over a broken one do not hide it', () => {
    const broken = [
      { folder: 'broken-on-start_20261130_2_2_0', part: parsePartName('20261130_2_2_0')!, rows: null },
    ]
    const tokens = new Map([['h', [parsePartName('20261130_2_2_0')!]]])
    const found = find(
      survey(table(['20261130_1_3_1'], { broken, tokens })),
      inventory([known('20261130_2_2_0', 8)]),
    )
    expect(found.tables).toMatchObject([{ rows: 8 }])
    expect(found.tokens.get('t')).toEqual(new Set(['h']))
  })
})

it('used tokens are known, but not those of expired data', () => {
  const tokens = new Map([
    ['there', [parsePartName('20261130_1_1_0')!]],
    ['half', [parsePartName('20261130_1_1_0')!, parsePartName('20261129_2_2_0')!]],
    ['expired', [parsePartName('20261001_3_3_0')!]],
  ])
  const found = find(survey(table(['20261130_1_1_0'], { tokens })), inventory([]))
  expect(found.tokens.get('t')).toEqual(new Set(['half']))
  expect(found.logged.get('t')).toEqual(new Set(['there', 'half', 'expired']))
})

it('tables that are gone are distinguished from empty and new ones', () => {
  const had = inventory([known('20261130_1_1_0')])
  expect(find(survey(), had)).toMatchObject({ isGone: true, isBare: true })
  expect(find(survey(), null)).toMatchObject({ isGone: false, isBare: true, known: [] })
  expect(find(survey(), inventory([]))).toMatchObject({
    isGone: true,
    tables: [],
    known: ['u'],
    empty: new Set(['t']),
  })
  expect(find(survey(table([])), null)).toMatchObject({ empty: new Set(['t']) })
  expect(find(survey(table([])), inventory([]))).toMatchObject({ isGone: false, empty: new Set() })
  const other = { ...table(['20261130_1_1_0']), uuid: 'v', name: 's' }
  expect(find(survey(other), had)).toMatchObject({ isGone: false, empty: new Set(['t']) })
})
