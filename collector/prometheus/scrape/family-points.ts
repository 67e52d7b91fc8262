import { classicProblem, type MetricHead, type MetricType } from '../metric.ts'
import { numberType } from '../remote-write/families.ts'
import type { ScrapedIdentity, ScrapedPoint } from './points.ts'
import type { SampleRole } from './roles.ts'
import type { SampleExemplar } from './sample.ts'

/**
 * One sample after relabelling. `le` and `quantile` have been removed from the labels of parts of histograms and
 * summaries.
 */
export interface RelabelledSample extends ScrapedIdentity {
  readonly role: SampleRole
  readonly name: string
  readonly bound: string | undefined
  readonly value: number
  readonly timeMs: number | undefined
  readonly exemplar: SampleExemplar | undefined
}

/** Parts of one point: they have the same labels and time. */
interface SampleGroup {
  readonly identity: ScrapedIdentity
  readonly timeMs: number | undefined
  readonly parts: RelabelledSample[]
}

/**
 * Combines the samples of one family: counters get their start, histograms and summaries become one point each. Parts
 * that cannot be combined (bounds that do not increase, no count) stay separate series, as in remote write.
 */
export function familyPoints(family: MetricHead, parts: readonly RelabelledSample[]): ScrapedPoint[] {
  const isPlain = parts.every(part => part.role === 'value')
  const points = isPlain
    ? parts.map(part => numberPoint(part, family, family.type))
    : groupsOf(parts).flatMap(group => groupPoints(family, group))
  // One head for many points: ordered by resource and then by name, otherwise in their original order.
  const first = points[0]
  const isMixed = points.some(
    ({ job, instance, head }) =>
      job !== first!.job || instance !== first!.instance || head.name !== first!.head.name,
  )
  return isMixed ? points.sort(byResourceAndName) : points
}

function groupsOf(parts: readonly RelabelledSample[]): SampleGroup[] {
  const groups = new Map<string, SampleGroup>()
  for (const part of parts) {
    const { job, instance, labels, timeMs } = part
    const key = JSON.stringify([timeMs ?? '', job, instance, ...labels.flat()])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { identity: part, timeMs, parts: [part] })
    else group.parts.push(part)
  }
  return [...groups.values()]
}

function groupPoints(family: MetricHead, group: SampleGroup): ScrapedPoint[] {
  const created = group.parts.find(part => part.role === 'created')
  const startMs = created === undefined ? 0 : Math.round(created.value * 1e6) / 1000
  const parts = group.parts.filter(part => part.role !== 'created')
  // A start without a value stays a separate series.
  if (parts.length === 0) return group.parts.map(part => loosePoint(part, family))
  const point =
    family.type === 'summary'
      ? summaryPoint(family, group, parts, startMs)
      : family.type === 'histogram' || family.type === 'gaugehistogram'
        ? histogramPoint(family, group, parts, startMs)
        : undefined
  if (point !== undefined) return [point]
  if (family.type === 'counter')
    return parts.map(part => ({ ...numberPoint(part, family, 'counter'), startMs }))
  return group.parts.map(part => loosePoint(part, family))
}

/** The bucket `+Inf` gives the count, whatever `_count` says: the buckets must add up to it. */
function histogramPoint(
  head: MetricHead,
  { identity, timeMs }: SampleGroup,
  parts: readonly RelabelledSample[],
  startMs: number,
): ScrapedPoint | undefined {
  const buckets = parts
    .filter(part => part.role === 'bucket')
    .map(part => ({ bound: boundOf(part), value: part.value }))
    .sort((a, b) => a.bound - b.bound)
  if (buckets.some(({ bound }) => Number.isNaN(bound))) return undefined
  const count = single(parts, 'count')
  if (buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY) {
    if (count === undefined) return undefined
    buckets.push({ bound: Number.POSITIVE_INFINITY, value: count })
  }
  const bounds = buckets.slice(0, -1).map(({ bound }) => bound)
  const cumulative = buckets.map(({ value }) => value)
  if (classicProblem(bounds, cumulative) !== undefined) return undefined
  const exemplars = exemplarsOf(parts)
  const sum = single(parts, 'sum')
  return { ...whole(head, identity, timeMs, startMs, exemplars), shape: 'classic', bounds, cumulative, sum }
}

function summaryPoint(
  head: MetricHead,
  { identity, timeMs }: SampleGroup,
  parts: readonly RelabelledSample[],
  startMs: number,
): ScrapedPoint | undefined {
  const count = single(parts, 'count')
  if (count === undefined || !(count >= 0 && count <= Number.MAX_SAFE_INTEGER)) return undefined
  const found = parts
    .filter(part => part.role === 'quantile')
    .map(part => ({ quantile: boundOf(part), value: part.value }))
  if (found.some(({ quantile }) => !(quantile >= 0 && quantile <= 1))) return undefined
  const quantiles = found.map(({ quantile }) => quantile)
  const values = found.map(({ value }) => value)
  const sum = single(parts, 'sum')
  return { ...whole(head, identity, timeMs, startMs, []), shape: 'quantiles', count, sum, quantiles, values }
}

const whole = (
  head: MetricHead,
  { job, instance, labels }: ScrapedIdentity,
  timeMs: number | undefined,
  startMs: number,
  exemplars: readonly SampleExemplar[],
) => ({ head, job, instance, labels, timeMs, startMs, exemplars })

const single = (parts: readonly RelabelledSample[], role: SampleRole): number | undefined =>
  parts.find(part => part.role === role)?.value

const exemplarsOf = (parts: readonly RelabelledSample[]): SampleExemplar[] =>
  parts.flatMap(({ exemplar }) => (exemplar === undefined ? [] : [exemplar]))

const boundOf = ({ bound }: RelabelledSample): number => {
  if (bound === undefined || bound.trim() === '') return Number.NaN
  return bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound)
}

function numberPoint(
  part: RelabelledSample,
  { name, help, unit }: MetricHead,
  type: MetricType,
): ScrapedPoint & { shape: 'number' } {
  const head = { name: part.name, type, help: part.name.startsWith(name) ? help : '', unit }
  const exemplars = part.exemplar === undefined ? [] : [part.exemplar]
  return { ...whole(head, part, part.timeMs, 0, exemplars), shape: 'number', value: part.value }
}

/** A separate part, with the label that was removed from it. */
function loosePoint(part: RelabelledSample, family: MetricHead): ScrapedPoint {
  const type = part.role === 'created' ? 'gauge' : numberType(part.name, family.type)
  if (part.bound === undefined) return numberPoint(part, family, type)
  const name = part.role === 'bucket' ? 'le' : 'quantile'
  const labels = [...part.labels, [name, part.bound] as const].sort(([a], [b]) => (a < b ? -1 : 1))
  return numberPoint({ ...part, labels }, family, type)
}

function byResourceAndName(a: ScrapedPoint, b: ScrapedPoint): number {
  return compare(a.job, b.job) || compare(a.instance, b.instance) || compare(a.head.name, b.head.name)
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
