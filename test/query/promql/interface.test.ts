// Guarantees: what others build on. A source is asked for each sample once, limits end a query, and texts are read and written.
import { expect, it } from 'vitest'
import {
  type Annotations,
  type Control,
  type Features,
  type FloatHistogram,
  format,
  formattedBuckets,
  formatValue,
  type Labels,
  labelsOf,
  labelValue,
  type Matcher,
  matcherTest,
  memorySource,
  type Plan,
  PromqlError,
  parse,
  parseDuration,
  parseSelector,
  prepare,
  type QueryRequest,
  run,
  type SampleChunk,
  type SampleSource,
  type SelectorNeed,
  type VectorSample,
} from '../../../query/promql/index.ts'

const LABELS: Labels = labelsOf({ __name__: 'up', job: 'a' })

/** A source that counts what it is asked for. */
class Recorded implements SampleSource {
  readonly asked: (readonly [number, number])[] = []

  series({ matchers }: SelectorNeed): readonly Labels[] {
    const accepts = (matcher: Matcher): boolean => matcherTest(matcher)(labelValue(LABELS, matcher.name))
    return matchers.every(accepts) ? [LABELS] : []
  }

  samples(_need: SelectorNeed, fromMs: number, toMs: number, push: (chunk: SampleChunk) => void): void {
    this.asked.push([fromMs, toMs])
    const first = Math.floor(fromMs / 1_000) + 1
    const times = Float64Array.from(
      { length: Math.floor(toMs / 1_000) - first + 1 },
      (_, at) => (first + at) * 1_000,
    )
    push({
      series: Int32Array.of(0),
      starts: Int32Array.of(0, times.length),
      times,
      values: times.map(time => time / 1_000),
    })
  }
}

const RANGE: QueryRequest = { startMs: 3_600_000, endMs: 10_800_000, stepMs: 60_000 }

async function failure(query: string, control: Control, request = RANGE): Promise<PromqlError> {
  const plan: Plan = prepare(query, request)
  return await run(plan, new Recorded(), control).then(
    () => expect.unreachable(),
    error => error as PromqlError,
  )
}

it('asks for adjoining intervals, each sample once', async () => {
  const source = new Recorded()
  const result = await run(prepare('max_over_time(up[2m])', RANGE), source)
  expect(source.asked).toEqual([
    [3_480_000, 7_140_000],
    [7_140_000, 10_740_000],
    [10_740_000, 10_800_000],
  ])
  expect(result.resultType === 'matrix' && result.matrix[0]?.values.length).toBe(121)
})

it('says what selectors need', () => {
  const plan = prepare('sum by (job) (rate(up{job=~"a.*"}[5m] offset 1m)) / on (job) avg(x @ 60)', RANGE)
  expect(plan.selectors).toMatchObject([
    { id: 0, metricName: 'up', func: 'rate', rangeMs: 300_000, fromMs: 3_240_000, toMs: 10_740_000 },
    { id: 1, metricName: 'x', func: 'avg', rangeMs: 0, fromMs: -240_000, toMs: 60_000 },
  ])
})

it('ends queries at their limits', async () => {
  expect(await failure('up', { maxSamples: 100 })).toMatchObject({ kind: 'limit' })
  expect(await failure('up', { maxResultPoints: 100 })).toMatchObject({ kind: 'limit' })
  expect(await failure('up', { deadlineMs: 1 })).toMatchObject({ kind: 'timeout' })
  expect(await failure('up', { cancelled: () => true })).toMatchObject({ kind: 'canceled' })
  const bomb = 'sum(count_over_time(vector(time())[1000d:1ms]))'
  expect(await failure(bomb, {})).toMatchObject({ kind: 'limit' })
  const nested = 'count_over_time(count_over_time(vector(1)[5m:10ms])[5m:10ms])'
  expect(await failure(nested, { deadlineMs: Date.now() + 50 })).toMatchObject({ kind: 'timeout' })
})

it('warns with positions, and counts samples', async () => {
  const { annotations, stats } = await run(prepare('rate(up[5m])', RANGE), new Recorded(), { perStep: true })
  const told: Annotations = annotations
  expect(told.infos).toEqual([
    'PromQL info: the metric "up" may not be a counter: its name does not end in _total, _sum, _count or _bucket (1:6)',
  ])
  expect(stats.perStep?.[0]).toEqual([3_600_000, 300])
  expect(stats.totalSamples).toBe(121 * 300)
})

it('reads and writes texts', () => {
  expect([1e-7, 1e21, -0, Number.POSITIVE_INFINITY].map(formatValue)).toEqual([
    '1e-07',
    '1e+21',
    '-0',
    '+Inf',
  ])
  const features: Partial<Features> = { experimentalFunctions: true }
  expect(format(parse('limitk(1,up{b="2",a!="1"}offset -1h)', features))).toBe(
    'limitk(1, up{a!="1",b="2"} offset -1h)',
  )
  expect(parseSelector('{__name__="up",job!=""}')).toHaveLength(2)
  expect(parseDuration('1h30m')).toBe(5_400_000)
  expect(() => parseDuration('30')).toThrow(PromqlError)
})

it('gives the buckets of histograms', async () => {
  const histogram: FloatHistogram = {
    counterResetHint: 0,
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 2,
    count: 7,
    sum: 9,
    positiveSpans: [{ offset: 0, length: 2 }],
    positiveBuckets: [4, 0],
    negativeSpans: [{ offset: 1, length: 1 }],
    negativeBuckets: [1],
    customValues: [],
  }
  expect(formattedBuckets(histogram)).toEqual([
    [1, '-2', '-1', '1'],
    [3, '-0.001', '0.001', '2'],
    [0, '0.5', '1', '4'],
  ])
  const source = memorySource([
    { labels: LABELS, times: Float64Array.of(0), values: Float64Array.of(0), histograms: [histogram] },
  ])
  const result = await run(prepare('up * 2', { startMs: 0, endMs: 0, stepMs: 0 }), source)
  const vector: readonly VectorSample[] = result.resultType === 'vector' ? result.vector : []
  expect(vector.map(each => each.histogram?.count)).toEqual([14])
})
