/** Resources and metrics as Gnocchi's API knows them. */
import type { LedgerMetric } from './ledger-measures.ts'

/** A series of metric points, as it is stored. */
export interface PointSeries {
  readonly metric: string
  readonly service: string
  /** Attributes of the point, a JSON object of texts. */
  readonly labels: string
  /** Attributes of the resource, the same. */
  readonly resource: string
}

/** Entries of the ledger. */
export interface LedgerSource {
  readonly kind: 'ledger'
  readonly column: 'WorkloadId' | 'Host'
  /** Value of that column. */
  readonly value: string
  readonly measure: LedgerMetric
  /** Of costs only. */
  readonly currency: string
}

/** Where the measures of a metric are. */
export type MetricSource = { readonly kind: 'points'; readonly series: PointSeries[] } | LedgerSource

/** A metric. */
export interface GnocchiMetric {
  readonly id: string
  readonly name: string
  readonly unit: string | null
  readonly resource: GnocchiResource
  readonly source: MetricSource
}

/** A resource. Times are milliseconds since the epoch. */
export interface GnocchiResource {
  readonly id: string
  /** The id before it became a UUID. */
  readonly original: string
  readonly creator: string
  type: string
  userId: string | null
  projectId: string | null
  startedMs: number
  lastMs: number
  /** Null while it reports. */
  endedMs: number | null
  /** Of its type. */
  readonly attributes: Record<string, string | null>
  readonly metrics: Map<string, GnocchiMetric>
}
