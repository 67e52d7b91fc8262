/**
 * Readings of this machine's own sensors as metrics of the OpenTelemetry semantic conventions. Readings that were recognised
 * in metrics are left out: those metrics are sent as they came.
 */

import { domainOf } from '../../../core/books/domains.ts'
import { isCounter, QUANTITIES, type Quantity } from '../../../core/books/quantities.ts'
import { isSensorSource } from '../../../core/books/sources.ts'
import type { ViewsOf } from '../../../core/columns/record-reader.ts'
import type { readings } from '../../../core/model/streams/index.ts'
import { CUMULATIVE, ENVELOPE, FIELD } from '../../../core/protobuf/otlp/fields.ts'
import { type Envelope, eachRun, type MessageWriter } from './message.ts'

type ReadingColumns = ViewsOf<typeof readings>
type TextAttributes = Readonly<Record<string, string>>

/** One point of a metric. */
interface SensorPoint {
  readonly resource: TextAttributes
  readonly metric: string
  readonly unit: string
  readonly isCounter: boolean
  readonly attributes: TextAttributes
  readonly timeNano: bigint
  readonly value: number
}

/** Why a reading is not sent: it is, as the metric that it came from; or no convention has a metric for it. */
export type LeftOut = 'sent_as_metric' | 'no_metric'

const { Metric, Sum, NumberDataPoint: POINT } = FIELD

/** The points of the rows from `from` to below `to`, and how many rows have none, by reason. */
export function pointsOf(
  columns: ReadingColumns,
  from: number,
  to: number,
): { readonly points: readonly SensorPoint[]; readonly leftOut: ReadonlyMap<LeftOut, number> } {
  const points: SensorPoint[] = []
  const leftOut = new Map<LeftOut, number>()
  for (let row = from; row < to; row += 1) {
    const point = isSensorSource(columns.Source.get(row)) ? pointOf(columns, row) : 'sent_as_metric'
    if (typeof point === 'string') leftOut.set(point, (leftOut.get(point) ?? 0) + 1)
    else points.push(point)
  }
  return { points, leftOut }
}

/** Points as OTLP metrics, grouped by resource and metric where they follow each other. */
export function readingsEnvelope(points: readonly SensorPoint[]): Envelope {
  const metricKey = (at: number): string => points[at]!.metric
  return {
    resourceKey: at => JSON.stringify(points[at]!.resource),
    resource: (to, at) => writeLabels(to, FIELD.Resource.attributes, points[at]!.resource),
    resourceUrl: () => '',
    scopeKey: () => '',
    scope: to => to.text(FIELD.InstrumentationScope.name, 'wattline'),
    scopeUrl: () => '',
    items(to, from, end) {
      eachRun(from, end, metricKey, (first, stop) => {
        const { metric, unit, isCounter } = points[first]!
        to.message(ENVELOPE.members, () => {
          to.text(Metric.name, metric)
          to.text(Metric.unit, unit)
          to.message(isCounter ? Metric.sum : Metric.gauge, () => {
            for (let at = first; at < stop; at += 1)
              to.message(Sum.dataPoints, () => writePoint(to, points[at]!))
            if (!isCounter) return
            to.number(Sum.aggregationTemporality, CUMULATIVE)
            to.number(Sum.isMonotonic, 1)
          })
        })
      })
    },
  }
}

function writePoint(to: MessageWriter, { timeNano, value, attributes }: SensorPoint): void {
  to.wide(POINT.timeUnixNano, timeNano)
  to.real(POINT.asDouble, value)
  writeLabels(to, POINT.attributes, attributes)
}

function writeLabels(to: MessageWriter, field: number, labels: TextAttributes): void {
  for (const [key, value] of Object.entries(labels)) to.attribute(field, key, value)
}

function pointOf(columns: ReadingColumns, row: number): SensorPoint | LeftOut {
  const found = columns.WorkloadKind.get(row) === '' ? hostMetric(columns, row) : workloadMetric(columns, row)
  if (found === null) return 'no_metric'
  const { error_band: band, ...said } = columns.Attributes.get(row)
  const host = { 'host.id': columns.Host.get(row), 'host.name': columns.HostName.get(row) }
  const quality: TextAttributes =
    columns.Quality.get(row) === 'estimated'
      ? { 'wattline.quality': 'estimated', ...(band === undefined ? {} : { 'wattline.error_band': band }) }
      : {}
  return {
    resource: { ...host, ...publicLabels(said), ...found.resource },
    metric: found.metric,
    unit: found.unit,
    isCounter: found.isCounter,
    attributes: { ...found.attributes, ...quality },
    timeNano: columns.Timestamp.get(row),
    value: Number(columns.Value.get(row)) / found.scale,
  }
}

/** Labels of the source, without those that the recogniser added. */
const publicLabels = (labels: TextAttributes): TextAttributes =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !key.startsWith('workload.')))

interface ReadingMetric {
  readonly metric: string
  readonly unit: string
  readonly isCounter: boolean
  readonly scale: number
  readonly attributes: TextAttributes
  readonly resource: TextAttributes
}

/** What a metric says of a quantity: its base unit, and how many integers of a reading make one. */
const metricOf = (quantity: Quantity): Pick<ReadingMetric, 'unit' | 'isCounter' | 'scale'> => ({
  unit: QUANTITIES[quantity].base,
  isCounter: isCounter(quantity),
  scale: Number(QUANTITIES[quantity].perBase),
})

const JOULES = metricOf('energy')
const WATTS = metricOf('power')
const SECONDS = metricOf('cpu_time')
const BYTES = metricOf('memory')

function hostMetric(columns: ReadingColumns, row: number): ReadingMetric | null {
  const quantity = columns.Quantity.get(row)
  const domain = columns.Domain.get(row)
  if (quantity === 'cpu_time') {
    const cpu = columns.Device.get(row)
    const attributes: TextAttributes = {
      'cpu.mode': domain,
      ...(cpu === '' ? {} : { 'cpu.logical_number': cpu }),
    }
    return { metric: 'system.cpu.time', ...SECONDS, attributes, resource: {} }
  }
  if (quantity !== 'energy' && quantity !== 'power') return null
  const by = quantity === 'energy' ? JOULES : WATTS
  if (domain === 'host') return { metric: `hw.host.${quantity}`, ...by, attributes: {}, resource: {} }
  const type = domainOf(domain)?.hardware ?? null
  if (type === null) return null
  return { metric: `hw.${quantity}`, ...by, attributes: { 'hw.id': domain, 'hw.type': type }, resource: {} }
}

function workloadMetric(columns: ReadingColumns, row: number): ReadingMetric | null {
  const kind = columns.WorkloadKind.get(row)
  const domain = columns.Domain.get(row)
  const quantity = columns.Quantity.get(row)
  const identity = identityOf(kind, columns.WorkloadId.get(row))
  if (identity === null) return null
  const { prefix, resource } = identity
  if (quantity === 'cpu_time') {
    const attributes: TextAttributes = domain === '' ? {} : { 'cpu.mode': domain }
    return { metric: `${prefix}.cpu.time`, ...SECONDS, attributes, resource }
  }
  if (quantity !== 'memory' || kind === 'process' || (domain !== 'working_set' && domain !== 'usage'))
    return null
  return { metric: `${prefix}.memory.${domain}`, ...BYTES, attributes: {}, resource }
}

/** Only kinds that the conventions know. */
function identityOf(
  kind: string,
  id: string,
): { readonly prefix: string; readonly resource: TextAttributes } | null {
  if (kind === 'container') return { prefix: 'container', resource: { 'container.id': id } }
  if (kind === 'pod') return { prefix: 'k8s.pod', resource: { 'k8s.pod.uid': id } }
  if (kind === 'process') return { prefix: 'process', resource: { 'process.executable.name': id } }
  return null
}
