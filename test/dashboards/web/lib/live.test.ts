/** Guarantees that the stack conserves energy: every edge is the sum of what is below, and a gap stays a gap. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LiveAnswer, LiveSeries } from '../../../../core/api/answers.ts'
import { colourOf } from '../../../../dashboards/web/lib/colours.ts'
import { foldSmall } from '../../../../dashboards/web/lib/fold.ts'
import {
  chartSpan,
  intervalAt,
  intervalStarts,
  layersOf,
  newestIndex,
  stackEdges,
  totalAt,
  typicalInterval,
} from '../../../../dashboards/web/lib/live.ts'
import { intervalRuns } from '../../../../dashboards/web/lib/paint.ts'
import { liveAnswer } from '../../fixture.ts'

const series = (name: string, milliwatts: readonly (number | null)[], share = 'active'): LiveSeries => ({
  share: share as LiveSeries['share'],
  workload_kind: share === 'active' ? 'unit' : '',
  workload_id: name,
  workload_name: name,
  namespace: '',
  milliwatts,
  cpus_used: milliwatts,
})

const answerWith = (...all: readonly LiveSeries[]): LiveAnswer => ({
  ...liveAnswer({ nowMs: 0, minutes: 5 }),
  series: all,
})

describe('layersOf', () => {
  it('puts workloads at the bottom by energy, then the rest, unattributed and idle', () => {
    const answer = answerWith(
      series('', [9], 'idle'),
      series('', [5], 'unattributed'),
      { ...series('other workloads', [99]), workload_kind: 'rest' },
      series('small', [1]),
      series('large', [7]),
    )
    expect(layersOf(answer).map(layer => layer.name)).toEqual([
      'large',
      'small',
      'Others',
      'Unattributed',
      'Idle',
    ])
  })

  it('keeps the position of a workload when another overtakes it, and appends new ones', () => {
    const before = layersOf(answerWith(series('a', [2]), series('b', [1]))).map(layer => layer.key)
    const after = layersOf(answerWith(series('b', [9]), series('new', [50]), series('a', [2])), before)
    expect(after.map(layer => layer.name)).toEqual(['a', 'b', 'new'])
  })
})

describe('foldSmall', () => {
  const fold = (all: readonly LiveSeries[], known: readonly string[] = []) =>
    layersOf(answerWith(...all), known).map(({ name, detail, milliwatts }) => [name, detail, ...milliwatts])

  it('merges invisible layers into the others, keeps gaps, and lists the merged names', () => {
    const all = [series('large', [900, null]), series('tiny', [2, null]), series('nothing', [0, null])]
    expect(fold(all)).toEqual([
      ['large', 'unit', 900, null],
      ['Others', 'tiny, nothing', 2, null],
    ])
    const rest = { ...series('other workloads', [5, null]), workload_kind: 'rest' }
    expect(fold([...all, rest])[1]).toEqual(['Others', 'tiny, nothing', 7, null])
  })

  it('keeps the name of a single small one, and does not merge idle and unattributed', () => {
    const all = [series('large', [900]), series('tiny', [1]), series('', [0], 'idle')]
    expect(fold(all).map(([name]) => name)).toEqual(['large', 'tiny', 'Idle'])
  })

  it('keeps earlier layers longer', () => {
    const all = [series('large', [900]), series('edge', [4]), series('tiny', [1]), series('less', [0])]
    expect(fold(all).map(([name]) => name)).toEqual(['large', 'Others'])
    expect(fold(all, ['unit//edge']).map(([name]) => name)).toEqual(['edge', 'large', 'Others'])
    expect(foldSmall([], new Set())).toEqual([])
  })
})

describe('the time span of the chart', () => {
  const times = (count: number): number[] => Array.from({ length: count }, (_, index) => 1e12 + index * 5_000)

  it('is the available part of the selected minutes, at least two', () => {
    const width = (timesMs: readonly number[], minutes: number): number => {
      const [from, to] = chartSpan(timesMs, minutes, 0)
      return (to - from) / 1000
    }
    expect(width(times(3), 15)).toBe(120)
    expect(width(times(60), 15)).toBe(300)
    expect(width(times(179), 15)).toBe(900)
    expect(width(times(500), 15)).toBe(900)
    expect(width([], 5)).toBe(120)
  })

  it('finds the interval that contains a moment', () => {
    const at = (timeMs: number): number => intervalAt([5_000, 10_000, 15_000], timeMs)
    expect([0, 5_000, 5_001, 9_000, 15_000, 99_000].map(at)).toEqual([0, 0, 1, 1, 2, 2])
    expect(intervalAt([], 1)).toBe(-1)
  })
})

it('gives a workload in the table its colour in the chart, otherwise that of the others', () => {
  const colours = new Map([['unit//a', 3]])
  expect(['active', 'idle', 'unattributed'].map(share => colourOf(share, 'unit//a', colours))).toEqual([
    '--c3',
    '--idle',
    '--unattributed',
  ])
  expect(colourOf('active', 'unit//b', colours)).toBe('--rest')
})

describe('stackEdges', () => {
  const milliwatts = fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: null })
  const columns = fc.array(fc.tuple(milliwatts, milliwatts, milliwatts), { minLength: 1, maxLength: 20 })

  it('ends at the sum of all layers, never falls from one layer to the next, and is null only in gaps', () => {
    fc.assert(
      fc.property(columns, rows => {
        const layers = layersOf(
          answerWith(
            ...['a', 'b', 'c'].map((name, at) =>
              series(
                name,
                rows.map(row => row[at]!),
              ),
            ),
          ),
        )
        const edges = stackEdges(layers, rows.length)
        for (const [index, row] of rows.entries()) {
          const known = row.filter(value => value !== null)
          if (known.length === 0) {
            expect(edges.map(edge => edge[index])).toEqual(edges.map(() => null))
            continue
          }
          const column = edges.map(edge => edge[index]!)
          expect(column.at(-1)).toBe(known.reduce((sum, value) => sum + value, 0) / 1000)
          expect(column).toEqual(column.toSorted((a, b) => a - b))
        }
      }),
    )
  })
})

describe('gaps', () => {
  it('are intervals of their own: every interval begins where the one before ends', () => {
    const times = [5_000, 10_000, 15_000, 60_000, 65_000]
    expect(typicalInterval(times)).toBe(5_000)
    expect(intervalStarts(times)).toEqual([0, 5_000, 10_000, 15_000, 60_000])
    expect(intervalStarts([5_000])).toEqual([0])
  })

  it('split the area into runs', () => {
    expect(intervalRuns([1, 1, null, null, 1])).toEqual([
      { first: 0, last: 1 },
      { first: 4, last: 4 },
    ])
    expect(intervalRuns([null, 0, null])).toEqual([{ first: 1, last: 1 }])
    expect(intervalRuns([])).toEqual([])
  })

  it('do not count as current: the newest interval is the last with a meter reading', () => {
    const layers = layersOf(answerWith(series('a', [3, 4, null]), series('b', [1, null, null])))
    expect(newestIndex(layers, 3)).toBe(1)
    expect(totalAt(layers, 1)).toBe(4)
    expect(totalAt(layers, 2)).toBeNull()
    expect(newestIndex([], 3)).toBe(-1)
  })
})
