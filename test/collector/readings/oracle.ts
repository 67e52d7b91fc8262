/**
 * The rule of recognising, point by point and without memory: the collector's remembered identities must give the same
 * result.
 */

import { compileRow } from '../../../collector/readings/mappings/compile.ts'
import { own } from '../../../collector/readings/mappings/labels.ts'
import type {
  IgnoredReason,
  Located,
  Mapping,
  PointContext,
} from '../../../collector/readings/mappings/mapping.ts'
import { MAPPINGS } from '../../../collector/readings/mappings/mappings.ts'
import { rowsByPattern } from '../../../collector/readings/mappings/rapl-zones.ts'
import { scale } from '../../../collector/readings/mappings/scale.ts'
import { inUnit } from '../../../collector/readings/mappings/unit.ts'
import { keptAttributes } from '../../../collector/readings/mappings/workload.ts'
import type { Reading } from '../../../collector/readings/reading.ts'
import { isCounter } from '../../../core/books/quantities.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import type { Recognised, SentMetric, SentPoint } from './recognising.ts'

const byName = Map.groupBy(MAPPINGS, mapping => mapping.metric)

export function recognisedByRule(metrics: readonly SentMetric[], tenant: string): Recognised {
  const readings: Reading[] = []
  const ignored = new Map<string, number>()
  for (const metric of metrics) {
    const rows = (byName.get(metric.name) ?? rowsByPattern(metric.name).map(compileRow)).map(row =>
      inUnit(row, metric.unit ?? ''),
    )
    if (rows.length === 0) continue
    for (const point of metric.points) {
      const result = recognisePoint(rows, metric, point, tenant)
      if (typeof result === 'string') ignored.set(result, (ignored.get(result) ?? 0) + 1)
      else readings.push(result)
    }
  }
  return { readings, ignored }
}

function recognisePoint(
  rows: readonly Mapping[],
  metric: SentMetric,
  point: SentPoint,
  tenant: string,
): Reading | IgnoredReason {
  const place: PointContext = { point: point.attributes, resource: metric.resource }
  const mapping = rows.find(row => row.match === null || row.match(place) !== null)
  if (mapping === undefined) return rows.every(row => row.isHostMeter) ? 'not_host_meter' : 'label'
  const mismatch = kindProblem(mapping, metric)
  if (mismatch !== undefined) return mismatch
  if (point.timeUnixNano <= 0n) return 'no_time'
  const host = hostOf(mapping, place)
  if (host === undefined) return 'no_host'
  const located = mapping.locate(place, mapping.match?.(place) ?? {})
  if (typeof located === 'string') return located
  const value = mapping.value ?? scale(point.value, mapping.factor)
  if (typeof value === 'string') return value
  if (value === 0n && mapping.zeroIsNone) return 'sentinel'
  const simulated = metric.resource['wattline.source'] === 'simulated'
  return {
    Tenant: tenant,
    Host: host.id,
    HostName: host.name,
    BootId: isCounter(mapping.quantity) ? epochOf(point) : '',
    Timestamp: point.timeUnixNano,
    Quantity: mapping.quantity,
    Domain: located.domain,
    Device: located.device ?? '',
    WorkloadKind: located.workload?.kind ?? '',
    WorkloadId: located.workload?.id ?? '',
    Value: value,
    RangeMax: 0n,
    Source: [
      simulated ? 'simulated' : mapping.source,
      metric.name,
      ...(located.interface ? [located.interface] : []),
    ].join(':'),
    Quality: simulated ? 'simulated' : 'measured',
    Attributes: attributesOf(located, metric.resource),
  }
}

function kindProblem(mapping: Mapping, metric: SentMetric): IgnoredReason | undefined {
  if (metric.kind === 'sum' && metric.temporality !== 2) return 'delta_temporality'
  if (mapping.refused) return mapping.refused
  if (mapping.untyped) return undefined
  if (isCounter(mapping.quantity))
    return metric.kind === 'sum' && metric.monotonic ? undefined : 'not_a_counter'
  return metric.kind === 'sum' && metric.monotonic ? 'not_a_gauge' : undefined
}

const epochOf = (point: SentPoint): string =>
  point.startTimeUnixNano === 0n ? '' : `otlp:${point.startTimeUnixNano}`

function hostOf(mapping: Mapping, place: PointContext): { id: string; name: string } | undefined {
  const { point, resource } = place
  const said = mapping.hostOf?.(place, mapping.match?.(place) ?? {}) ?? ''
  if (said !== '') return { id: said, name: said }
  if (mapping.isElsewhere) return undefined
  const id = resource['host.id'] || resource['host.name'] || resource['k8s.node.name']
  if (id) return { id, name: resource['host.name'] || resource['k8s.node.name'] || id }
  if (mapping.untyped === undefined) return undefined
  const instance = (own(point, 'instance') || resource['service.instance.id'] || '').replace(/:\d+$/, '')
  return instance === '' ? undefined : { id: instance, name: instance }
}

function attributesOf(located: Located, resource: LabelMap): Record<string, string> {
  const { workload } = located
  if (workload === undefined)
    return keptAttributes({}, { 'cloud.account.id': resource['cloud.account.id'] ?? '' })
  return {
    ...workload.attributes,
    'workload.name': workload.name,
    ...(workload.namespace === '' ? {} : { 'workload.namespace': workload.namespace }),
  }
}
