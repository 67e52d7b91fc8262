import { FIXED_LIMITS } from '../../../core/catalogue/limits/limits.ts'
import { knownFields, type ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { MetricsWriter } from '../metrics-writer.ts'
import { customHistogram, denseHistogram } from './buckets.ts'
import type { MetadataRefs, WriteDialect } from './dialect.ts'
import { type FamilyMetadata, isNativeHistogram, numberType } from './families.ts'
import { type LabelLimits, SeriesLabels } from './labels.ts'
import { CUSTOM_BUCKETS, NativeHistogram } from './native-histogram.ts'
import { SeriesPointWriter } from './point-writer.ts'
import type { SeriesProblem, WriteTally } from './problems.ts'
import { isStaleMarker, signedMs } from './values.ts'

/** Limits for samples and labels of a series. */
export interface SeriesLimits extends LabelLimits {
  /** Unix nanoseconds, as floats: the same values that the decoder of the points uses. */
  readonly earliestNano: number
  readonly latestNano: number
}

interface SeriesParts {
  readonly reader: ProtobufReader
  readonly dialect: WriteDialect
  readonly out: MetricsWriter
  readonly tally: WriteTally
  readonly limits: SeriesLimits
  /** Metadata of a metric from other sources than its series; called when the name changes. */
  readonly familyOf: (metric: string) => FamilyMetadata
}

const SAMPLES = 2
const SAMPLE_FIELDS = knownFields(1, 2, 3)
const METADATA_FIELDS = knownFields(1, 3, 4)
const EXAMPLE_CHARACTERS = 200

/** Reads consecutive TimeSeries into points, without creating an object per sample. */
export class TimeSeriesReader {
  readonly #parts: SeriesParts
  readonly #labels: SeriesLabels
  readonly #exemplarLabels: SeriesLabels
  readonly #points: SeriesPointWriter
  readonly #histogram = new NativeHistogram()
  readonly metadata: MetadataRefs = { type: 0, help: 0, unit: 0 }
  // The current series.
  #start = 0
  #end = 0
  #items = { samples: 0, histograms: 0, exemplars: 0 }
  #exemplarsWritten = false
  readonly #readSample = (stop: number): void => this.#sample(stop)
  readonly #readHistogram = (stop: number): void => this.#nativeHistogram(stop)
  readonly #readOwnExemplar = (stop: number): void => this.#ownExemplar(stop)
  readonly #readLoneExemplar = (stop: number): void => this.#loneExemplar(stop)

  constructor(parts: SeriesParts) {
    this.#parts = parts
    this.#labels = new SeriesLabels(parts.reader.bytes, parts.limits)
    this.#exemplarLabels = new SeriesLabels(parts.reader.bytes, parts.limits)
    this.#points = new SeriesPointWriter({ ...parts, labels: this.#labels })
  }

  /** Reads the TimeSeries from the reader's position to `end`. */
  read(end: number): void {
    const { tally } = this.#parts
    this.#start = this.#parts.reader.position
    this.#end = end
    const problem = this.#scan()
    const { samples, histograms, exemplars } = this.#items
    const items = samples + histograms + exemplars
    if (problem !== null) tally.reject(problem, items, () => this.#describe(problem))
    else if (items > 0) {
      this.#points.enter(this.metadata)
      this.#exemplarsWritten = exemplars === 0
      if (samples > 0) this.#each(SAMPLES, this.#readSample)
      if (histograms > 0) this.#each(this.#parts.dialect.histograms, this.#readHistogram)
      if (!this.#exemplarsWritten) this.#each(this.#parts.dialect.exemplars, this.#readLoneExemplar)
    }
    this.#parts.reader.position = end
  }

  /** Reads the labels and counts the rest, since fields may come in any order. */
  #scan(): SeriesProblem | null {
    const { reader, dialect } = this.#parts
    const end = this.#end
    const items = this.#items
    items.samples = items.histograms = items.exemplars = 0
    this.metadata.type = this.metadata.help = this.metadata.unit = 0
    this.#labels.begin()
    reader.message = 'TimeSeries'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (dialect.readLabels(reader, tag, end, this.#labels)) continue
      const field = tag >>> 3
      const isMessage = (tag & 7) === 2 && field <= 5 && ((dialect.seriesFields >>> field) & 1) === 1
      if (!isMessage) {
        reader.skip(tag, end, dialect.seriesFields)
        continue
      }
      const stop = reader.length(end)
      if (field === SAMPLES) items.samples += 1
      else if (field === dialect.histograms) items.histograms += 1
      else if (field === dialect.exemplars) items.exemplars += 1
      else this.#readMetadata(stop)
      reader.position = stop
    }
    // A series is read without a pause.
    if (end - this.#start > FIXED_LIMITS.itemBytes) return 'series_too_large'
    const problem = dialect.labelProblem() ?? this.#labels.check()
    if (problem !== null) return problem
    if (this.#labels.name === -1) return 'metric_name_missing'
    if (!dialect.knows(this.metadata)) return 'symbol_unknown'
    return items.samples > 0 && items.histograms > 0 ? 'samples_and_histograms' : null
  }

  #readMetadata(stop: number): void {
    const { reader } = this.#parts
    reader.message = 'Metadata'
    for (let tag = reader.tag(stop); tag !== 0; tag = reader.tag(stop)) {
      if (tag === 0x08) this.metadata.type = reader.uint32(stop)
      else if (tag === 0x18) this.metadata.help = reader.uint32(stop)
      else if (tag === 0x20) this.metadata.unit = reader.uint32(stop)
      else reader.skip(tag, stop, METADATA_FIELDS)
    }
    reader.message = 'TimeSeries'
  }

  /** Calls `read` for every value of a field of the series, with its end. */
  #each(field: number, read: (stop: number) => void): void {
    const { reader } = this.#parts
    const end = this.#end
    const outer = reader.position
    reader.position = this.#start
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag !== field * 8 + 2) {
        reader.skip(tag, end, 0)
        continue
      }
      const stop = reader.length(end)
      read(stop)
      reader.position = stop
    }
    reader.position = outer
  }

  /** Ends a point; the first point of a series gets its exemplars. */
  #finish(): void {
    if (!this.#exemplarsWritten) {
      this.#exemplarsWritten = true
      this.#each(this.#parts.dialect.exemplars, this.#readOwnExemplar)
    }
    this.#parts.out.end()
  }

  #sample(stop: number): void {
    const { reader, out, tally } = this.#parts
    let low = 0
    let high = 0
    let timeMs = 0
    let startMs = 0
    reader.message = 'Sample'
    for (let tag = reader.tag(stop); tag !== 0; tag = reader.tag(stop)) {
      if (tag === 0x09) {
        reader.fixed64(stop)
        low = reader.low
        high = reader.high
      } else if (tag === 0x10) timeMs = signedMs(reader, stop)
      else if (tag === 0x18) startMs = signedMs(reader, stop)
      else reader.skip(tag, stop, SAMPLE_FIELDS)
    }
    if (this.#isRefused(timeMs)) return
    const stale = isStaleMarker(low, high)
    this.#points.begin(
      numberType(this.#points.metric, this.#points.family.type),
      'number',
      timeMs,
      startMs,
      stale,
    )
    if (!stale) out.valueParts(low, high)
    this.#finish()
    tally.samples += 1
  }

  #nativeHistogram(stop: number): void {
    const { reader, out, tally } = this.#parts
    const histogram = this.#histogram
    histogram.read(reader, stop)
    const { timeMs, startMs, stale } = histogram
    if (this.#isRefused(timeMs)) return
    const type =
      histogram.isGauge || this.#points.family.type === 'gaugehistogram' ? 'gaugehistogram' : 'histogram'
    if (stale) this.#points.begin(type, 'native', timeMs, startMs, true)
    else if (histogram.schema === CUSTOM_BUCKETS) {
      const classic = customHistogram(histogram)
      if (this.#isUnstorable(classic)) return
      this.#points.begin(type, 'classic', timeMs, startMs, false)
      out.classic(classic.bounds, classic.cumulative, classic.sum)
      out.exact(histogram.resetHint, classic.exact)
    } else {
      const dense = denseHistogram(histogram)
      if (this.#isUnstorable(dense)) return
      this.#points.begin(type, 'native', timeMs, startMs, false)
      out.native(dense)
      out.exact(histogram.resetHint, dense.exact)
    }
    this.#finish()
    tally.histograms += 1
  }

  #isUnstorable(result: object | string): result is string {
    if (typeof result !== 'string') return false
    this.#parts.tally.reject(
      'histogram_invalid',
      1,
      () => `${this.#describe('histogram_invalid')}: ${result}`,
    )
    return true
  }

  #ownExemplar(stop: number): void {
    const exemplar = this.#readExemplar(stop)
    if (exemplar === null) return
    this.#parts.out.exemplar(exemplar)
    this.#parts.tally.exemplars += 1
  }

  /**
   * Prometheus sends exemplars separately from their samples. Such a row has no value, and is flagged accordingly; the
   * exemplar distinguishes it from the end of a series.
   */
  #loneExemplar(stop: number): void {
    const { out, tally } = this.#parts
    const exemplar = this.#readExemplar(stop)
    if (exemplar === null) return
    const { metric, family } = this.#points
    const { type } = family
    if (isNativeHistogram(metric, type)) this.#points.begin(type, 'native', exemplar.timeMs, 0, true)
    else this.#points.begin(numberType(metric, type), 'number', exemplar.timeMs, 0, true)
    out.exemplar(exemplar)
    out.end()
    tally.exemplars += 1
  }

  #readExemplar(stop: number) {
    const { reader, dialect, tally } = this.#parts
    const labels = this.#exemplarLabels
    let value = 0
    let timeMs = 0
    labels.begin()
    reader.message = 'Exemplar'
    for (let tag = reader.tag(stop); tag !== 0; tag = reader.tag(stop)) {
      if (dialect.readLabels(reader, tag, stop, labels)) continue
      if (tag === 0x11) value = reader.double(stop)
      else if (tag === 0x18) timeMs = signedMs(reader, stop)
      else reader.skip(tag, stop, dialect.exemplarFields)
    }
    const problem = dialect.labelProblem() ?? labels.check()
    if (problem !== null) {
      tally.reject(problem, 1, () => this.#describe(problem))
      return null
    }
    return this.#isRefused(timeMs) ? null : { value, timeMs, labels: labels.pairs() }
  }

  /** Compares as the decoder does, so that the decoder refuses nothing more. */
  #isRefused(timeMs: number): boolean {
    const { tally, limits } = this.#parts
    const nano = timeMs * 1e6
    if (nano >= limits.earliestNano && nano <= limits.latestNano && timeMs > 0) return false
    const problem = nano > limits.latestNano ? 'time_in_future' : 'time_in_past'
    tally.reject(problem, 1, () => `${this.#describe(problem)} at ${timeMs} ms`)
    return true
  }

  /** The series in a form for people, as far as it can be read. */
  #describe(problem: SeriesProblem): string {
    const labels = this.#labels.pairs().map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    return `${problem} in {${labels.join(', ').slice(0, EXAMPLE_CHARACTERS)}}`
  }
}
