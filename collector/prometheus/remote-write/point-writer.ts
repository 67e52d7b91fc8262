import type { MetricType, PointShape } from '../metric.ts'
import type { MetricsWriter } from '../metrics-writer.ts'
import type { MetadataRefs } from './dialect.ts'
import type { FamilyMetadata } from './families.ts'
import { compareRanges, type SeriesLabels } from './labels.ts'

interface PointWriterParts {
  readonly out: MetricsWriter
  /** Labels of the current series. */
  readonly labels: SeriesLabels
  /** Metadata of a metric from other sources than its series; called when the name changes. */
  readonly familyOf: (metric: string) => FamilyMetadata
}

/** Begins points of a series, with a new resource or metric where these differ from the previous ones. */
export class SeriesPointWriter {
  readonly #out: MetricsWriter
  readonly #labels: SeriesLabels
  readonly #familyOf: (metric: string) => FamilyMetadata
  // Current resource and metric of the writer: positions in the body, -1 before the first.
  #job = { from: -1, to: -1 }
  #instance = { from: -1, to: -1 }
  #name = { from: -1, to: -1 }
  #described: MetadataRefs = { type: 0, help: 0, unit: 0 }
  /** Name of the metric. */
  metric = ''
  /** Its metadata. */
  family: FamilyMetadata = { type: 'unknown', help: '', unit: '' }
  #type: MetricType | null = null

  constructor({ out, labels, familyOf }: PointWriterParts) {
    this.#out = out
    this.#labels = labels
    this.#familyOf = familyOf
  }

  /** Call it when the labels of a series have been read. */
  enter(metadata: MetadataRefs): void {
    this.#enterResource()
    this.#enterMetric(metadata)
  }

  #enterResource(): void {
    const labels = this.#labels
    const isSame = this.#isAt(this.#job, labels.job) && this.#isAt(this.#instance, labels.instance)
    if (isSame) return
    this.#out.resource([
      ['service.name', labels.valueText(labels.job)],
      ['service.instance.id', labels.valueText(labels.instance)],
    ])
    this.#moveTo(this.#job, labels.job)
    this.#moveTo(this.#instance, labels.instance)
  }

  #enterMetric(metadata: MetadataRefs): void {
    const { type, help, unit } = metadata
    const { name } = this.#labels
    const described = this.#described
    const isSame = type === described.type && help === described.help && unit === described.unit
    if (isSame && this.#isAt(this.#name, name)) return
    this.#moveTo(this.#name, name)
    this.#described = { type, help, unit }
    this.metric = this.#labels.valueText(name)
    this.family = this.#familyOf(this.metric)
    this.#type = null
  }

  /** Whether a label's value, or its absence, equals the writer's current one. */
  #isAt(place: { from: number; to: number }, label: number): boolean {
    const { bytes, valueFrom, valueTo } = this.#labels
    if (place.from === -1) return false
    const from = label === -1 ? 0 : valueFrom[label]!
    const to = label === -1 ? 0 : valueTo[label]!
    return (
      (from === place.from && to === place.to) || compareRanges(bytes, from, to, place.from, place.to) === 0
    )
  }

  #moveTo(place: { from: number; to: number }, label: number): void {
    place.from = label === -1 ? 0 : this.#labels.valueFrom[label]!
    place.to = label === -1 ? 0 : this.#labels.valueTo[label]!
  }

  /** Begins a point of the series, with its labels. */
  begin(type: MetricType, shape: PointShape, timeMs: number, startMs: number, stale: boolean): void {
    const out = this.#out
    if (this.#type !== type) {
      out.metric({ name: this.metric, type, help: this.family.help, unit: this.family.unit })
      this.#type = type
    }
    out.begin(shape, timeMs, startMs, stale)
    const { bytes, count, name, job, instance, nameFrom, nameTo, valueFrom, valueTo } = this.#labels
    for (let at = 0; at < count; at += 1) {
      if (at === name || at === job || at === instance) continue
      out.labelBytes(bytes, nameFrom[at]!, nameTo[at]!, valueFrom[at]!, valueTo[at]!)
    }
  }
}
