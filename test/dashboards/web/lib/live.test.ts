/** Guarantees that the stack conserves: every edge is the sum of what lies below, and a gap stays a gap. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LiveAnswer, LiveSeries } from '../../../../core/model/answers.ts'
import {
  intervalStarts,
  layersOf,
  newestIndex,
  stackEdges,
  totalAt,
  typicalInterval,
} from '../../../../dashboards/web/lib/live.ts'
import { runsOf } from '../../../../dashboards/web/lib/paint.ts'
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
  it('stands workloads at the bottom by energy, then the rest, unattributed and idle', () => {
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
      'other workloads',
      'Unattributed',
      'Idle',
    ])
  })

  it('keeps the place of a workload when another overtakes it, and appends new ones', () => {
    const before = layersOf(answerWith(series('a', [2]), series('b', [1]))).map(layer => layer.key)
    const after = layersOf(answerWith(series('b', [9]), series('new', [50]), series('a', [2])), before)
    expect(after.map(layer => layer.name)).toEqual(['a', 'b', 'new'])
  })
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
            expect(edges.map(edge => edge[index])).toEqual([null, null, null])
            continue
          }
          expect(edges[2]![index]).toBe(known.reduce((sum, value) => sum + value, 0) / 1000)
          expect(edges[0]![index]! <= edges[1]![index]!).toBe(true)
          expect(edges[1]![index]! <= edges[2]![index]!).toBe(true)
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

  it('cut the area into runs', () => {
    expect(runsOf([1, 1, null, null, 1])).toEqual([
      { first: 0, last: 1 },
      { first: 4, last: 4 },
    ])
    expect(runsOf([null, 0, null])).toEqual([{ first: 1, last: 1 }])
    expect(runsOf([])).toEqual([])
  })

  it('are not the present: the newest interval is the last that a meter saw', () => {
    const layers = layersOf(answerWith(series('a', [3, 4, null]), series('b', [1, null, null])))
    expect(newestIndex(layers, 3)).toBe(1)
    expect(totalAt(layers, 1)).toBe(4)
    expect(totalAt(layers, 2)).toBeNull()
    expect(newestIndex([], 3)).toBe(-1)
  })
})
