/** Prometheus text exposition: a pure writer. */

import { labelText } from '../../core/model/label-text.ts'
import type { HistogramSamples } from '../../core/runtime/histogram.ts'

/** A metric with all its samples. */
export interface MetricFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly MetricSample[]
}

/** One line of the exposition. */
export interface MetricSample {
  /** Suffix of the family's name: `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: string
  /** In exposition form, `a="x",b="y"`; '' for none. */
  readonly labels: string
  readonly value: number
}

const help = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

/** Families without samples are left out. */
export function writeMetrics(families: readonly MetricFamily[]): string {
  const lines = families
    .filter(family => family.samples.length > 0)
    .flatMap(family => [
      `# HELP ${family.name} ${help(family.help)}`,
      `# TYPE ${family.name} ${family.type}`,
      ...family.samples.map(
        ({ suffix = '', labels, value }) =>
          `${family.name}${suffix}${labels === '' ? '' : `{${labels}}`} ${value}`,
      ),
    ])
  return `${lines.join('\n')}\n`
}

/** The samples of one histogram under its labels. */
export function histogramSamples(
  labels: Readonly<Record<string, string>>,
  { bounds, cumulative, count, sum }: HistogramSamples,
): readonly MetricSample[] {
  const bucket = (le: string, value: number): MetricSample => ({
    suffix: '_bucket',
    labels: labelText({ ...labels, le }),
    value,
  })
  return [
    ...bounds.map((bound, index) => bucket(`${bound}`, cumulative[index] ?? 0)),
    bucket('+Inf', count),
    { suffix: '_sum', labels: labelText(labels), value: sum },
    { suffix: '_count', labels: labelText(labels), value: count },
  ]
}
