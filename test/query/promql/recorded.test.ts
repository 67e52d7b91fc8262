// Guarantees: answers are those of Prometheus 3's engine, float by float: recorded.json says from which version, and how to record it anew.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { formatValue, memorySource, prepare, run } from '../../../query/promql/index.ts'
import { formatLabels } from '../../../query/promql/model/labels.ts'
import { seriesOf } from '../../promql/data.ts'

/** Values by the labels of their series. */
type Recorded = Readonly<Record<string, string>>

const { seed, atMs, answers } = JSON.parse(
  readFileSync(new URL('./recorded.json', import.meta.url), 'utf8'),
) as {
  readonly seed: number
  readonly atMs: number
  readonly answers: Readonly<Record<string, Recorded>>
}

const source = memorySource(seriesOf(seed))
const features = { experimentalFunctions: true, fill: true }

async function answerOf(query: string): Promise<Recorded> {
  const result = await run(prepare(query, { startMs: atMs, endMs: atMs, stepMs: 0, features }), source)
  if (result.resultType === 'scalar') return { '{}': formatValue(result.value) }
  if (result.resultType !== 'vector') return {}
  return Object.fromEntries(
    result.vector.map(({ labels, value, histogram }) => [
      formatLabels(labels),
      histogram === undefined ? formatValue(value) : `histogram with sum ${formatValue(histogram.sum)}`,
    ]),
  )
}

it('has recorded answers', () => {
  expect(Object.keys(answers).length).toBeGreaterThan(60)
})

it.each(Object.entries(answers))('%s', async (query, expected) => {
  expect(await answerOf(query)).toEqual(expected)
})
