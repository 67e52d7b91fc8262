/** What is asked of both servers, and whether their answers are the same. */
import { familiesOf, type Size } from './data.ts'

/** A request, the same for both servers. */
export interface Question {
  readonly name: string
  readonly path: string
  /** Requests that are measured together: a single one may be shorter than a tick of the clock of CPU time. */
  readonly times: number
}

const COUNTER = 'container_cpu_usage_seconds_total'
const BUCKET = 'http_request_duration_seconds_bucket'

/** All questions; `stepS`: of those over a day. */
export function questionsOf(size: Size, stepS: number): readonly Question[] {
  // No sample lies on the edge of a range: Prometheus 2 counts it at the left edge, Prometheus 3 does not.
  const endS = Math.floor(size.endMs / 1000) - 0.5
  // Nor does a range begin before the first sample: 3.x extrapolates less far to where a counter was zero.
  const daySeconds = Math.floor((size.scrapes * size.scrapeMs) / 1000) - 600
  const range = (name: string, query: string, seconds: number, step: number, times = 1): Question => ({
    name,
    times,
    path: `/api/v1/query_range?query=${encodeURIComponent(query)}&start=${endS - seconds}&end=${endS}&step=${step}`,
  })
  const instant = (name: string, query: string, times = 1): Question => ({
    name,
    times,
    path: `/api/v1/query?query=${encodeURIComponent(query)}&time=${endS}`,
  })
  const listing = (name: string, path: string, times = 1): Question => ({
    name,
    times,
    path: `/api/v1/${path}${path.includes('?') ? '&' : '?'}start=${endS - 3_600}&end=${endS}`,
  })
  const family = familiesOf(size)[0]!
  const one = Object.fromEntries(family.labels(Math.floor(family.count / 2)))
  const series = `${COUNTER}{pod="${one['pod']}",container="${one['container']}"}`
  return [
    range('sum by (job) (rate), a day', `sum by (job) (rate(${COUNTER}[5m]))`, daySeconds, stepS),
    range('one series, a day', `rate(${series}[5m])`, daySeconds, stepS, 20),
    range('one series, an hour', `rate(${series}[5m])`, 3_600, 15, 20),
    range('10 % of the series, 6 h', `sum(rate(${COUNTER}{pod=~".*7"}[5m]))`, 21_600, stepS),
    range('topk, 6 h', `topk(5, rate(${COUNTER}[5m]))`, 21_600, stepS),
    range(
      'quantile of histograms, 6 h',
      `histogram_quantile(0.9, sum by (le, job) (rate(${BUCKET}[5m])))`,
      21_600,
      stepS,
    ),
    instant('sum by rate, now', `sum by (job) (rate(${COUNTER}[5m]))`, 5),
    instant('count, now', `count(${COUNTER})`, 5),
    instant('one series, now', series, 20),
    listing('series of a pod', `series?match[]=${encodeURIComponent(`{pod="${one['pod']}"}`)}`, 10),
    listing('names of labels', 'labels', 5),
    listing('values of pod', 'label/pod/values', 5),
    listing('names of metrics', 'label/__name__/values', 10),
  ]
}

/** The largest relative difference between the numbers of two answers. @throws if they differ in more than the last bits */
export function compare(name: string, theirs: unknown, ours: unknown): number {
  let worst = 0
  const visit = (a: unknown, b: unknown, at: string): void => {
    if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
      a.forEach((item, index) => void visit(item, b[index], `${at}[${index}]`))
      return
    }
    if (isRecord(a) && isRecord(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) visit(a[key], b[key], `${at}.${key}`)
      return
    }
    if (a === b) return
    const [left, right] = [Number(a), Number(b)]
    const difference = Math.abs(left - right) / Math.max(Math.abs(left), Math.abs(right))
    if (typeof a !== 'string' || !(difference < 1e-9))
      throw new Error(`${name}${at}: Prometheus ${JSON.stringify(a)}, Wattline ${JSON.stringify(b)}`)
    worst = Math.max(worst, difference)
  }
  visit(sorted(theirs), sorted(ours), '')
  return worst
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** An answer's data, with results in one order: that of an instant query is not defined. */
function sorted(answer: unknown): unknown {
  const { data } = answer as { readonly data: unknown }
  if (!isRecord(data) || !Array.isArray(data['result'])) return data
  const key = (one: { metric: Record<string, string> }): string =>
    JSON.stringify(Object.entries(one.metric).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const result = data['result'] as { metric: Record<string, string> }[]
  return { ...data, result: result.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) }
}
