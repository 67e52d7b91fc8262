/** What one row of the table of mappings says: see mappings.ts. */
import type { Quantity } from '../../../core/books/quantities.ts'
import type { Labels } from '../../../core/model/label-text.ts'
import type { UnitFactor } from './scale.ts'

/** What the rows look at: the point's own attributes, and those of the resource or scrape target behind them. */
export interface PointContext {
  readonly point: Labels
  readonly resource: Labels
}

/** Who used it. Attributes are what the source said, in the standard terms, bounded by the caller. */
export interface MappedWorkload {
  readonly kind: 'container' | 'pod' | 'systemd_unit' | 'vm' | 'slurm_job' | 'process'
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly attributes: Labels
}

/** Where in the host's meter tree, or whose. */
export interface Located {
  readonly domain: string
  readonly device?: string
  /** Which of several ways to read the same meter: part of the reading's Source, so that they are never added. */
  readonly interface?: string
  readonly workload?: MappedWorkload
}

/** Why a point of a known metric is not a reading; a bounded list, since it labels a counter. */
export const IGNORED_REASONS = [
  'delta_temporality',
  'not_a_counter',
  'not_a_gauge',
  'no_host',
  'no_time',
  'no_workload',
  'no_mode',
  'inside_container',
  'not_cpu_time',
  'hw_type',
  'not_host_meter',
  'no_device',
  'zone',
  'label',
  'unit',
  'not_finite',
  'negative',
  'sentinel',
  'out_of_range',
] as const
/** Label of the counter of points that look like readings and are not. */
export type IgnoredReason = (typeof IGNORED_REASONS)[number]

/** One row of the table: which metric means which quantity, and how its labels are read. */
export interface Mapping {
  /** Who speaks so: first half of the reading's Source (`source:metric`). */
  readonly source: string
  readonly metric: string
  readonly quantity: Quantity
  /** Of the quantity; here since it is asked of every point. */
  readonly isCounter: boolean
  /** From the unit sent to the unit of the quantity. */
  readonly factor: UnitFactor
  /** Point labels that must be equal for this row to apply; the first row that applies wins. */
  readonly when?: Labels
  /** Point labels that name the host before the resource is asked: an exporter may speak of other nodes. */
  readonly hostLabels?: readonly string[]
  /** Exporters without types (Prometheus) say "gauge" of counters too; then the row knows better. */
  readonly untyped?: true
  /** The sender's unit is not one of this quantity, or not the one that the metric's name says. */
  readonly refused?: 'unit'
  /** A value of 0 is how this source says that it does not know. */
  readonly zeroIsNone?: true
  readonly locate: (place: PointContext) => Located | IgnoredReason
}
