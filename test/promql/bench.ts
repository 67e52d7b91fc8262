/**
 * CPU time of the evaluator and of the official engine over the same samples, one after the other in one run. Samples lie in memory on
 * both sides.
 *
 *     npm run bench:promql -- --series 1000 --hours 24
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { labelsOf, type MemorySeries, prepare, run, type SampleSource } from '../../query/promql/index.ts'
import { firstAfter } from '../../query/promql/series/store.ts'
import { parseArgs } from '../support/arguments.ts'
import { oracle } from './oracle/build.ts'

const execute = promisify(execFile)
const SCRAPE_MS = 15_000
const STEP_MS = 60_000
const START_MS = 600_000
const QUERIES = [
  'sum by (job) (rate(requests_total[5m]))',
  'topk(5, rate(requests_total[5m]))',
  'rate(requests_total{instance="000007"}[5m])',
  'avg by (job) (max_over_time(requests_total[5m]))',
]

/** The counters that the Go program makes. */
function counters(count: number, hours: number): readonly MemorySeries[] {
  const samples = hours * 240
  return Array.from({ length: count }, (_, index) => {
    let [state, value] = [index + 1, 0]
    const values = new Float64Array(samples)
    for (let at = 0; at < samples; at += 1) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      if (state >>> 20 === 0) value = 0
      value += (state >>> 28) * 0.25
      values[at] = value
    }
    const times = Float64Array.from(values, (_value, at) => at * SCRAPE_MS + (index % SCRAPE_MS))
    const instance = String(index).padStart(6, '0')
    return {
      labels: labelsOf({ __name__: 'requests_total', instance, job: String(index % 10) }),
      times,
      values,
    }
  })
}

/** Hands series over as a storage does: many in one chunk. */
function sourceOf(all: readonly MemorySeries[]): SampleSource {
  const wanted = (need: {
    matchers: readonly { name: string; value: string }[]
  }): readonly MemorySeries[] => {
    const instance = need.matchers.find(({ name }) => name === 'instance')?.value
    return instance === undefined ? all : all.filter(({ labels }) => labels.includes(instance))
  }
  return {
    series: need => wanted(need).map(({ labels }) => labels),
    samples(need, fromMs, toMs, push) {
      const series = wanted(need)
      const runs = series.map(({ times }) => {
        const from = firstAfter(times, 0, times.length, fromMs)
        return { from, to: firstAfter(times, from, times.length, toMs) }
      })
      const starts = new Int32Array(series.length + 1)
      for (const [index, { from, to }] of runs.entries()) starts[index + 1] = (starts[index] ?? 0) + to - from
      const times = new Float64Array(starts[series.length] ?? 0)
      const values = new Float64Array(times.length)
      for (const [index, { from, to }] of runs.entries()) {
        times.set(series[index]?.times.subarray(from, to) ?? [], starts[index])
        values.set(series[index]?.values.subarray(from, to) ?? [], starts[index])
      }
      push({ series: Int32Array.from(series, (_, index) => index), starts, times, values })
    },
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

const { values } = parseArgs({
  options: { series: { type: 'string', default: '1000' }, hours: { type: 'string', default: '24' } },
})
const [count, hours] = [Number(values.series), Number(values.hours)]
const source = sourceOf(counters(count, hours))
const path = await oracle()
let isGood = true
for (const query of QUERIES) {
  const { stdout } = await execute(path, ['bench', values.series, values.hours, query], {
    maxBuffer: 2 ** 24,
  })
  const theirs = median(
    stdout
      .trim()
      .split('\n')
      .map(line => Number(line.split(' ')[0])),
  )
  const own: number[] = []
  const walls: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const [before, started] = [process.cpuUsage(), performance.now()]
    await run(prepare(query, { startMs: START_MS, endMs: hours * 3_600_000, stepMs: STEP_MS }), source)
    const { user, system } = process.cpuUsage(before)
    own.push((user + system) / 1e6)
    walls.push(performance.now() - started)
  }
  const ratio = median(own) / theirs
  if (query === QUERIES[0] && ratio > 1) isGood = false
  console.log(
    `${query}\n    ours ${median(own).toFixed(4)} CPU s (${median(walls).toFixed(1)} ms), official engine ${theirs.toFixed(4)} CPU s, ratio ${ratio.toFixed(2)}`,
  )
}
process.exitCode = isGood ? 0 : 1
