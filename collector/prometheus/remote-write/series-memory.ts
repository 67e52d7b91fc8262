import { isValidUtf8 } from '../../../core/columns/utf8.ts'
import { TextMemo } from '../../otlp/decode/text-memo.ts'
import type { FamilyMemory } from './families.ts'
import type { LabelLimits } from './labels.ts'

/** Of each generation: about the label sets of 60,000 containers. */
const MOST_LABELS = 65_536
const LABEL_BYTES = 16_777_216
const MOST_TARGETS = 16_384
const TARGET_BYTES = 4_194_304
const MOST_METRICS = 32_768
const METRIC_BYTES = 8_388_608

/**
 * What was made of earlier series, by the bytes with which they were sent: texts of attributes, resources of targets, and what
 * is known of metrics. One for all senders of a receiver. Bounded; what is forgotten is made again.
 */
export class SeriesMemory {
  /** By attributes: their text. */
  readonly labels = new TextMemo(MOST_LABELS, LABEL_BYTES)
  /** By job and instance: the job and the resource's text. */
  readonly targets = new TextMemo(MOST_TARGETS, TARGET_BYTES)
  /** By tenant and name, or by metadata and name: the text of `Meta`, see `MetricFlags`. */
  readonly metrics = new TextMemo(MOST_METRICS, METRIC_BYTES)
  #limits: LabelLimits | null = null
  #familiesVersion = -1

  /** Forgets what other limits or other metadata have led to. */
  begin({ attributes, attributeBytes }: LabelLimits, families: FamilyMemory): void {
    const known = this.#limits
    if (known?.attributes !== attributes || known.attributeBytes !== attributeBytes) {
      this.labels.clear()
      this.targets.clear()
      this.metrics.clear()
      this.#limits = { attributes, attributeBytes }
    }
    if (families.version === this.#familiesVersion) return
    this.metrics.clear()
    this.#familiesVersion = families.version
  }
}

/** Whether the value of a label of its own column may be stored. */
export const isStorable = (bytes: Uint8Array, from: number, to: number, limits: LabelLimits): boolean =>
  to - from <= limits.attributeBytes && isValidUtf8(bytes, from, to)
