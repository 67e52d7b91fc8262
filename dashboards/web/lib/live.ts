import type { LiveAnswer, LiveSeries } from '../../../core/api/answers.ts'
import { foldSmall, REST_NAME } from './fold.ts'

/** One area of the stacked chart. Milliwatts stay integers until they are drawn. */
export interface Layer {
  readonly key: string
  readonly name: string
  readonly detail: string
  readonly share: LiveSeries['share']
  /** The folded small workloads. */
  readonly rest: boolean
  readonly milliwatts: readonly (number | null)[]
  readonly cpusUsed: readonly (number | null)[]
}

/** Identity of a workload across answers and tables: kind, namespace and name. */
export function workloadIdentity(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`
}

/**
 * Layers from the bottom up: workloads, the folded rest, unattributed, idle. Known workloads keep their place, so that
 * layers do not change places at each refresh; new ones are ordered by energy.
 */
export function layersOf(answer: LiveAnswer, placesBefore: readonly string[] = []): readonly Layer[] {
  const layers = foldSmall(answer.series.map(toLayer), new Set(placesBefore))
  const place = new Map(placesBefore.map((key, index) => [key, index]))
  const energy = new Map(layers.map(layer => [layer.key, layer.milliwatts.reduce<number>(addKnown, 0)]))
  return layers.toSorted((a, b) => {
    const byRank = rank(a) - rank(b)
    if (byRank !== 0) return byRank
    const [placeA, placeB] = [place.get(a.key), place.get(b.key)]
    if (placeA !== undefined && placeB !== undefined) return placeA - placeB
    if (placeA !== undefined) return -1
    if (placeB !== undefined) return 1
    return energy.get(b.key)! - energy.get(a.key)! || (a.key < b.key ? -1 : 1)
  })
}

function toLayer(series: LiveSeries): Layer {
  return {
    ...identityOf(series),
    share: series.share,
    rest: series.workload_kind === 'rest',
    // Sums are shown as integers: no meter is accurate to a fraction of a milliwatt.
    milliwatts: series.milliwatts.map(value => (value === null ? null : Math.round(value))),
    cpusUsed: series.cpus_used,
  }
}

function identityOf(series: LiveSeries): Pick<Layer, 'key' | 'name' | 'detail'> {
  const { share, workload_kind: kind, namespace } = series
  if (share !== 'active') return { key: share, name: shareName(share), detail: '' }
  if (kind === 'rest') return { key: 'rest', name: REST_NAME, detail: '' }
  const name = series.workload_name || series.workload_id
  const detail = [kind, namespace].filter(part => part !== '').join(' · ')
  return { key: workloadIdentity(kind, namespace, name), name, detail }
}

/** The label of idle and unattributed energy wherever it appears. */
export function shareName(share: string): string {
  if (share === 'idle') return 'Idle'
  if (share === 'unattributed') return 'Unattributed'
  return share === 'skew' ? 'Meter skew' : share
}

function rank(layer: Layer): number {
  if (layer.share === 'idle') return 3
  if (layer.share === 'unattributed') return 2
  return layer.rest ? 1 : 0
}

/** Sum of the layers' milliwatts in an interval; null if no layer has a value: a gap is not zero watts. */
export function totalAt(layers: readonly Layer[], index: number): number | null {
  return layers.reduce<number | null>((sum, layer) => {
    const value = layer.milliwatts[index] ?? null
    if (value === null) return sum
    return (sum ?? 0) + value
  }, null)
}

/** Index of the newest interval that a meter covers, or -1. */
export function newestIndex(layers: readonly Layer[], intervals: number): number {
  for (let index = intervals - 1; index >= 0; index--) if (totalAt(layers, index) !== null) return index
  return -1
}

/** Upper edges of the stacked layers in watts, `edges[layer][interval]`; null in a gap. */
export function stackEdges(layers: readonly Layer[], intervals: number): readonly (number | null)[][] {
  const edges: (number | null)[][] = layers.map(() => new Array<number | null>(intervals).fill(null))
  for (let index = 0; index < intervals; index++) {
    if (totalAt(layers, index) === null) continue
    let sum = 0
    for (const [at, layer] of layers.entries()) {
      sum += layer.milliwatts[index] ?? 0
      edges[at]![index] = sum / 1000
    }
  }
  return edges
}

/** Median length of the intervals in ms; that of the sensors when there are too few. */
export function typicalInterval(timesMs: readonly number[], fallbackMs = 5_000): number {
  const lengths = timesMs.slice(1).map((time, index) => time - timesMs[index]!)
  if (lengths.length === 0) return fallbackMs
  return lengths.toSorted((a, b) => a - b)[lengths.length >> 1]!
}

/**
 * Start of each interval: the end of the previous one. Time that no meter covers is a separate interval without values.
 */
export function intervalStarts(timesMs: readonly number[]): readonly number[] {
  return timesMs.map((end, index) => timesMs[index - 1] ?? end - typicalInterval(timesMs))
}

/** A shorter history is drawn no wider than this: a first reading is not a trend. */
const LEAST_SPAN_MS = 120_000

/** Time range of the chart: the chosen minutes up to the newest interval, or as much as there is. */
export function chartSpan(timesMs: readonly number[], minutes: number, nowMs: number): [number, number] {
  const end = timesMs.at(-1) ?? nowMs
  const first = intervalStarts(timesMs)[0] ?? end
  // A few seconds short of the whole count as the whole: the newest interval is never quite now.
  const have = end - first > minutes * 60_000 * 0.95 ? Number.POSITIVE_INFINITY : end - first
  return [end - Math.min(minutes * 60_000, Math.max(LEAST_SPAN_MS, have)), end]
}

/** The interval that contains a moment, otherwise the nearest one. */
export function intervalAt(timesMs: readonly number[], timeMs: number): number {
  const index = timesMs.findIndex(end => end >= timeMs)
  return index < 0 ? timesMs.length - 1 : index
}

function addKnown(sum: number, value: number | null): number {
  return sum + (value ?? 0)
}
