import type { ColumnsOf, RecordBuilder } from '../../../core/columns/record-builder.ts'
import { decodeUtf8 } from '../../../core/columns/utf8.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import type {
  metricExpHistograms,
  metricHistograms,
  metricPoints,
  metricSummaries,
} from '../../../core/model/streams/index.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { AttributeTexts, ResourceTextIds } from './attribute-texts.ts'
import type { DecodeTally, RejectReason } from './decode-context.ts'
import type { Ranges, TextRange } from './envelope.ts'
import { metaText, scopeMeta } from './metric-meta.ts'
import type { PointInHand } from './point-sink.ts'

/** One builder per table of points. */
export interface MetricBuilders {
  readonly points: RecordBuilder<typeof metricPoints>
  readonly histograms: RecordBuilder<typeof metricHistograms>
  readonly expHistograms: RecordBuilder<typeof metricExpHistograms>
  readonly summaries: RecordBuilder<typeof metricSummaries>
}

/** The columns with which all four streams begin: those of summaries, without the ones specific to summaries. */
type CommonColumns = Omit<ColumnsOf<typeof metricSummaries>, 'Count' | 'Sum' | 'Quantiles' | 'QuantileValues'>

interface CommonBuilder {
  readonly columns: CommonColumns
  readonly rows: number
  endRow(): void
  discardRow(): void
}

/** The surroundings of a metric's points, as positions in the body. */
export interface MetricTextRanges {
  readonly name: TextRange
  readonly description: TextRange
  readonly unit: TextRange
}

/** Position of the walk through the request; each table reads from it what it needs, once. */
export interface MetricPlace {
  readonly resourceMessages: Ranges
  readonly resourceUrl: TextRange
  readonly scopeMessages: Ranges
  readonly scopeUrl: TextRange
}

/** What holds for all points of a metric. */
export interface PointsKind {
  /** A value of POINT_KIND. */
  readonly kind: number
  readonly temporality: number
  readonly isMonotonic: boolean
}

/** Marks the absence of a resource: no walk returns this array. */
const NO_RANGES: Ranges = []

/**
 * The values shared by rows of one of the four tables. Ids belong to the dictionaries of one builder, so each table
 * reads resource, scope and names for itself, and only when it has a point of theirs.
 */
export class MetricRows implements PointInHand {
  readonly reader: ProtobufReader
  readonly texts: AttributeTexts
  readonly #tally: DecodeTally
  readonly #builder: CommonBuilder
  /** Tag of a point's attributes. */
  readonly #attributeTag: number
  readonly #tenantId: number
  #place: MetricPlace | null = null
  #resource!: ResourceTextIds
  #resourceRecord: LabelMap | null = null
  /** The end of the text of `Meta`. */
  #scope = ''
  #head: MetricTextRanges | null = null
  #kind: PointsKind | null = null
  #nameId = 0
  #metaId = 0
  #labelsId = 0
  /** Accepted rows that still lack their shared values. */
  pending = 0
  resourceMessages: Ranges = NO_RANGES
  // The current point; its value is only for sinks.
  startLow = 0
  startHigh = 0
  timeLow = 0
  timeHigh = 0
  isInteger = false
  valueLow = 0
  valueHigh = 0
  double = 0
  attributesStart = 0
  attributesEnd = 0
  /** When they are scattered: the position of the length of each, and its end. */
  #scattered: number[] = []

  constructor(
    reader: ProtobufReader,
    texts: AttributeTexts,
    tally: DecodeTally,
    tenant: string,
    builder: CommonBuilder,
    attributeTag: number,
  ) {
    this.reader = reader
    this.texts = texts
    this.#tally = tally
    this.#builder = builder
    this.#attributeTag = attributeTag
    this.#tenantId = builder.columns.Tenant.values.internString(tenant)
  }

  /** The resource's attributes as an object, the same for all its metrics, once `enter` has been called. */
  resourceRecord(): LabelMap {
    this.#resourceRecord ??= JSON.parse(this.#builder.columns.Resource.values.textOf(this.#resource.textId))
    return this.#resourceRecord!
  }

  /** The attributes of the current point as an object. */
  attributesRecord(): LabelMap {
    return JSON.parse(this.#builder.columns.Labels.values.textOf(this.#labelsId))
  }

  /** Prepares for the points of a metric; the reader's position is kept. */
  enter(place: MetricPlace, head: MetricTextRanges, kind: PointsKind): void {
    const { columns } = this.#builder
    const { reader } = this
    const { position } = reader
    if (this.resourceMessages !== place.resourceMessages) {
      reader.message = 'Resource'
      this.#resource = this.#tally.countOnce(place.resourceMessages, () =>
        this.texts.resource(columns.Resource.values, columns.ServiceName.values, place.resourceMessages),
      )
      this.resourceMessages = place.resourceMessages
      this.#resourceRecord = null
    }
    const isSameScope = this.#place === place
    if (!isSameScope) {
      this.#scope = this.#tally.countOnce(place.scopeMessages, () =>
        scopeMeta(reader, this.texts, this.#tally, { ...place, messages: place.scopeMessages }),
      )
      this.#place = place
    }
    if (!isSameScope || this.#head !== head || this.#kind !== kind) {
      const { bytes } = reader
      const { name, description, unit } = head
      this.#nameId = columns.MetricName.values.internBytes(bytes, name.start, name.end, this.#nameId)
      const text = metaText(
        {
          description: decodeUtf8(bytes, description.start, description.end),
          unit: decodeUtf8(bytes, unit.start, unit.end),
          temporality: kind.temporality,
          ...(kind.isMonotonic ? { monotonic: true } : {}),
        },
        this.#scope,
      )
      this.#metaId = columns.Meta.values.internString(text)
      this.#head = head
      this.#kind = kind
    }
    reader.position = position
  }

  beginPoint(): void {
    this.startLow = this.startHigh = this.timeLow = this.timeHigh = 0
    this.attributesStart = this.attributesEnd = 0
    if (this.#scattered.length > 0) this.#scattered = []
  }

  readStart(end: number): void {
    this.reader.fixed64(end)
    this.startLow = this.reader.low
    this.startHigh = this.reader.high
  }

  readTime(end: number): void {
    this.reader.fixed64(end)
    this.timeLow = this.reader.low
    this.timeHigh = this.reader.high
  }

  /** Passes over an attribute: `problem` reads all of them at once. */
  readAttribute(end: number): void {
    const { reader } = this
    const { position } = reader
    const stop = reader.length(end)
    reader.position = stop
    // A padded tag takes more than the byte before its length, so it does not follow the previous attribute either.
    const isNext = this.attributesEnd === 0 || this.attributesEnd === position - 1
    if (isNext && reader.bytes[position - 1] === this.#attributeTag) {
      if (this.attributesEnd === 0) this.attributesStart = position - 1
      this.attributesEnd = stop
      return
    }
    if (this.attributesEnd >= 0) this.#scatter()
    this.#scattered.push(position, stop)
  }

  /** Notes the attributes so far one by one. */
  #scatter(): void {
    const { reader } = this
    const { position } = reader
    const end = this.attributesEnd
    for (reader.position = this.attributesStart; reader.position < end; ) {
      const start = reader.position + 1
      reader.position = start
      const stop = reader.length(end)
      reader.position = stop
      this.#scattered.push(start, stop)
    }
    reader.position = position
    this.attributesEnd = -1
  }

  /** Reads the attributes. Why the point is rejected; null when it is not. */
  problem(exemplarMisshapen: boolean): RejectReason | null {
    const { values } = this.#builder.columns.Labels
    this.#labelsId =
      this.attributesEnd < 0
        ? this.texts.scatteredId(values, this.#scattered)
        : this.texts.pointId(values, this.#attributeTag, this.attributesStart, this.attributesEnd)
    if (exemplarMisshapen) return 'exemplar_id_invalid'
    return this.#tally.timeProblem((this.timeHigh >>> 0) * 4_294_967_296 + (this.timeLow >>> 0))
  }

  /** Ends a point whose own columns are written: adds the columns of every point. `leave` writes the shared values. */
  accept(flags: number): void {
    const { columns } = this.#builder
    columns.Labels.appendId(this.#labelsId)
    columns.StartTimeUnix.appendParts(this.startLow, this.startHigh)
    columns.TimeUnix.appendParts(this.timeLow, this.timeHigh)
    columns.Flags.append(flags)
    this.#builder.endRow()
    this.pending += 1
    this.#tally.accept()
  }

  /** Ends a point that is stored elsewhere. */
  acceptWithoutRow(): void {
    this.#builder.discardRow()
    this.#tally.accept()
  }

  /** Writes the values shared by the accepted points since the last call. */
  leave(): void {
    const { columns } = this.#builder
    const rows = this.pending
    columns.Tenant.appendIdTimes(this.#tenantId, rows)
    columns.MetricName.appendIdTimes(this.#nameId, rows)
    columns.ServiceName.appendIdTimes(this.#resource.serviceNameId, rows)
    columns.Resource.appendIdTimes(this.#resource.textId, rows)
    columns.Meta.appendIdTimes(this.#metaId, rows)
    columns.Kind.appendTimes(this.#kind?.kind ?? 0, rows)
    this.pending = 0
  }

  reject(reason: RejectReason): void {
    this.#builder.discardRow()
    this.#tally.reject(reason)
  }
}
