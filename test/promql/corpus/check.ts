/** Runs one evaluation of the corpus and says what is wrong with its answer. */

import { compact } from '../../../query/promql/histogram/arithmetic.ts'
import type { FloatHistogram } from '../../../query/promql/histogram/float-histogram.ts'
import { formatHistogram } from '../../../query/promql/histogram/format.ts'
import {
  type Answer,
  type MatrixSeries,
  PromqlError,
  prepare,
  type QueryResult,
  run,
} from '../../../query/promql/index.ts'
import { formatLabels, keyOf } from '../../../query/promql/model/labels.ts'
import type { SampleSource } from '../../../query/promql/series/source.ts'
import type { EvalCommand, Expectation } from './commands.ts'
import type { Point } from './series-text.ts'

const FEATURES = { experimentalFunctions: true, fill: true, utf8Names: true, delayedNameRemoval: true }
const EPSILON = 1e-6
const MIN_NORMAL = 2.2250738585072014e-308

/** What is wrong, and whether only the wording of a message is. */
export interface Problem {
  readonly text: string
  readonly isWording: boolean
}

const wrong = (text: string): Problem => ({ text, isWording: false })

function isAlmost(a: number, b: number): boolean {
  if ((Number.isNaN(a) && Number.isNaN(b)) || a === b) return true
  const sum = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || sum < MIN_NORMAL) return difference < EPSILON * MIN_NORMAL
  return difference / Math.min(sum, Number.MAX_VALUE) < EPSILON
}

interface Times {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

async function evaluate(
  expr: string,
  times: Times,
  source: SampleSource,
): Promise<QueryResult | PromqlError> {
  try {
    return await run(prepare(expr, { ...times, features: FEATURES, sliceMs: 180_000 }), source)
  } catch (error) {
    if (error instanceof PromqlError) return error
    throw error
  }
}

export async function check(command: EvalCommand, source: SampleSource): Promise<Problem | undefined> {
  const { expr, startMs, endMs, stepMs } = command
  const result = await evaluate(expr, { startMs, endMs, stepMs }, source)
  const fail = command.expectations.find(({ type }) => type === 'fail')
  if (result instanceof PromqlError) {
    return fail === undefined ? wrong(`error: ${result.message}`) : checkText(fail, [result.message])
  }
  if (fail !== undefined) return wrong('expected an error, got an answer')
  const problem = compare(command, result)
  if (problem !== undefined) return wrong(problem)
  const inRange = await checkInRange(command, source)
  return inRange ?? checkAnnotations(command, result)
}

/** An expression for one time has the same result as a step of a range. */
async function checkInRange(command: EvalCommand, source: SampleSource): Promise<Problem | undefined> {
  const { expr, startMs, isRange, rangeVector, text } = command
  if (isRange || rangeVector !== undefined || text !== undefined) return undefined
  if (/(?:start|end|range|step)\(\)/.test(expr)) return undefined
  const times = { startMs: startMs - 60_000, endMs: startMs + 60_000, stepMs: 60_000 }
  const result = await evaluate(expr, times, source)
  if (result instanceof PromqlError) return wrong(`error over a range: ${result.message}`)
  if (command.expectations.some(({ type }) => type === 'ordered')) return undefined
  if (result.resultType !== 'matrix') return wrong(`${result.resultType} over a range`)
  const vector = result.matrix.flatMap(({ labels, times: all, values, histograms }) => {
    const at = all.indexOf(startMs)
    const histogram = histograms.find(({ timeMs }) => timeMs === startMs)?.histogram
    if (histogram !== undefined) return [{ labels, timeMs: startMs, value: Number.NaN, histogram }]
    return at === -1 ? [] : [{ labels, timeMs: startMs, value: values[at] ?? 0 }]
  })
  const answer: Answer =
    command.scalar === undefined
      ? { resultType: 'vector', vector }
      : { resultType: 'scalar', timeMs: startMs, value: vector[0]?.value ?? Number.NaN }
  const problem = compare(command, answer)
  return problem === undefined ? undefined : wrong(`over a range: ${problem}`)
}

function checkText({ match, text, type }: Expectation, found: readonly string[]): Problem | undefined {
  if (found.length === 0) return wrong(`expected ${type}, found none`)
  const fits = (each: string): boolean => (match === 'msg' ? each === text : new RegExp(text).test(each))
  if (match === 'any' || found.some(fits)) return undefined
  return { text: `expected ${type} ${JSON.stringify(text)}, got ${JSON.stringify(found)}`, isWording: true }
}

function checkAnnotations({ expectations }: EvalCommand, { annotations }: QueryResult): Problem | undefined {
  const { warnings, infos } = annotations
  let wording: Problem | undefined
  for (const expectation of expectations) {
    const { type } = expectation
    if (type === 'no_warn' && warnings.length > 0) return wrong(`unexpected warning: ${warnings[0]}`)
    if (type === 'no_info' && infos.length > 0) return wrong(`unexpected info: ${infos[0]}`)
    if (type !== 'warn' && type !== 'info') continue
    const problem = checkText(expectation, type === 'warn' ? warnings : infos)
    if (problem?.isWording === false) return problem
    wording ??= problem
  }
  return wording
}

function compare(command: EvalCommand, result: Answer): string | undefined {
  switch (result.resultType) {
    case 'string':
      return result.text === command.text ? undefined : `string ${JSON.stringify(result.text)}`
    case 'scalar':
      if (command.scalar === undefined) return 'unexpected scalar'
      return isAlmost(result.value, command.scalar) ? undefined : `scalar ${result.value}`
    case 'vector':
      return compareVector(command, result.vector)
    case 'matrix':
      return compareMatrix(command, result.matrix)
  }
}

type Vector = Extract<Answer, { resultType: 'vector' }>['vector']

function compareVector({ series, expectations, scalar }: EvalCommand, vector: Vector): string | undefined {
  if (scalar !== undefined) return 'a vector where a scalar was expected'
  const isOrdered = expectations.some(({ type }) => type === 'ordered')
  const expected = new Map(series.map((each, position) => [keyOf(each.labels), { each, position }]))
  for (const [position, { labels, value, histogram }] of vector.entries()) {
    const found = expected.get(keyOf(labels))
    if (found === undefined) return `unexpected series ${formatLabels(labels)} ${value}`
    if (isOrdered && found.position !== position) return `${formatLabels(labels)} at position ${position}`
    const [point] = found.each.points
    const problem = comparePoint(point, value, histogram)
    if (problem !== undefined) return `${formatLabels(labels)}: ${problem}`
  }
  if (vector.length < expected.size) {
    const missing = series.find(each => !vector.some(({ labels }) => keyOf(labels) === keyOf(each.labels)))
    return `missing series ${formatLabels(missing?.labels ?? [])}`
  }
  return undefined
}

function comparePoint(
  point: Point | undefined,
  value: number,
  histogram: FloatHistogram | undefined,
): string | undefined {
  if (point?.kind === 'histogram') {
    if (histogram === undefined) return `float ${value}, expected a histogram`
    return isSameHistogram(point, histogram)
      ? undefined
      : `${formatHistogram(histogram)} hint ${histogram.counterResetHint}, expected ${formatHistogram(point.histogram)} hint ${point.histogram.counterResetHint}`
  }
  if (histogram !== undefined) return `${formatHistogram(histogram)}, expected a float`
  const expected = point?.kind === 'float' ? point.value : Number.NaN
  return isAlmost(value, expected) ? undefined : `${value}, expected ${expected}`
}

function isSameHistogram(point: Point & { kind: 'histogram' }, found: FloatHistogram): boolean {
  const [a, b] = [compact(point.histogram), compact(found)]
  const areAlmost = (left: readonly number[], right: readonly number[]): boolean =>
    left.length === right.length && left.every((value, index) => isAlmost(value, right[index] ?? Number.NaN))
  return (
    a.schema === b.schema &&
    isAlmost(a.count, b.count) &&
    isAlmost(a.sum, b.sum) &&
    isAlmost(a.zeroCount, b.zeroCount) &&
    a.zeroThreshold === b.zeroThreshold &&
    areAlmost(a.customValues, b.customValues) &&
    JSON.stringify([a.positiveSpans, a.negativeSpans]) ===
      JSON.stringify([b.positiveSpans, b.negativeSpans]) &&
    areAlmost(a.positiveBuckets, b.positiveBuckets) &&
    areAlmost(a.negativeBuckets, b.negativeBuckets) &&
    (!point.hasHint || a.counterResetHint === b.counterResetHint)
  )
}

function compareMatrix(
  { series, startMs, stepMs, rangeVector }: EvalCommand,
  matrix: readonly MatrixSeries[],
): string | undefined {
  const first = rangeVector?.startMs ?? startMs
  const step = rangeVector?.stepMs ?? stepMs
  const expected = new Map(series.map(each => [keyOf(each.labels), each]))
  for (const { labels, times, values, histograms } of matrix) {
    const found = expected.get(keyOf(labels))
    if (found === undefined) return `unexpected series ${formatLabels(labels)} ${[...values].join(' ')}`
    const points = new Map<number, { value: number; histogram: FloatHistogram | undefined }>()
    for (const [at, time] of times.entries())
      points.set(time, { value: values[at] ?? 0, histogram: undefined })
    for (const { timeMs, histogram } of histograms) points.set(timeMs, { value: Number.NaN, histogram })
    for (const [index, point] of found.points.entries()) {
      const time = first + index * step
      const actual = points.get(time)
      points.delete(time)
      if (point.kind === 'omitted' && actual === undefined) continue
      if (point.kind === 'omitted' || actual === undefined) {
        return `${formatLabels(labels)} at ${time}: ${point.kind === 'omitted' ? `unexpected ${actual?.value}` : 'nothing'} (${[...values].join(' ')})`
      }
      const problem = comparePoint(point, actual.value, actual.histogram)
      if (problem !== undefined) return `${formatLabels(labels)} at ${time}: ${problem}`
    }
    const [extra] = points.keys()
    if (extra !== undefined) return `${formatLabels(labels)}: unexpected sample at ${extra}`
  }
  const missing = series.find(each => !matrix.some(({ labels }) => keyOf(labels) === keyOf(each.labels)))
  return missing === undefined ? undefined : `missing series ${formatLabels(missing.labels)}`
}
