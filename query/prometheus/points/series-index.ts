/**
 * Which series a metric has, remembered by caller and metric, so that a panel of one series need not look at all of them
 * again. What is remembered is complete: newer times are looked at again after 2 s, everything after 60 s.
 */
import type { Labels } from '../../promql/index.ts'
import { createLru } from '../../sql/lru.ts'
import { type NativeBlock, textAt } from '../native/columns.ts'
import type { Ask } from '../reading/reader.ts'
import { labelsOfSeries, type StoredSeries } from './labels.ts'
import { metricSeriesStatement, type PointTable, type SampleSpan } from './statement.ts'

/** Series may start meanwhile. */
const NEW_MS = 2_000
/** Points may come late, of times that were looked at before. */
const ALL_MS = 60_000
/** How far back newer times are looked at again. */
const LATE_MS = 600_000
/** What a thread remembers of series, about. */
const CACHE_BYTES = 67_108_864

/** Series of one metric. */
export class MetricSeries {
  readonly all: StoredSeries[] = []
  readonly #places = new Map<string, Map<string, Map<string, number>>>()
  readonly #labels = new Map<string, (Labels | undefined)[]>()
  #characters = 0

  /** About what it occupies. */
  get bytes(): number {
    return 2 * this.#characters * (1 + this.#labels.size) + 300 * this.all.length
  }

  /** The position of a series; -1 for one that is not known. */
  place(service: string, labels: string, resource: string): number {
    return this.#places.get(labels)?.get(resource)?.get(service) ?? -1
  }

  add(service: string, labels: string, resource: string): void {
    if (this.place(service, labels, resource) >= 0) return
    let byResource = this.#places.get(labels)
    if (byResource === undefined) {
      byResource = new Map()
      this.#places.set(labels, byResource)
    }
    let byService = byResource.get(resource)
    if (byService === undefined) {
      byService = new Map()
      byResource.set(resource, byService)
    }
    byService.set(service, this.all.length)
    this.all.push({ service, labels, resource })
    this.#characters += labels.length + resource.length
  }

  addBlock(block: NativeBlock): void {
    for (let row = 0; row < block.rows; row += 1)
      this.add(textAt(block, 0, row), textAt(block, 1, row), textAt(block, 2, row))
  }

  /** The label set of a series under a name. */
  labelsAt(place: number, metric: string, isTranslated: boolean): Labels {
    const key = `${isTranslated ? 't' : 'p'}${metric}`
    let known = this.#labels.get(key)
    if (known === undefined) {
      known = []
      this.#labels.set(key, known)
    }
    const found = known[place] ?? labelsOfSeries(metric, this.all[place]!, isTranslated)
    known[place] = found
    return found
  }
}

interface Entry {
  readonly series: MetricSeries
  readonly fromMs: number
  toMs: number
  readonly readAtMs: number
  newAtMs: number
}

/** Series of metrics by caller. */
export class SeriesIndex {
  readonly #entries = createLru<Entry>(CACHE_BYTES, ({ series }) => series.bytes)

  /** All series of a metric with points within a span, and possibly others. `isFresh`: those that came meanwhile too. */
  async series(
    ask: Ask,
    caller: string,
    metric: WantedMetric,
    span: SampleSpan,
    isFresh = false,
  ): Promise<MetricSeries> {
    const key = JSON.stringify([caller, metric.table, metric.name])
    const nowMs = Date.now()
    const known = this.#entries.get(key)
    if (known !== undefined && known.fromMs <= span.fromMs && nowMs - known.readAtMs < ALL_MS) {
      await this.#renew(ask, metric, known, { span, nowMs, isFresh })
      this.#entries.set(key, known)
      return known.series
    }
    const series = await readSeries(ask, metric, span)
    this.#entries.set(key, { series, ...span, readAtMs: nowMs, newAtMs: nowMs })
    return series
  }

  async #renew(
    ask: Ask,
    metric: WantedMetric,
    known: Entry,
    {
      span,
      nowMs,
      isFresh,
    }: { readonly span: SampleSpan; readonly nowMs: number; readonly isFresh: boolean },
  ): Promise<void> {
    const isOver = span.toMs < known.newAtMs - LATE_MS
    if (span.toMs <= known.toMs && (isOver || (!isFresh && nowMs - known.newAtMs < NEW_MS))) return
    const fromMs = Math.max(span.fromMs, Math.min(known.toMs, known.newAtMs) - LATE_MS)
    for await (const block of ask(
      metricSeriesStatement(metric.table, metric.name, { fromMs, toMs: span.toMs }),
    ))
      known.series.addBlock(block)
    known.toMs = Math.max(known.toMs, span.toMs)
    known.newAtMs = nowMs
  }
}

interface WantedMetric {
  readonly table: PointTable
  readonly name: string
}

/** The series with points within a span, and no others. */
export async function readSeries(
  ask: Ask,
  { table, name }: WantedMetric,
  span: SampleSpan,
): Promise<MetricSeries> {
  const series = new MetricSeries()
  for await (const block of ask(metricSeriesStatement(table, name, span))) series.addBlock(block)
  return series
}
