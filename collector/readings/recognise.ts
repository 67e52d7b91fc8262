/**
 * Recognising readings in metrics that arrive: pure and without state, so that the same metric always gives the same
 * readings and a sample sent twice is the same reading twice (counters make that harmless).
 */
import type { IgnoredReason, Labels, Located, Mapping, Place } from './mapping.ts'
import { MAPPINGS } from './mappings.ts'
import { own } from './mappings-prometheus.ts'
import type { Reading, RecognisableMetric, RecognisablePoint } from './metric.ts'
import { scale } from './scale.ts'
import { keptAttributes } from './workload.ts'

export interface Recognised {
  readonly readings: Reading[]
  /** Points that are no reading, by reason (IGNORED_REASONS). They stay metrics like any other. */
  readonly ignored: Map<string, number>
}

/** Resource attribute with which a sender says that nobody measured this: see `wattline simulate`. */
const SOURCE_ATTRIBUTE = 'wattline.source'
const SIMULATED = 'simulated'

const NO_LABELS: Labels = {}

const byName = Map.groupBy(MAPPINGS, mapping => mapping.metric)

/** On the ingest path of every metric: one look-up. */
export const isRecognisable = (metricName: string): boolean => byName.has(metricName)

/** Readings of one metric. Never throws: what cannot be a reading is counted by its reason. */
export function recognise(metric: RecognisableMetric, tenant: string): Recognised {
  const readings: Reading[] = []
  const ignored = new Map<string, number>()
  const rows = byName.get(metric.name) ?? []
  for (const point of metric.points) {
    const result = recognisePoint(rows, metric, point, tenant)
    if (typeof result === 'string') ignored.set(result, (ignored.get(result) ?? 0) + 1)
    else readings.push(result)
  }
  return { readings, ignored }
}

function recognisePoint(
  rows: readonly Mapping[],
  metric: RecognisableMetric,
  point: RecognisablePoint,
  tenant: string,
): Reading | IgnoredReason {
  const mapping = rows.find(row => applies(row, point.attributes))
  if (mapping === undefined) return 'label'
  const mismatch = kindProblem(mapping, metric)
  if (mismatch !== undefined) return mismatch
  if (point.timeUnixNano <= 0n) return 'no_time'
  const place: Place = { point: point.attributes, resource: metric.resource }
  const host = hostOf(mapping, place)
  if (host === undefined) return 'no_host'
  const located = mapping.locate(place)
  if (typeof located === 'string') return located
  const value = scale(point.value, mapping.factor)
  if (typeof value === 'string') return value
  const simulated = metric.resource[SOURCE_ATTRIBUTE] === SIMULATED
  return {
    Tenant: tenant,
    Host: host.id,
    HostName: host.name,
    BootId: mapping.kind === 'counter' ? epochOf(point) : '',
    Timestamp: point.timeUnixNano,
    Quantity: mapping.quantity,
    Domain: located.domain,
    Device: located.device ?? '',
    WorkloadKind: located.workload?.kind ?? '',
    WorkloadId: located.workload?.id ?? '',
    Value: value,
    RangeMax: 0n,
    Source: `${simulated ? SIMULATED : mapping.source}:${metric.name}`,
    Quality: simulated ? SIMULATED : 'measured',
    Attributes: attributesOf(located, metric.resource),
  }
}

const applies = (row: Mapping, labels: Labels): boolean =>
  row.when === undefined || Object.entries(row.when).every(([key, value]) => own(labels, key) === value)

/**
 * A delta cannot be turned into a counter without remembering what came before, and a lost or repeated one would
 * change what was used: senders are asked for cumulative temporality.
 */
function kindProblem(mapping: Mapping, metric: RecognisableMetric): IgnoredReason | undefined {
  if (metric.kind === 'sum' && metric.temporality !== 2) return 'delta_temporality'
  if (mapping.untyped) return undefined
  if (mapping.kind === 'counter')
    return metric.kind === 'sum' && metric.monotonic ? undefined : 'not_a_counter'
  return metric.kind === 'sum' && metric.monotonic ? 'not_a_gauge' : undefined
}

/** A counter that starts anew says so by its start time. */
const epochOf = (point: RecognisablePoint): string =>
  point.startTimeUnixNano === 0n ? '' : `otlp:${point.startTimeUnixNano}`

function hostOf(mapping: Mapping, { point, resource }: Place): { id: string; name: string } | undefined {
  const said = mapping.hostLabels === undefined ? '' : own(point, ...mapping.hostLabels)
  if (said !== '') return { id: said, name: said }
  const id = resource['host.id'] || resource['host.name'] || resource['k8s.node.name']
  if (id) return { id, name: resource['host.name'] || resource['k8s.node.name'] || id }
  if (mapping.untyped === undefined) return undefined
  // Receivers of Prometheus put the target's `instance` on the resource, under this name.
  const instance = (own(point, 'instance') || resource['service.instance.id'] || '').replace(/:\d+$/, '')
  return instance === '' ? undefined : { id: instance, name: instance }
}

function attributesOf(located: Located, resource: Labels): Record<string, string> {
  const { workload } = located
  if (workload === undefined)
    return keptAttributes(NO_LABELS, { 'cloud.account.id': resource['cloud.account.id'] ?? '' })
  return {
    ...workload.attributes,
    'workload.name': workload.name,
    ...(workload.namespace === '' ? {} : { 'workload.namespace': workload.namespace }),
  }
}
