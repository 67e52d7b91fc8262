import type { MetricHead, MetricType, PointShape } from '../metric.ts'
import { MetricsWriter } from '../metrics-writer.ts'
import type { Label, SampleExemplar } from './sample.ts'

/** Identity of a series: its labels without the name, sorted; `job` and `instance` go to the resource. */
export interface ScrapedIdentity {
  readonly job: string
  readonly instance: string
  readonly labels: readonly Label[]
}

interface PointBase extends ScrapedIdentity {
  readonly head: MetricHead
  /** As reported by the target; undefined: the time of the scrape. */
  readonly timeMs: number | undefined
  /** 0: unknown. */
  readonly startMs: number
  readonly exemplars: readonly SampleExemplar[]
}

/** A point that will become a row. */
export type ScrapedPoint = PointBase &
  (
    | { readonly shape: 'number'; readonly value: number }
    | {
        readonly shape: 'classic'
        readonly bounds: readonly number[]
        readonly cumulative: readonly number[]
        readonly sum: number | undefined
      }
    | {
        readonly shape: 'quantiles'
        readonly count: number
        readonly sum: number | undefined
        readonly quantiles: readonly number[]
        readonly values: readonly number[]
      }
  )

/** Series of a target, each as text with what a stale marker needs. */
export type SeriesSet = ReadonlySet<string>

/**
 * Writes the points of one scrape, each series once, and remembers the series. If a target reports a series twice at
 * one time, the first is stored and the others are counted.
 */
export class PointWriter {
  readonly #out = new MetricsWriter()
  readonly #nowMs: number
  readonly #series = new Set<string>()
  readonly #timed = new Set<string>()
  #resource = ''
  #head: MetricHead | undefined
  /** Points left out because their series occurred already. */
  duplicates = 0

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  /** Series without their own timestamps: those that can end. */
  get series(): SeriesSet {
    return this.#series
  }

  write(point: ScrapedPoint): void {
    if (this.#isDuplicate(point)) {
      this.duplicates += 1
      return
    }
    const timeMs = point.timeMs ?? this.#nowMs
    this.#begin(point, point.head, point.shape, timeMs, point.startMs, false)
    const out = this.#out
    if (point.shape === 'number') out.value(point.value)
    else if (point.shape === 'classic') out.classic(point.bounds, point.cumulative, point.sum)
    else out.summary(point.count, point.sum, point.quantiles, point.values)
    for (const { labels, value, timeMs: own } of point.exemplars) {
      out.exemplar({ labels, value, timeMs: own ?? timeMs })
    }
    out.end()
  }

  /** Writes the end of a series from an earlier scrape. */
  end(series: string): void {
    const { head, shape, identity } = parseSeries(series)
    this.#begin(identity, head, shape, this.#nowMs, 0, true)
    this.#out.end()
  }

  /** The request; valid until the next write. */
  finish(): Uint8Array {
    return this.#out.finish()
  }

  #isDuplicate(point: ScrapedPoint): boolean {
    const series = seriesOf(point)
    const set = point.timeMs === undefined ? this.#series : this.#timed
    const key = point.timeMs === undefined ? series : `${point.timeMs} ${series}`
    if (set.has(key)) return true
    set.add(key)
    return false
  }

  #begin(
    { job, instance, labels }: ScrapedIdentity,
    head: MetricHead,
    shape: PointShape,
    timeMs: number,
    startMs: number,
    isStale: boolean,
  ): void {
    const resource = JSON.stringify([job, instance])
    if (resource !== this.#resource) {
      this.#out.resource([
        ['service.name', job],
        ['service.instance.id', instance],
      ])
      this.#resource = resource
      this.#head = undefined
    }
    if (this.#head === undefined || !isSame(this.#head, head)) {
      this.#out.metric(head)
      this.#head = head
    }
    this.#out.begin(shape, timeMs, startMs, isStale)
    for (const [name, value] of labels) this.#out.label(name, value)
  }
}

const isSame = (a: MetricHead, b: MetricHead): boolean =>
  a === b || (a.name === b.name && a.type === b.type && a.help === b.help && a.unit === b.unit)

/** As JSON text: whatever labels contain, no two series give the same text, and it can be parsed again. */
const seriesOf = ({ head, shape, job, instance, labels }: ScrapedPoint): string =>
  JSON.stringify([head.type, shape, head.name, job, instance, ...labels.flat()])

function parseSeries(series: string): {
  readonly head: MetricHead
  readonly shape: PointShape
  readonly identity: ScrapedIdentity
} {
  const [type, shape, name, job, instance, ...flat] = JSON.parse(series) as string[]
  const labels: Label[] = []
  for (let at = 0; at < flat.length; at += 2) labels.push([flat[at]!, flat[at + 1]!])
  return {
    head: { name: name!, type: type as MetricType, help: '', unit: '' },
    shape: shape as PointShape,
    identity: { job: job!, instance: instance!, labels },
  }
}
