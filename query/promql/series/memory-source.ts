/** Series that lie in memory: those of the ledger, and those of tests. */
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import { type Labels, labelValue } from '../model/labels.ts'
import { type Matcher, matcherTest } from '../model/matchers.ts'
import type { SampleSource } from './source.ts'
import { firstAfter } from './store.ts'

export interface MemorySeries {
  readonly labels: Labels
  /** Milliseconds since the epoch, ascending. */
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms?: readonly (FloatHistogram | undefined)[]
}

/** A function that tells whether a label set passes all matchers. */
export function labelsTest(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = matchers.map(matcher => ({ name: matcher.name, test: matcherTest(matcher) }))
  return labels => tests.every(({ name, test }) => test(labelValue(labels, name)))
}

export function memorySource(all: readonly MemorySeries[]): SampleSource {
  const matching = (matchers: readonly Matcher[]): readonly MemorySeries[] => {
    const test = labelsTest(matchers)
    return all.filter(({ labels }) => test(labels))
  }
  return {
    series: ({ matchers }) => matching(matchers).map(({ labels }) => labels),
    samples({ matchers }, fromMs, toMs, push) {
      for (const [position, { times, values, histograms }] of matching(matchers).entries()) {
        const from = firstAfter(times, 0, times.length, fromMs)
        const to = firstAfter(times, from, times.length, toMs)
        if (to <= from) continue
        push({
          series: Int32Array.of(position),
          starts: Int32Array.of(0, to - from),
          times: times.subarray(from, to),
          values: values.subarray(from, to),
          ...(histograms === undefined ? {} : { histograms: histograms.slice(from, to) }),
        })
      }
    },
  }
}
