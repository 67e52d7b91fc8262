/** Compares our answer with the official engine's, bit by bit. */
import { allBuckets } from '../../query/promql/histogram/iterate.ts'
import {
  type Answer,
  keyOf,
  labelsOf,
  type MatrixSeries,
  PromqlError,
  prepare,
  type QueryResult,
  run,
  type SampleSource,
} from '../../query/promql/index.ts'
import { bitTexts, type OracleAnswer, type OracleSeries, type Question } from './oracle/ask.ts'

const FEATURES = { experimentalFunctions: true, fill: true }

export async function ours(question: Question, source: SampleSource): Promise<QueryResult | PromqlError> {
  try {
    const { query, startMs, endMs, stepMs } = question
    // Short slices: a long range would hide what goes wrong between them.
    return await run(prepare(query, { startMs, endMs, stepMs, sliceMs: 300_000, features: FEATURES }), source)
  } catch (error) {
    if (error instanceof PromqlError) return error
    throw error
  }
}

export interface Difference {
  readonly text: string
  /** Distance of the two values in units of the last place, where it is about one value. */
  readonly ulps: number | undefined
}

const isNaNBits = (bits: string): boolean => /^[7f]ff/.test(bits) && !/^[7f]ff0{13}$/.test(bits)
const areSame = (a: string, b: string): boolean => a === b || (isNaNBits(a) && isNaNBits(b))

/** The distance of two floats, counted in floats. */
function distance(a: string, b: string): number {
  const order = (bits: string): bigint => {
    const value = BigInt(`0x${bits}`)
    return value >> 63n === 1n ? -(value & ((1n << 63n) - 1n)) : value
  }
  const difference = order(a) - order(b)
  return Number(difference < 0n ? -difference : difference)
}

function toSeries(answer: Answer): readonly MatrixSeries[] {
  if (answer.resultType === 'matrix') return answer.matrix
  if (answer.resultType === 'vector') {
    return answer.vector.map(({ labels, timeMs, value, histogram }) => {
      const at = histogram === undefined ? [timeMs] : []
      return {
        labels,
        times: Float64Array.from(at),
        values: Float64Array.from(at, () => value),
        histograms: histogram === undefined ? [] : [{ timeMs, histogram }],
      }
    })
  }
  if (answer.resultType === 'string') return []
  return [
    {
      labels: [],
      times: Float64Array.of(answer.timeMs),
      values: Float64Array.of(answer.value),
      histograms: [],
    },
  ]
}

/** The first difference; undefined where there is none. */
export function difference(own: QueryResult | PromqlError, theirs: OracleAnswer): Difference | undefined {
  if (own instanceof PromqlError) {
    return theirs.error === undefined ? { text: `error: ${own.message}`, ulps: undefined } : undefined
  }
  if (theirs.error !== undefined) return { text: `no error: ${theirs.error}`, ulps: undefined }
  const expected = new Map((theirs.series ?? []).map(each => [keyOf(labelsOf(each.labels)), each]))
  const all = toSeries(own)
  for (const series of all) {
    const key = keyOf(series.labels)
    const other = expected.get(key)
    if (other === undefined) return { text: `extra series ${series.labels.join(' ')}`, ulps: undefined }
    expected.delete(key)
    const found = differenceOf(series, other)
    if (found !== undefined) return { ...found, text: `${series.labels.join(' ')}: ${found.text}` }
  }
  const [missing] = expected.values()
  if (missing !== undefined)
    return { text: `missing series ${JSON.stringify(missing.labels)}`, ulps: undefined }
  return annotationDifference(own, theirs)
}

function annotationDifference({ annotations }: QueryResult, theirs: OracleAnswer): Difference | undefined {
  const has = (texts: readonly string[]): boolean => texts.length > 0
  if (has(annotations.warnings) !== theirs.warnings > 0)
    return { text: `warnings: ${annotations.warnings}`, ulps: undefined }
  if (has(annotations.infos) !== theirs.infos > 0)
    return { text: `infos: ${annotations.infos}`, ulps: undefined }
  return undefined
}

function differenceOf(series: MatrixSeries, other: OracleSeries): Difference | undefined {
  const times = other.times ?? []
  if (series.times.length !== times.length)
    return { text: `${series.times.length} floats, ${times.length} expected`, ulps: undefined }
  const bits = bitTexts(Float64Array.from(series.values))
  let worst: Difference | undefined
  for (const [index, time] of series.times.entries()) {
    if (time !== times[index]) return { text: `time ${time}, ${times[index]} expected`, ulps: undefined }
    const [a, b] = [bits[index] ?? '', other.values?.[index] ?? '']
    if (areSame(a, b)) continue
    const ulps = distance(a, b)
    if (worst === undefined || ulps > (worst.ulps ?? 0))
      worst = { text: `at ${time}: ${a}, ${b} expected (${ulps} ulps)`, ulps }
  }
  return worst ?? histogramDifference(series, other)
}

function histogramDifference({ histograms }: MatrixSeries, other: OracleSeries): Difference | undefined {
  const expected = other.histograms ?? []
  const texts = histograms.map(({ timeMs, histogram }) => {
    const parts = allBuckets(histogram)
      .filter(({ count }) => count !== 0)
      .map(({ lower, upper, count }) => bitTexts(Float64Array.of(lower, upper, count)).join(' '))
    const [count, sum] = bitTexts(Float64Array.of(histogram.count, histogram.sum))
    return JSON.stringify({ time: timeMs, count, sum, hint: histogram.counterResetHint, buckets: parts })
  })
  const theirs = expected.map(({ time, count, sum, hint, buckets }) =>
    JSON.stringify({ time, count, sum, hint, buckets: buckets ?? [] }),
  )
  const at = Math.max(texts.length, theirs.length)
  for (let index = 0; index < at; index += 1) {
    if (texts[index] !== theirs[index]) {
      return { text: `histogram ${texts[index]}, ${theirs[index]} expected`, ulps: undefined }
    }
  }
  return undefined
}
