/** Results of queries in the JSON of Prometheus' HTTP API. */
import {
  type Annotations,
  type FloatHistogram,
  formattedBuckets,
  formatValue,
  type Labels,
  type MatrixSeries,
  type QueryResult,
  recordOf,
  type VectorSample,
} from '../../promql/index.ts'

/** Seconds with up to three decimals. */
export function timeText(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  const rest = Math.abs(ms - seconds * 1000)
  if (rest === 0) return String(seconds)
  const sign = ms < 0 && seconds === 0 ? '-' : ''
  return `${sign}${seconds}.${String(rest).padStart(3, '0')}`
}

/** What goes around the data of an answer. */
export interface Frame {
  readonly stats?: unknown
  readonly annotations?: Annotations
  /** Further warnings. */
  readonly warnings?: readonly string[]
}

/** The whole body of a successful answer. */
export function* success(data: Iterable<string>, frame: Frame = {}): Generator<string> {
  yield '{"status":"success","data":'
  yield* data
  const warnings = [...(frame.warnings ?? []), ...(frame.annotations?.warnings ?? [])]
  const infos = frame.annotations?.infos ?? []
  if (warnings.length > 0) yield `,"warnings":${JSON.stringify(warnings)}`
  if (infos.length > 0) yield `,"infos":${JSON.stringify(infos)}`
  yield '}'
}

/** The data of a query's answer. `limit`: elements, 0 for all. */
export function* resultData(result: QueryResult, limit: number, stats: unknown): Generator<string> {
  yield `{"resultType":"${result.resultType}","result":`
  switch (result.resultType) {
    case 'vector':
      yield* jsonList(cut(result.vector, limit), vectorText)
      break
    case 'matrix':
      yield '['
      for (const [index, series] of cut(result.matrix, limit).entries()) {
        if (index > 0) yield ','
        yield* matrixText(series)
      }
      yield ']'
      break
    case 'scalar':
      yield `[${timeText(result.timeMs)},"${formatValue(result.value)}"]`
      break
    case 'string':
      yield `[${timeText(result.timeMs)},${JSON.stringify(result.text)}]`
      break
  }
  if (stats !== undefined) yield `,"stats":${JSON.stringify(stats)}`
  yield '}'
}

/** Whether a limit leaves something out of a result. */
export function isCut(result: QueryResult, limit: number): boolean {
  if (limit === 0) return false
  if (result.resultType === 'vector') return result.vector.length > limit
  return result.resultType === 'matrix' && result.matrix.length > limit
}

const cut = <T>(all: readonly T[], limit: number): readonly T[] => (limit === 0 ? all : all.slice(0, limit))

/** A JSON list. */
export function* jsonList<T>(all: Iterable<T>, text: (one: T) => string): Generator<string> {
  yield '['
  let joint = ''
  for (const one of all) {
    yield joint + text(one)
    joint = ','
  }
  yield ']'
}

/** A label set as a JSON object. */
export const labelsText = (labels: Labels): string => JSON.stringify(recordOf(labels))

function vectorText({ labels, timeMs, value, histogram }: VectorSample): string {
  const sample =
    histogram === undefined
      ? `"value":[${timeText(timeMs)},"${formatValue(value)}"]`
      : `"histogram":[${timeText(timeMs)},${histogramText(histogram)}]`
  return `{"metric":${labelsText(labels)},${sample}}`
}

/** Points of one piece of text: a series has up to 11,000. */
const POINTS = 1_000

function* matrixText({ labels, times, values, histograms }: MatrixSeries): Generator<string> {
  yield `{"metric":${labelsText(labels)}`
  if (values.length > 0) {
    yield ',"values":['
    for (let start = 0; start < values.length; start += POINTS) {
      let text = start === 0 ? '' : ','
      const end = Math.min(start + POINTS, values.length)
      for (let at = start; at < end; at += 1) {
        if (at > start) text += ','
        text += `[${timeText(times[at]!)},"${formatValue(values[at]!)}"]`
      }
      yield text
    }
    yield ']'
  }
  if (histograms.length > 0) {
    yield ',"histograms":'
    yield* jsonList(
      histograms,
      ({ timeMs, histogram }) => `[${timeText(timeMs)},${histogramText(histogram)}]`,
    )
  }
  yield '}'
}

function histogramText(histogram: FloatHistogram): string {
  const buckets = formattedBuckets(histogram).map(
    ([rule, lower, upper, count]) => `[${rule},"${lower}","${upper}","${count}"]`,
  )
  const listed = buckets.length === 0 ? '' : `,"buckets":[${buckets.join(',')}]`
  return `{"count":"${formatValue(histogram.count)}","sum":"${formatValue(histogram.sum)}"${listed}}`
}
