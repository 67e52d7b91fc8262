import { decodeUtf8, isValidUtf8 } from '../../../core/columns/utf8.ts'
import type { SeriesProblem } from './problems.ts'

/** Limits on the labels of one series; a series beyond them is refused, not cut. */
export interface LabelLimits {
  /** Labels per series, in addition to its name, job and instance. */
  readonly attributes: number
  /** UTF-8 bytes of a name or a value. */
  readonly attributeBytes: number
}

const NAME = Buffer.from('__name__')
const JOB = Buffer.from('job')
const INSTANCE = Buffer.from('instance')
/** Labels that do not become attributes. */
const SPECIAL = 3

/**
 * The labels of a series as positions in the body, reused for each series. When `check` has found no problem, they are
 * sorted by name and unique; a label without a value counts as missing, as in Prometheus, and is left out.
 */
export class SeriesLabels {
  readonly bytes: Uint8Array
  count = 0
  nameFrom: Int32Array
  nameTo: Int32Array
  valueFrom: Int32Array
  valueTo: Int32Array
  /** Indices of the metric's name, job and instance; -1: absent. */
  name = -1
  job = -1
  instance = -1
  readonly #limits: LabelLimits
  #tooMany = false

  constructor(bytes: Uint8Array, limits: LabelLimits) {
    const capacity = limits.attributes + SPECIAL
    this.bytes = bytes
    this.#limits = limits
    this.nameFrom = new Int32Array(capacity)
    this.nameTo = new Int32Array(capacity)
    this.valueFrom = new Int32Array(capacity)
    this.valueTo = new Int32Array(capacity)
  }

  begin(): void {
    this.count = 0
    this.#tooMany = false
  }

  add(nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): void {
    if (valueFrom === valueTo && nameFrom !== nameTo) return
    const at = this.count
    if (at === this.nameFrom.length) {
      this.#tooMany = true
      return
    }
    this.nameFrom[at] = nameFrom
    this.nameTo[at] = nameTo
    this.valueFrom[at] = valueFrom
    this.valueTo[at] = valueTo
    this.count = at + 1
  }

  /**
   * Why these labels do not identify a series; null when they do. What would be cut elsewhere is refused here, because
   * two series must not become one. Senders must sort labels, but unsorted ones are accepted.
   */
  check(): SeriesProblem | null {
    this.name = this.job = this.instance = -1
    if (this.#tooMany) return 'labels_too_many'
    let isSorted = true
    for (let at = 0; at < this.count; at += 1) {
      const problem = this.#labelProblem(at)
      if (problem !== null) return problem
      if (at > 0 && this.#compareNames(at - 1, at) >= 0) isSorted = false
    }
    if (!isSorted && !this.#sort()) return 'label_name_twice'
    for (let at = 0; at < this.count; at += 1) this.#notice(at)
    if (this.count - this.#specials() > this.#limits.attributes) return 'labels_too_many'
    return null
  }

  /** The value of a label as a string; '' for -1, a missing one. */
  valueText(at: number): string {
    return at === -1 ? '' : decodeUtf8(this.bytes, this.valueFrom[at]!, this.valueTo[at]!)
  }

  /** All labels as strings. */
  pairs(): [name: string, value: string][] {
    return Array.from({ length: this.count }, (_, at) => [
      decodeUtf8(this.bytes, this.nameFrom[at]!, this.nameTo[at]!),
      this.valueText(at),
    ])
  }

  #labelProblem(at: number): SeriesProblem | null {
    const { bytes } = this
    const nameFrom = this.nameFrom[at]!
    const nameTo = this.nameTo[at]!
    const valueFrom = this.valueFrom[at]!
    const valueTo = this.valueTo[at]!
    const longest = this.#limits.attributeBytes
    if (nameFrom === nameTo) return 'label_name_empty'
    if (nameTo - nameFrom > longest || valueTo - valueFrom > longest) return 'label_too_long'
    return isValidUtf8(bytes, nameFrom, nameTo) && isValidUtf8(bytes, valueFrom, valueTo)
      ? null
      : 'label_not_utf8'
  }

  #compareNames(a: number, b: number): number {
    return compareRanges(this.bytes, this.nameFrom[a]!, this.nameTo[a]!, this.nameFrom[b]!, this.nameTo[b]!)
  }

  /** False: a name occurs twice. */
  #sort(): boolean {
    const order = Array.from({ length: this.count }, (_, at) => at).sort((a, b) => this.#compareNames(a, b))
    if (order.some((label, at) => at > 0 && this.#compareNames(order[at - 1]!, label) === 0)) return false
    for (const column of [this.nameFrom, this.nameTo, this.valueFrom, this.valueTo]) {
      column.set(order.map(label => column[label]!))
    }
    return true
  }

  #notice(at: number): void {
    const from = this.nameFrom[at]!
    const length = this.nameTo[at]! - from
    if (length === NAME.length && equals(this.bytes, from, NAME)) this.name = at
    else if (length === JOB.length && equals(this.bytes, from, JOB)) this.job = at
    else if (length === INSTANCE.length && equals(this.bytes, from, INSTANCE)) this.instance = at
  }

  #specials(): number {
    return [this.name, this.job, this.instance].filter(at => at !== -1).length
  }
}

function equals(bytes: Uint8Array, from: number, text: Uint8Array): boolean {
  for (let at = 0; at < text.length; at += 1) if (bytes[from + at] !== text[at]) return false
  return true
}

/** Compares two ranges bytewise: negative, 0 or positive. */
export function compareRanges(
  bytes: Uint8Array,
  aFrom: number,
  aTo: number,
  bFrom: number,
  bTo: number,
): number {
  const shorter = Math.min(aTo - aFrom, bTo - bFrom)
  for (let at = 0; at < shorter; at += 1) {
    const difference = bytes[aFrom + at]! - bytes[bFrom + at]!
    if (difference !== 0) return difference
  }
  return aTo - aFrom - (bTo - bFrom)
}
