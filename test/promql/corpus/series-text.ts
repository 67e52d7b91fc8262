/** Series as the corpus writes them: `metric{a="b"} 1 2+3x4 _ stale {{schema:1 buckets:[1 2]}}`. */
import { add, subtract } from '../../../query/promql/histogram/arithmetic.ts'
import {
  EMPTY_HISTOGRAM,
  type FloatHistogram,
  type ResetHint,
} from '../../../query/promql/histogram/float-histogram.ts'
import { type Labels, labelsOf } from '../../../query/promql/model/labels.ts'
import { parseNumber } from '../../../query/promql/numeric/numbers.ts'
import { readString } from '../../../query/promql/syntax/strings.ts'

export type Point =
  | { readonly kind: 'omitted' | 'stale' }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'histogram'; readonly histogram: FloatHistogram; readonly hasHint: boolean }

export interface SeriesText {
  readonly labels: Labels
  readonly points: readonly Point[]
}

/** The labels at the start of a line, and the rest of it. */
export function parseMetric(line: string): { labels: Labels; rest: string } {
  const name = /^[^\s{@]*/.exec(line)?.[0] ?? ''
  const record: Record<string, string> = name === '' ? {} : { __name__: name }
  let at = name.length
  if (line[at] !== '{') return { labels: labelsOf(record), rest: line.slice(at) }
  at += 1
  for (;;) {
    at += /^[\s,]*/.exec(line.slice(at))?.[0].length ?? 0
    if (line[at] === '}') return { labels: labelsOf(record), rest: line.slice(at + 1) }
    if (at >= line.length) throw new Error(`braces that are not closed: ${line}`)
    let label: string
    if (line[at] === '"') {
      const { value, end } = readString(line, at)
      label = value
      at = end
    } else {
      label = /^[^\s=,}]+/.exec(line.slice(at))?.[0] ?? ''
      at += label.length
    }
    at += /^\s*/.exec(line.slice(at))?.[0].length ?? 0
    if (line[at] !== '=') {
      record['__name__'] = label
      continue
    }
    at += 1
    at += /^\s*/.exec(line.slice(at))?.[0].length ?? 0
    const { value, end } = readString(line, at)
    record[label] = value
    at = end
  }
}

export function parseSeries(line: string): SeriesText {
  const { labels, rest } = parseMetric(line)
  return { labels, points: itemsOf(rest).flatMap(parseItem) }
}

/** Words of a line; a histogram in double braces is one, with spaces. */
function itemsOf(text: string): readonly string[] {
  return text.match(/(?:\{\{.*?\}\}|\S)+/g) ?? []
}

function parseItem(item: string): readonly Point[] {
  if (item.startsWith('{{')) return parseHistograms(item)
  const omitted = /^_(?:x(\d+))?$/.exec(item)
  if (omitted !== null)
    return Array.from({ length: Number(omitted[1] ?? 1) }, () => ({ kind: 'omitted' }) as const)
  const stale = /^stale(?:x(\d+))?$/.exec(item)
  if (stale !== null) {
    const length = stale[1] === undefined ? 1 : Number(stale[1]) + 1
    return Array.from({ length }, () => ({ kind: 'stale' }) as const)
  }
  const repeated = /^(.*?[^eE])(?:([+-])([^+-].*|[+-].*))?x(\d+)$/.exec(item)
  const number = (text: string): number => {
    const value = parseNumber(
      text.replace(/^\+/, '').toLowerCase().replace('inf', 'Inf').replace('nan', 'NaN'),
    )
    if (value === undefined) throw new Error(`not a value: ${item}`)
    return value
  }
  if (repeated === null) return [{ kind: 'float', value: number(item) }]
  const [, first = '', sign = '+', step = '0', times = '0'] = repeated
  const delta = sign === '-' ? -number(step) : number(step)
  let value = number(first)
  return Array.from({ length: Number(times) + 1 }, () => {
    const point = { kind: 'float', value } as const
    value += delta
    return point
  })
}

function parseHistograms(item: string): readonly Point[] {
  const match = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?$/.exec(item)
  if (match === null) throw new Error(`not a histogram: ${item}`)
  const [, first = '', sign, second, times] = match
  const base = parseHistogram(first)
  if (times === undefined) return [{ kind: 'histogram', ...base }]
  let current = base.histogram
  const increment = second === undefined ? undefined : parseHistogram(second)
  const hasHint = increment?.hasHint ?? base.hasHint
  return Array.from({ length: Number(times) + 1 }, () => {
    const point = { kind: 'histogram', histogram: current, hasHint } as const
    if (increment !== undefined) {
      const next = sign === '-' ? subtract(current, increment.histogram) : add(current, increment.histogram)
      current = next?.histogram ?? current
    }
    return point
  })
}

const HINTS: Readonly<Record<string, ResetHint>> = { unknown: 0, reset: 1, not_reset: 2, gauge: 3 }

function parseHistogram(text: string): { histogram: FloatHistogram; hasHint: boolean } {
  const values = new Map<string, string>()
  for (const [, key = '', value = ''] of text.matchAll(/(\w+):(\[[^\]]*\]|\S+)/g)) values.set(key, value)
  const number = (key: string): number => parseNumber(values.get(key) ?? '0') ?? Number(values.get(key))
  const list = (key: string): number[] =>
    (values.get(key) ?? '')
      .replaceAll(/[[\]]/g, '')
      .split(/\s+/)
      .filter(part => part !== '')
      .map(part => parseNumber(part) ?? Number(part))
  const side = (buckets: string, offset: string) => {
    const counts = list(buckets)
    return { counts, spans: counts.length > 0 ? [{ offset: number(offset), length: counts.length }] : [] }
  }
  const positive = side('buckets', 'offset')
  const negative = side('n_buckets', 'n_offset')
  return {
    histogram: {
      ...EMPTY_HISTOGRAM,
      schema: number('schema'),
      count: number('count'),
      sum: number('sum'),
      zeroCount: number('z_bucket'),
      zeroThreshold: number('z_bucket_w'),
      customValues: list('custom_values'),
      counterResetHint: HINTS[values.get('counter_reset_hint') ?? 'unknown'] ?? 0,
      positiveSpans: positive.spans,
      positiveBuckets: positive.counts,
      negativeSpans: negative.spans,
      negativeBuckets: negative.counts,
    },
    hasHint: values.has('counter_reset_hint'),
  }
}
