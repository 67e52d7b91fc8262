import type { MetricHead, MetricType } from '../metric.ts'
import { numberType } from '../remote-write/families.ts'
import { ScrapeFailure } from './failure.ts'
import { familyPoints, type RelabelledSample } from './family-points.ts'
import type { PointWriter } from './points.ts'
import type { Relabel } from './relabel.ts'
import { roleOf, type SampleRole } from './roles.ts'
import type { ExpositionSink, Label, ScrapedSample } from './sample.ts'
import { compareLabelNames, type ScrapeTarget } from './targets.ts'

interface TargetSinkOptions {
  readonly target: ScrapeTarget
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  /** Undefined: no rules. */
  readonly relabel: Relabel | undefined
  readonly sampleLimit: number
  readonly maxLabels: number
  readonly maxLabelBytes: number
  readonly out: PointWriter
}

/** Samples and exemplars left out, by reason; the rest of the exposition is stored. */
type Rejected = ReadonlyMap<string, number>

/**
 * Receives the samples of a target, adds the target's labels, applies the rules, and passes complete families on. Holds
 * one family at a time.
 */
export class TargetSink implements ExpositionSink {
  readonly #options: TargetSinkOptions
  readonly #targetLabels: ReadonlyMap<string, string>
  readonly #rejected = new Map<string, number>()
  #family: MetricHead = { name: '', type: 'unknown', help: '', unit: '' }
  #parts: RelabelledSample[] = []
  /** Number of samples before and after the rules. */
  scraped = 0
  kept = 0

  constructor(options: TargetSinkOptions) {
    this.#options = options
    this.#targetLabels = new Map(options.target.labels)
  }

  get rejected(): Rejected {
    return this.#rejected
  }

  type(family: string, type: MetricType): void {
    this.#enter(family)
    this.#family = { ...this.#family, type }
  }

  help(family: string, help: string): void {
    this.#enter(family)
    this.#family = { ...this.#family, help }
  }

  unit(family: string, unit: string): void {
    this.#enter(family)
    this.#family = { ...this.#family, unit }
  }

  sample(sample: ScrapedSample): void {
    this.scraped += 1
    let role = roleOf(sample.name, this.#family.name, this.#family.type)
    if (role === undefined) {
      this.#enter(sample.name)
      role = 'value'
    }
    const labels = this.#labelsOf(sample)
    if (labels === undefined) return
    this.kept += 1
    const { sampleLimit, honorTimestamps } = this.#options
    if (this.kept > sampleLimit) {
      throw new ScrapeFailure('samples', `The target has more than ${sampleLimit} samples (sample_limit).`)
    }
    const name = labels.get('__name__') ?? ''
    labels.delete('__name__')
    const problem = this.#problemOf(name, labels)
    if (problem !== undefined) {
      this.leftOut(problem)
      return
    }
    const timeMs = honorTimestamps ? sample.timeMs : undefined
    const part = { name, value: sample.value, timeMs, exemplar: sample.exemplar }
    if (name === sample.name) this.#parts.push({ ...part, role, ...identityOf(labels, role) })
    else this.#renamed({ ...part, role: 'value', ...identityOf(labels, 'value') }, sample.name, role)
  }

  leftOut(reason: string): void {
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1)
  }

  /** Passes the last family on. */
  end(): void {
    this.#flush()
  }

  #enter(family: string): void {
    if (family === this.#family.name) return
    this.#flush()
    this.#family = { name: family, type: 'unknown', help: '', unit: '' }
  }

  #flush(): void {
    const parts = this.#parts
    this.#parts = []
    if (parts.length > 0)
      for (const point of familyPoints(this.#family, parts)) this.#options.out.write(point)
  }

  /** A sample that a rule has renamed belongs to no family any more. */
  #renamed(part: RelabelledSample, before: string, role: SampleRole): void {
    const { type } = this.#family
    const kind = role === 'value' ? type : numberType(before, type)
    const family = { ...this.#family, name: part.name, type: kind }
    for (const point of familyPoints(family, [part])) this.#options.out.write(point)
  }

  /** Including `__name__`; undefined when a rule drops the sample. */
  #labelsOf({ name, labels: said }: ScrapedSample): Map<string, string> | undefined {
    const { honorLabels, relabel } = this.#options
    const labels = new Map<string, string>(said)
    if (honorLabels) {
      for (const [label, value] of this.#targetLabels) if (!labels.has(label)) labels.set(label, value)
    } else {
      for (const [label, value] of said) {
        if (!this.#targetLabels.has(label)) continue
        labels.delete(label)
        let free = `exported_${label}`
        while (labels.has(free) || this.#targetLabels.has(free)) free = `exported_${free}`
        labels.set(free, value)
      }
      for (const [label, value] of this.#targetLabels) labels.set(label, value)
    }
    labels.set('__name__', name)
    return relabel === undefined || relabel(labels) ? labels : undefined
  }

  /** Labels are identity: labels that are too long are refused, not cut, so that two series never become one. */
  #problemOf(name: string, labels: ReadonlyMap<string, string>): string | undefined {
    if (name === '') return 'metric_name_missing'
    const { maxLabels, maxLabelBytes } = this.#options
    if (labels.size > maxLabels) return 'labels_too_many'
    // One UTF-16 unit takes at most three bytes of UTF-8.
    for (const value of labels.values()) {
      if (value.length * 3 > maxLabelBytes && Buffer.byteLength(value) > maxLabelBytes)
        return 'label_too_long'
    }
    return undefined
  }
}

/** Moves the labels of the resource and of the family out of those of the sample. */
function identityOf(labels: Map<string, string>, role: SampleRole) {
  const job = labels.get('job') ?? ''
  const instance = labels.get('instance') ?? ''
  const inner = role === 'bucket' ? 'le' : role === 'quantile' ? 'quantile' : ''
  const bound = labels.get(inner)
  const rest: Label[] = []
  for (const label of labels) {
    if (label[0] !== 'job' && label[0] !== 'instance' && label[0] !== inner) rest.push(label)
  }
  return { job, instance, bound, labels: rest.sort(compareLabelNames) }
}
