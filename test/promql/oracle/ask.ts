/** Asks the official engine. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { FloatHistogram } from '../../../query/promql/histogram/float-histogram.ts'
import { type MemorySeries, recordOf } from '../../../query/promql/index.ts'
import { bitsOf } from '../../../query/promql/numeric/numbers.ts'

export interface Question {
  readonly query: string
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

export interface OracleSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly times: readonly number[] | null
  /** Bits of floats, 16 hexadecimal digits each. */
  readonly values: readonly string[] | null
  readonly histograms?: readonly {
    readonly time: number
    readonly count: string
    readonly sum: string
    readonly hint: number
    readonly buckets: readonly string[] | null
  }[]
}

export interface OracleAnswer {
  readonly error?: string
  readonly type?: string
  readonly series?: readonly OracleSeries[]
  readonly warnings: number
  readonly infos: number
}

const hexadecimal = (low: number, high: number): string =>
  high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')

/** The bits of all values. */
export function bitTexts(values: Float64Array): readonly string[] {
  const bits = bitsOf(values)
  return Array.from(values, (_, index) => hexadecimal(bits[2 * index] ?? 0, bits[2 * index + 1] ?? 0))
}

const spans = (all: FloatHistogram['positiveSpans']) =>
  all.map(({ offset, length }) => ({ Offset: offset, Length: length }))

const toGo = (histogram: FloatHistogram | undefined) =>
  histogram && {
    Hint: histogram.counterResetHint,
    Schema: histogram.schema,
    ZeroThreshold: histogram.zeroThreshold,
    ZeroCount: histogram.zeroCount,
    Count: histogram.count,
    Sum: histogram.sum,
    PositiveSpans: spans(histogram.positiveSpans),
    PositiveBuckets: histogram.positiveBuckets,
    NegativeSpans: spans(histogram.negativeSpans),
    NegativeBuckets: histogram.negativeBuckets,
    CustomValues: histogram.customValues.length > 0 ? histogram.customValues : null,
  }

/** A running program that has one set of series. */
export class Oracle {
  readonly #process
  readonly #lines: AsyncIterator<string>

  constructor(path: string, series: readonly MemorySeries[]) {
    this.#process = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
    const input = series.map(({ labels, times, values, histograms }) => ({
      Labels: recordOf(labels),
      Times: [...times],
      Values: bitTexts(values),
      Histograms: histograms?.map(each => toGo(each) ?? null),
    }))
    this.#process.stdin.write(`${JSON.stringify({ Series: input })}\n`)
  }

  async ask({ query, startMs, endMs, stepMs }: Question): Promise<OracleAnswer> {
    const question = { Query: query, Start: startMs, End: endMs, Step: stepMs }

    this.#process.stdin.write(`${JSON.stringify(question)}\n`)
    const { value } = await this.#lines.next()
    if (value === undefined) throw new Error('The oracle ended')
    return JSON.parse(value) as OracleAnswer
  }

  close(): void {
    this.#process.stdin.end()
  }
}
