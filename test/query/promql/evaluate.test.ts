// Guarantees: the answer of a query does not depend on how it is cut into slices, and its series are ordered.
import { expect, it } from 'vitest'
import {
  type Answer,
  compareLabels,
  keyOf,
  labelsOf,
  type MemorySeries,
  memorySource,
  prepare,
  recordOf,
  run,
} from '../../../query/promql/index.ts'

const STEP_MS = 15_000

/** A counter that grows by its index each scrape. */
function counter(job: string, instance: number): MemorySeries {
  const samples = 200
  return {
    labels: labelsOf({ __name__: 'requests_total', job, instance: String(instance) }),
    times: Float64Array.from({ length: samples }, (_, index) => index * STEP_MS),
    values: Float64Array.from({ length: samples }, (_, index) => (index % 80) * (instance + 1)),
  }
}

const SERIES = [counter('b', 2), counter('a', 0), counter('a', 1)]

const shown = (answer: Answer): unknown => {
  if (answer.resultType === 'vector') {
    return answer.vector.map(({ labels, value }) => [recordOf(labels), value])
  }
  if (answer.resultType !== 'matrix') return answer
  return answer.matrix.map(({ labels, times, values }) => [recordOf(labels), [...times], [...values]])
}

it('gives the same for every length of slices', async () => {
  const request = { startMs: 60_000, endMs: 2_900_000, stepMs: 60_000 }
  const query = 'topk(1, sum by (job) (rate(requests_total[3m] offset 30s))) or resets(requests_total[7m])'
  const answers = await Promise.all(
    [60_000, 600_000, 86_400_000].map(async sliceMs =>
      shown(await run(prepare(query, { ...request, sliceMs }), memorySource(SERIES))),
    ),
  )
  expect(answers[0]).toEqual(answers[2])
  expect(answers[1]).toEqual(answers[2])
})

it('orders series by labels', async () => {
  const result = await run(
    prepare('requests_total', { startMs: 0, endMs: 60_000, stepMs: 30_000 }),
    memorySource(SERIES),
  )
  const labels = result.resultType === 'matrix' ? result.matrix.map(each => each.labels) : []
  expect(labels.map(keyOf)).toEqual(labels.toSorted(compareLabels).map(keyOf))
  expect(labels.length).toBe(3)
})
