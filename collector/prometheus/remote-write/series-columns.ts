import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import { decodeUtf8, encodeUtf8 } from '../../../core/columns/utf8.ts'
import type { metricPoints } from '../../../core/model/streams/index.ts'
import { POINT_KIND } from '../../../core/model/streams/metric-points.ts'
import { CUMULATIVE, NO_RECORDED_VALUE } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import { internKept, NO_ATTRIBUTES, textOf } from '../../otlp/decode/attribute-texts.ts'
import { metaText } from '../../otlp/decode/metric-meta.ts'
import type { PointSink } from '../../otlp/decode/point-sink.ts'
import type { MetadataRefs } from './dialect.ts'
import { type FamilyMetadata, numberType } from './families.ts'
import { KeyBytes } from './key-bytes.ts'
import { type LabelLimits, SeriesLabels } from './labels.ts'
import { SAMPLE_WORDS, type SampleList } from './sample-list.ts'
import type { SeriesKey } from './series-key.ts'
import { isStorable, type SeriesMemory } from './series-memory.ts'
import { isStaleMarker } from './values.ts'

/** Numbers kept with what is known of a metric: its points accumulate, and they may be readings. */
const IS_COUNTER = 1
const IS_WANTED = 2

interface SeriesColumnsParts {
  readonly reader: ProtobufReader
  readonly builder: RecordBuilder<typeof metricPoints>
  readonly key: SeriesKey
  readonly samples: SampleList
  readonly memory: SeriesMemory
  readonly limits: LabelLimits
  readonly tenant: string
  /** Wants the points of some metrics, which then take the way of OTLP. */
  readonly sink: PointSink
  readonly metadataOf: MetadataSource
}

/** Where the metadata of a metric come from: its series in 2.0, what its sender announced in 1.0. */
export interface MetadataSource {
  /** Adds to a key what the metadata depend on, besides the name. */
  addTo(key: KeyBytes, metadata: MetadataRefs): void
  of(metric: string, metadata: MetadataRefs): FamilyMetadata
}

/** Writes series into the columns of `metric_points`, without an object per series or sample. */
export class SeriesColumns {
  readonly #parts: SeriesColumnsParts
  readonly #metricKey = new KeyBytes()
  readonly #tenantId: number
  #described: MetadataRefs = { type: 0, help: 0, unit: 0 }
  // Positions of the current metric and target in the body; -1: none.
  #nameFrom = -1
  #nameTo = -1
  #jobFrom = -1
  #jobTo = -1
  #instanceFrom = -1
  #instanceTo = -1
  // Their ids.
  #nameId = 0
  #metaId = 0
  #kind = 0
  #isWanted = false
  #serviceId = 0
  #resourceId = 0
  /** Texts that each row of the current metric and target repeats, in bytes. */
  #sharedBytes = 0
  /** Rows that still lack the values that they share. */
  #pending = 0
  /** Rows so far; bytes of the texts that they repeat, and of those that were read for series that were not added. */
  rows = 0
  textBytes = 0

  constructor(parts: SeriesColumnsParts) {
    this.#parts = parts
    this.#tenantId = parts.builder.columns.Tenant.values.internString(parts.tenant)
  }

  /** Adds the series in `key` and `samples`; false: it must be read otherwise, and nothing was added. */
  add(metadata: MetadataRefs): boolean {
    const { samples, builder, reader, key, limits } = this.#parts
    const isSameMetric = this.#isInMetric(metadata)
    if (isSameMetric ? this.#isWanted : !isStorable(reader.bytes, key.nameFrom, key.nameTo, limits))
      return false
    this.textBytes += key.length + key.jobTo - key.jobFrom + key.instanceTo - key.instanceFrom
    const labelsId = this.#labelsId()
    if (labelsId < 0 || !this.#enterTarget()) return false
    if (!isSameMetric) {
      this.#enterMetric(metadata)
      this.textBytes += this.#sharedBytes
    }
    if (this.#isWanted) return false
    const { words, count } = samples
    const { Labels, StartTimeUnix, TimeUnix, Flags, Value, Exemplars } = builder.columns
    for (let at = 0; at < count * SAMPLE_WORDS; at += SAMPLE_WORDS) {
      const low = words[at]!
      const high = words[at + 1]!
      Labels.appendId(labelsId)
      StartTimeUnix.appendParts(words[at + 4]!, words[at + 5]!)
      TimeUnix.appendParts(words[at + 2]!, words[at + 3]!)
      Flags.append(isStaleMarker(low, high) ? NO_RECORDED_VALUE : 0)
      Value.appendParts(low, high)
      Exemplars.append('')
      builder.endRow()
    }
    this.#pending += count
    this.rows += count
    this.textBytes += count * (this.#sharedBytes + key.length)
    return true
  }

  /** Writes the values shared by the rows so far; call it after the last series. */
  leave(): void {
    const rows = this.#pending
    if (rows === 0) return
    const { columns } = this.#parts.builder
    columns.Tenant.appendIdTimes(this.#tenantId, rows)
    columns.MetricName.appendIdTimes(this.#nameId, rows)
    columns.ServiceName.appendIdTimes(this.#serviceId, rows)
    columns.Resource.appendIdTimes(this.#resourceId, rows)
    columns.Meta.appendIdTimes(this.#metaId, rows)
    columns.Kind.appendTimes(this.#kind, rows)
    this.#pending = 0
  }

  #isInMetric({ type, help, unit }: MetadataRefs): boolean {
    const { reader, key } = this.#parts
    const described = this.#described
    const isDescribed = type === described.type && help === described.help && unit === described.unit
    return isDescribed && isSame(reader.bytes, key.nameFrom, key.nameTo, this.#nameFrom, this.#nameTo)
  }

  #enterMetric(metadata: MetadataRefs): void {
    const { nameFrom, nameTo } = this.#parts.key
    this.leave()
    this.#described = { ...metadata }
    this.#nameFrom = nameFrom
    this.#nameTo = nameTo
    this.#readMetric(metadata)
  }

  #readMetric(metadata: MetadataRefs): void {
    const { reader, key, memory, builder, metadataOf } = this.#parts
    const { nameFrom, nameTo } = key
    const { MetricName, Meta } = builder.columns
    const metricKey = this.#metricKey
    metricKey.begin()
    metadataOf.addTo(metricKey, metadata)
    metricKey.append(reader.view, nameFrom, nameTo)
    let flags: number
    const { metrics } = memory
    const kept = metrics.find(metricKey.view, 0, metricKey.length)
    if (kept >= 0) {
      flags = metrics.numberOf(kept)
      this.#metaId = internKept(metrics, kept, Meta.values)
    } else {
      const name = decodeUtf8(reader.bytes, nameFrom, nameTo)
      const family = metadataOf.of(name, metadata)
      const isCounter = numberType(name, family.type) === 'counter'
      flags = (isCounter ? IS_COUNTER : 0) | (this.#wants(name, family.unit, isCounter) ? IS_WANTED : 0)
      const text = encodeUtf8(metaOf(family, isCounter))
      metrics.add(metricKey.view, 0, metricKey.length, text, flags)
      this.#metaId = Meta.values.internBytes(text, 0, text.length)
    }
    this.#isWanted = (flags & IS_WANTED) !== 0
    this.#kind = (flags & IS_COUNTER) === 0 ? POINT_KIND.gauge : POINT_KIND.cumulative
    this.#nameId = MetricName.values.internBytes(reader.bytes, nameFrom, nameTo)
    this.#measure()
  }

  #wants(name: string, unit: string, isCounter: boolean): boolean {
    const [nameBytes, unitBytes] = [encodeUtf8(name), encodeUtf8(unit)]
    const both = new Uint8Array(nameBytes.length + unitBytes.length)
    both.set(nameBytes)
    both.set(unitBytes, nameBytes.length)
    const head = {
      name: { start: 0, end: nameBytes.length },
      unit: { start: nameBytes.length, end: both.length },
    }
    const body = new DataView(both.buffer)
    return this.#parts.sink.metric(body, head, isCounter, isCounter ? CUMULATIVE : 0, isCounter)
  }

  #enterTarget(): boolean {
    const { reader, key, memory, builder, limits } = this.#parts
    const { jobFrom, jobTo, instanceFrom, instanceTo } = key
    const { bytes } = reader
    if (
      isSame(bytes, jobFrom, jobTo, this.#jobFrom, this.#jobTo) &&
      isSame(bytes, instanceFrom, instanceTo, this.#instanceFrom, this.#instanceTo)
    )
      return true
    const { Resource, ServiceName } = builder.columns
    const { targets } = memory
    const targetKey = this.#metricKey
    targetKey.begin()
    targetKey.part(reader.view, jobFrom, jobTo)
    targetKey.append(reader.view, instanceFrom, instanceTo)
    let kept = targets.find(targetKey.view, 0, targetKey.length)
    if (kept < 0) {
      const isFit =
        isStorable(bytes, jobFrom, jobTo, limits) && isStorable(bytes, instanceFrom, instanceTo, limits)
      if (!isFit) return false
      const job = encodeUtf8(decodeUtf8(bytes, jobFrom, jobTo))
      const text = encodeUtf8(
        targetText(decodeUtf8(bytes, jobFrom, jobTo), decodeUtf8(bytes, instanceFrom, instanceTo)),
      )
      kept = targets.add(targetKey.view, 0, targetKey.length, Buffer.concat([job, text]), job.length)
      // Too long to be remembered.
      if (kept < 0) return false
    }
    this.leave()
    const from = targets.startOf(kept)
    const middle = from + targets.numberOf(kept)
    this.#serviceId = ServiceName.values.internBytes(targets.bytes, from, middle, this.#serviceId)
    this.#resourceId = Resource.values.internBytes(
      targets.bytes,
      middle,
      targets.endOf(kept),
      Math.max(0, targets.hintOf(kept)),
    )
    targets.setHint(kept, this.#resourceId)
    this.#jobFrom = jobFrom
    this.#jobTo = jobTo
    this.#instanceFrom = instanceFrom
    this.#instanceTo = instanceTo
    this.#measure()
    return true
  }

  /** The id of the text of the attributes; -1 when they are no valid ones. */
  #labelsId(): number {
    const { key, memory, builder } = this.#parts
    const into = builder.columns.Labels.values
    if (key.length === 0) return into.internString(NO_ATTRIBUTES)
    const { labels } = memory
    const kept = labels.find(key.view, 0, key.length)
    if (kept >= 0) return internKept(labels, kept, into)
    const text = this.#attributesText()
    if (text === null) return -1
    const bytes = encodeUtf8(text)
    labels.add(key.view, 0, key.length, bytes, 0)
    return into.internBytes(bytes, 0, bytes.length)
  }

  /** The attributes in `key` as the text of `Labels`; null when they are no valid ones. */
  #attributesText(): string | null {
    const { key, limits } = this.#parts
    const { bytes, length } = key
    const labels = new SeriesLabels(bytes, limits)
    labels.begin()
    for (let at = 0; at < length; ) {
      const [start, stop] = spanAt(bytes, at + 1)
      const [nameFrom, nameTo] = spanAt(bytes, start + 1)
      const [valueFrom, valueTo] = spanAt(bytes, nameTo + 1)
      labels.add(nameFrom, nameTo, valueFrom, valueTo)
      at = stop
    }
    return labels.check() === null ? textOf(labels.pairs()) : null
  }

  #measure(): void {
    const { MetricName, Meta, Resource } = this.#parts.builder.columns
    this.#sharedBytes =
      MetricName.values.lengthOf(this.#nameId) +
      Meta.values.lengthOf(this.#metaId) +
      Resource.values.lengthOf(this.#resourceId)
  }
}

function metaOf({ help, unit }: FamilyMetadata, isCounter: boolean): string {
  const kind = isCounter ? { temporality: CUMULATIVE, monotonic: true as const } : {}
  return metaText({ description: help, unit, ...kind }, '')
}

function targetText(job: string, instance: string): string {
  const pairs: [string, string][] = [
    ['service.name', job],
    ['service.instance.id', instance],
  ]
  return textOf(pairs.filter(([, value]) => value !== ''))
}

/** Start and end of a text whose length of one or two bytes is at `at`, in a key. */
function spanAt(bytes: Uint8Array, at: number): readonly [start: number, end: number] {
  const first = bytes[at]!
  if (first < 0x80) return [at + 1, at + 1 + first]
  return [at + 2, at + 2 + first - 0x80 + bytes[at + 1]! * 0x80]
}

/** Whether two ranges have the same bytes; `bFrom` -1: there is no second one. */
function isSame(bytes: Uint8Array, aFrom: number, aTo: number, bFrom: number, bTo: number): boolean {
  if (bFrom === -1 || aTo - aFrom !== bTo - bFrom) return false
  const shift = bFrom - aFrom
  for (let at = aTo - 1; at >= aFrom; at -= 1) if (bytes[at] !== bytes[at + shift]) return false
  return true
}
