/** Resources and metrics from what the tables hold. */
import { costMeasure, LEDGER_MEASURES, type LedgerMetric } from '../model/ledger-measures.ts'
import type { GnocchiMetric, GnocchiResource, LedgerSource, MetricSource } from '../model/resource.ts'
import { GENERIC, typeAttributes } from '../model/types.ts'
import { metricUuid, resourceUuid } from '../model/uuids.ts'
import { pointIdentity } from './from-points.ts'
import type { ListedLedgerRow, SeriesRow } from './listing.ts'

/** All resources and metrics of one caller, by id. */
export interface GnocchiCatalogue {
  readonly resources: ReadonlyMap<string, GnocchiResource>
  readonly metrics: ReadonlyMap<string, GnocchiMetric>
}

/** What has not reported for this long has ended. */
const ENDED_MS = 3_600_000

interface Seen {
  readonly type: string
  readonly firstMs: number
  readonly lastMs: number
}

/** Fills a catalogue. `creator`: goes into the ids of resources whose own ids are not UUIDs. */
export class CatalogueBuilder {
  readonly #resources = new Map<string, GnocchiResource>()
  readonly #metrics = new Map<string, GnocchiMetric>()
  readonly #creator: string

  constructor(creator: string) {
    this.#creator = creator
  }

  addSeries(rows: Iterable<SeriesRow>): void {
    for (const row of rows) {
      const said = pointIdentity(row)
      const seen = { type: said.type, firstMs: row.first, lastMs: row.last }
      const resource = this.#resource(said.original, seen)
      resource.userId ??= said.userId
      resource.projectId ??= said.projectId
      Object.assign(resource.attributes, said.attributes)
      const { source } = this.#metric(resource, said.name, said.unit, () => ({ kind: 'points', series: [] }))
      if (source.kind !== 'points') continue
      const { metric, service, labels } = row
      source.series.push({ metric, service, labels, resource: row.resource })
    }
  }

  addWorkloads(rows: Iterable<ListedLedgerRow>): void {
    for (const row of rows) {
      const type = row.kind === 'vm' ? 'instance' : 'workload'
      const resource = this.#resource(row.id, seenOf(row, type))
      resource.projectId ??= row.account === '' ? null : row.account
      const { kind, name, namespace, host, zone } = row
      Object.assign(resource.attributes, { kind, display_name: name || row.id, namespace, host, zone })
      this.#addLedger(resource, row, { column: 'WorkloadId', value: row.id })
    }
  }

  addHosts(rows: Iterable<ListedLedgerRow>): void {
    for (const row of rows) {
      const resource = this.#resource(`host:${row.host}`, seenOf(row, 'host'))
      Object.assign(resource.attributes, { host_name: row.host, zone: row.zone })
      this.#addLedger(resource, row, { column: 'Host', value: row.host })
    }
  }

  /** Ends it. */
  catalogue(nowMs: number): GnocchiCatalogue {
    for (const resource of this.#resources.values()) {
      resource.endedMs = resource.lastMs < nowMs - ENDED_MS ? resource.lastMs : null
      const known = typeAttributes(resource.type)
      for (const name of Object.keys(resource.attributes))
        if (!known.includes(name)) delete resource.attributes[name]
      for (const name of known) resource.attributes[name] ||= null
    }
    return { resources: this.#resources, metrics: this.#metrics }
  }

  #resource(original: string, seen: Seen): GnocchiResource {
    const id = resourceUuid(original, this.#creator)
    const known = this.#resources.get(id)
    if (known !== undefined) {
      known.startedMs = Math.min(known.startedMs, seen.firstMs)
      known.lastMs = Math.max(known.lastMs, seen.lastMs)
      if (known.type === GENERIC) known.type = seen.type
      return known
    }
    const resource: GnocchiResource = {
      id,
      original,
      creator: this.#creator,
      type: seen.type,
      userId: null,
      projectId: null,
      startedMs: seen.firstMs,
      lastMs: seen.lastMs,
      endedMs: null,
      attributes: {},
      metrics: new Map(),
    }
    this.#resources.set(id, resource)
    return resource
  }

  #metric(
    resource: GnocchiResource,
    name: string,
    unit: string | null,
    sourceOf: () => MetricSource,
  ): GnocchiMetric {
    const known = resource.metrics.get(name)
    if (known !== undefined) return known
    const metric = { id: metricUuid(resource.id, name), name, unit, resource, source: sourceOf() }
    resource.metrics.set(name, metric)
    this.#metrics.set(metric.id, metric)
    return metric
  }

  #addLedger(
    resource: GnocchiResource,
    row: ListedLedgerRow,
    where: Pick<LedgerSource, 'column' | 'value'>,
  ): void {
    const add = (measure: LedgerMetric, currency = ''): void => {
      this.#metric(resource, measure.name, measure.unit, () => ({
        kind: 'ledger',
        ...where,
        measure,
        currency,
      }))
    }
    for (const measure of LEDGER_MEASURES) if (isKnown(measure, row)) add(measure)
    for (const currency of row.currencies) add(costMeasure(currency), currency)
  }
}

const seenOf = ({ first, last }: ListedLedgerRow, type: string): Seen => ({
  type,
  firstMs: first * 1000,
  lastMs: last * 1000,
})

function isKnown({ name }: LedgerMetric, row: ListedLedgerRow): boolean {
  if (name.includes('operational')) return row.operational === 1
  if (name.includes('embodied')) return row.embodied === 1
  if (name.includes('cpu')) return row.cpu === 1
  return !name.includes('gpu') || row.gpu === 1
}
