/** A mapping that is ready to read points: see compile.ts. */

import type { Quantity } from '../../../core/books/quantities.ts'
import type { MappedKind } from '../../../core/mappings/row.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import type { UnitFactor } from './scale.ts'

/** What rows may read: the point's own attributes, and those of its resource or scrape target. */
export interface PointContext {
  readonly point: LabelMap
  readonly resource: LabelMap
}

/** The workload. Attributes are those of the source, in the standard terms, limited by the caller. */
export interface MappedWorkload {
  readonly kind: MappedKind
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly attributes: LabelMap
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

/** One row of the table, ready to read points: which quantity a metric measures, and how to read its labels. */
export interface Mapping {
  /** The convention or exporter: first half of the reading's Source (`source:metric`). */
  readonly source: string
  readonly metric: string
  readonly quantity: Quantity
  /** A property of the quantity; repeated here because it is needed for every point. */
  readonly isCounter: boolean
  /** Converts from the sender's unit to the unit of the quantity. */
  readonly factor: UnitFactor
  /** What this source calls the unit of `factor`; '' has that meaning too. */
  readonly unitAs: string
  /** The value of every reading; null: that of the sample. */
  readonly value: bigint | null
  /** What labels must be for this row to apply, and what templates may use of them; null: it applies to every point. */
  readonly match: ((place: PointContext) => Captures | null) | null
  /** The host that the labels name, which takes precedence over the resource, since exporters report other nodes; '': none. */
  readonly hostOf: ((place: PointContext, captures: Captures) => string) | null
  /** Another name of the host that the labels say; null: the row says none. */
  readonly aliasOf: ((place: PointContext, captures: Captures) => string) | null
  /** The sender reports other machines only: without a label that names the host, a point is not a reading. */
  readonly isElsewhere?: true
  /** It measures the energy of the whole machine. */
  readonly isHostMeter?: true
  /** Exporters without types (Prometheus) report counters as gauges too; the row then overrides the type. */
  readonly untyped?: true
  /** The sender's unit does not fit this quantity, or contradicts the metric's name. */
  readonly refused?: 'unit'
  /** This source uses the value 0 for unknown. */
  readonly zeroIsNone?: true
  readonly locate: (place: PointContext, captures: Captures) => Located | IgnoredReason
}

/** Named groups of the patterns that a row's conditions matched. */
export type Captures = Readonly<Record<string, string>>
/** Of rows without patterns. */
export const NO_CAPTURES: Captures = {}
