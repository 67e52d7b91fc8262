/**
 * Form of a mapping: which metric is which reading. Built-in rows (table/) and those of key `mappings` have the same
 * form, so that a site can add an exporter without code.
 */
import type { Quantity } from '../books/quantities.ts'
import type { ReaderName } from './readers.ts'

/** Kinds of workloads that a mapping may name. */
export const MAPPED_KINDS = [
  'container',
  'pod',
  'systemd_unit',
  'vm',
  'slurm_job',
  'function',
  'process',
] as const
/** Kind of a workload. */
export type MappedKind = (typeof MAPPED_KINDS)[number]

/** A template (template.ts), or several: the first whose labels are all there counts. */
export type TemplateText = string | readonly string[]

/** The workload that a reading is about, as templates over the labels of the point and of its resource. */
export interface MappingWorkload {
  readonly kind: MappedKind
  readonly id: TemplateText
  /** Name for people; without it the id. */
  readonly name?: TemplateText | undefined
  readonly namespace?: TemplateText | undefined
  /** Further attributes of the workload, such as `k8s.pod.uid` or `project_id`. */
  readonly labels?: Readonly<Record<string, TemplateText>> | undefined
}

/** One row: a metric, the quantity that it measures, and where in its labels the place or the workload is. */
export interface MappingRow {
  /** Exporter or convention: the first half of the reading's Source (`source:metric`). */
  readonly source: string
  readonly metric: string
  readonly quantity: Quantity
  /** Unit of the values, as in UCUM or Prometheus (`mJ`, `W`, `kWh`), where the sender states none. */
  readonly unit: string
  /** Decimal or fraction by which values are multiplied, for meters that count in steps such as 0.1 kWh. */
  readonly scale?: string | undefined
  /** The value of the reading, in `unit`, whatever the sample shows: what counts is that there is one. */
  readonly value?: string | undefined
  /** Labels that must match: an exact text, or a pattern such as `/^psu/i`, whose named groups templates may use. */
  readonly when?: Readonly<Record<string, string>> | undefined
  /** Host of the reading; without it, or where its labels are missing, the host of the sender. */
  readonly host?: TemplateText | undefined
  /** Of quantity `identity`: another name of the host, such as its address. */
  readonly alias?: TemplateText | undefined
  /** The sender reports other machines, never its own: a point whose labels name no host is not a reading. */
  readonly elsewhere?: boolean | undefined
  /** Place in the tree of meters, CPU mode, or measure of memory. */
  readonly domain?: TemplateText | undefined
  /** Distinguishes parts of one domain, which add up, such as power supplies. */
  readonly device?: TemplateText | undefined
  readonly workload?: MappingWorkload | undefined
  /** The value 0 means unknown. */
  readonly zero_is_none?: boolean | undefined
  /** Replaces the built-in rows of this metric. */
  readonly replaces?: boolean | undefined
}

/** A built-in row may also be read by code, where templates do not suffice. */
export interface BuiltInRow extends MappingRow {
  readonly reader?: ReaderName
  /** What the reader needs to know of this row. */
  readonly args?: readonly string[]
  /** What this source calls the unit, where that means something else elsewhere. */
  readonly unit_as?: string
  /** The instrument (counter or gauge) must be the right one, as OpenTelemetry defines it. Prometheus often has no types. */
  readonly typed?: true
}
