/** Form of a row in the table of mappings: see mappings.ts. */
import type { Quantity } from '../../../core/books/quantities.ts'
import type { Labels } from '../../../core/model/label-text.ts'
import type { UnitFactor } from './scale.ts'

/** What rows may read: the point's own attributes, and those of its resource or scrape target. */
export interface PointContext {
  readonly point: Labels
  readonly resource: Labels
}

/** The workload. Attributes are those of the source, in the standard terms, limited by the caller. */
export interface MappedWorkload {
  readonly kind: 'container' | 'pod' | 'systemd_unit' | 'vm' | 'slurm_job' | 'process'
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly attributes: Labels
}

/** A place in the host's meter tree, or a workload. */
export interface Located {
  readonly domain: string
  readonly device?: string
  /** Which of several ways to read the same meter: part of the reading's Source, so that they are never added. */
  readonly interface?: string
  readonly workload?: MappedWorkload
}

/** Why a point of a known metric is not a reading; a closed list, since it labels a counter. */
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
/** Label of the counter of points that look like readings but are not. */
export type IgnoredReason = (typeof IGNORED_REASONS)[number]

/** One row of the table: which quantity a metric measures, and how to read its labels. */
export interface Mapping {
  /** The convention or exporter: first half of the reading's Source (`source:metric`). */
  readonly source: string
  readonly metric: string
  readonly quantity: Quantity
  /** A property of the quantity; repeated here because it is needed for every point. */
  readonly isCounter: boolean
  /** Converts from the sender's unit to the unit of the quantity. */
  readonly factor: UnitFactor
  /** Point labels that must match for this row to apply; the first row that applies wins. */
  readonly when?: Labels
  /**
   * Point labels that name the host and take precedence over the resource, because an exporter may report other nodes.
   */
  readonly hostLabels?: readonly string[]
  /** Exporters without types (Prometheus) report counters as gauges too; the row then overrides the type. */
  readonly untyped?: true
  /** The sender's unit does not fit this quantity, or contradicts the metric's name. */
  readonly refused?: 'unit'
  /** This source uses the value 0 for unknown. */
  readonly zeroIsNone?: true
  readonly locate: (place: PointContext) => Located | IgnoredReason
}
