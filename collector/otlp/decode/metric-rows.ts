import type { DictionaryColumn } from '../../../core/columns/dictionary-column.ts'
import type { ColumnsOf, RecordBuilder } from '../../../core/columns/record-builder.ts'
import type {
  metricsExpHistogram,
  metricsGauge,
  metricsHistogram,
  metricsSum,
  metricsSummary,
} from '../../../core/model/streams/index.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { AttributeReader } from './attributes.ts'
import type { DecodeTally, RejectReason } from './decode-context.ts'
import type { Ranges, TextRange } from './envelope.ts'
import type { PointInHand } from './point-sink.ts'
import { type InstrumentationScope, type Resource, ResourceReader, readScope } from './resource.ts'

/** One builder per kind of metric. */
export interface MetricBuilders {
  readonly gauge: RecordBuilder<typeof metricsGauge>
  readonly sum: RecordBuilder<typeof metricsSum>
  readonly histogram: RecordBuilder<typeof metricsHistogram>
  readonly expHistogram: RecordBuilder<typeof metricsExpHistogram>
  readonly summary: RecordBuilder<typeof metricsSummary>
}

/** The columns with which all five streams begin: those of summaries, without the ones specific to summaries. */
type CommonColumns = Omit<
  ColumnsOf<typeof metricsSummary>,
  'Count' | 'Sum' | 'Flags' | 'ValueAtQuantiles.Quantile' | 'ValueAtQuantiles.Value'
>

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

/** Marks the absence of a resource: no walk returns this array. */
const NO_RANGES: Ranges = []

/**
 * The values shared by rows of one of the five tables. Ids belong to the dictionaries of one builder, so each table
 * reads resource, scope and names for itself, and only when it has a point of theirs.
 */
export class MetricRows implements PointInHand {
  readonly reader: ProtobufReader
  readonly attributes: AttributeReader
  readonly #tally: DecodeTally
  readonly #builder: CommonBuilder
  readonly #tenantId: number
  readonly #resources: ResourceReader
  #place: MetricPlace | null = null
  #resource!: Resource
  #resourceRecord: Readonly<Record<string, string>> | null = null
  #scope!: InstrumentationScope
  #resourceUrlId = 0
  #scopeNameId = 0
  #scopeVersionId = 0
  #scopeUrlId = 0
  #head: MetricTextRanges | null = null
  #nameId = 0
  #descriptionId = 0
  #unitId = 0
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
  #attributeCount = 0

  constructor(
    reader: ProtobufReader,
    attributes: AttributeReader,
    tally: DecodeTally,
    tenant: string,
    builder: CommonBuilder,
  ) {
    this.reader = reader
    this.attributes = attributes
    this.#tally = tally
    this.#builder = builder
    const { ResourceAttributes, ServiceName } = builder.columns
    this.#resources = new ResourceReader(reader, attributes, ResourceAttributes, ServiceName)
    this.#tenantId = builder.columns.Tenant.values.internString(tenant)
  }

  /** The resource's attributes as an object, the same for all its metrics, once `enter` has been called. */
  resourceRecord(): Readonly<Record<string, string>> {
    this.#resourceRecord ??= this.#builder.columns.ResourceAttributes.recordOf(this.#resource.attributes)
    return this.#resourceRecord
  }

  /** The attributes of the last complete row as an object. */
  attributesRecord(): Readonly<Record<string, string>> {
    const { Attributes } = this.#builder.columns
    return Attributes.recordOf(Attributes.entriesAt(this.#builder.rows - 1))
  }

  /** Prepares for the points of a metric; the reader's position is kept. */
  enter(place: MetricPlace, head: MetricTextRanges): void {
    const { columns } = this.#builder
    const { position } = this.reader
    if (this.resourceMessages !== place.resourceMessages) {
      this.#resource = this.#tally.countOnce(place.resourceMessages, () =>
        this.#resources.read(place.resourceMessages),
      )
      this.resourceMessages = place.resourceMessages
      this.#resourceRecord = null
    }
    if (this.#place !== place) {
      const scope = this.#readScope(place.scopeMessages)
      const { nameStart, nameEnd, versionStart, versionEnd } = scope
      this.#scope = scope
      this.#resourceUrlId = this.#id(columns.ResourceSchemaUrl, place.resourceUrl, this.#resourceUrlId)
      this.#scopeNameId = this.#id(columns.ScopeName, { start: nameStart, end: nameEnd }, this.#scopeNameId)
      const version = { start: versionStart, end: versionEnd }
      this.#scopeVersionId = this.#id(columns.ScopeVersion, version, this.#scopeVersionId)
      this.#scopeUrlId = this.#id(columns.ScopeSchemaUrl, place.scopeUrl, this.#scopeUrlId)
      this.#place = place
    }
    if (this.#head !== head) {
      this.#nameId = this.#id(columns.MetricName, head.name, this.#nameId)
      this.#descriptionId = this.#id(columns.MetricDescription, head.description, this.#descriptionId)
      this.#unitId = this.#id(columns.MetricUnit, head.unit, this.#unitId)
      this.#head = head
    }
    this.reader.position = position
  }

  /** The id of a text in the body; `guess`: the id of the previous one, which is usually the same. */
  #id({ values }: DictionaryColumn, { start, end }: TextRange, guess: number): number {
    return values.internBytes(this.reader.bytes, start, end, guess)
  }

  beginPoint(): void {
    this.startLow = this.startHigh = this.timeLow = this.timeHigh = 0
    this.attributesStart = this.attributesEnd = 0
    this.#attributeCount = 0
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

  readAttribute(end: number): void {
    // Its tag takes one byte before it, unless it is padded: then it does not follow the previous attribute.
    const start = this.reader.position - 1
    if (this.#attributeCount === 0) this.attributesStart = start
    else if (start !== this.attributesEnd) this.attributesEnd = -1
    this.attributes.read(end, this.#builder.columns.Attributes, this.#attributeCount)
    this.#attributeCount += 1
    if (this.attributesEnd >= 0) this.attributesEnd = this.reader.position
  }

  /** Why the point is rejected; null when it is not. */
  problem(exemplarMisshapen: boolean): RejectReason | null {
    if (exemplarMisshapen) return 'exemplar_id_invalid'
    return this.#tally.timeProblem((this.timeHigh >>> 0) * 4_294_967_296 + (this.timeLow >>> 0))
  }

  /** Ends a point whose own columns are written: adds the columns of every point. `leave` writes the shared values. */
  accept(): void {
    const { columns } = this.#builder
    columns.Attributes.endRow()
    columns.StartTimeUnix.appendParts(this.startLow, this.startHigh)
    columns.TimeUnix.appendParts(this.timeLow, this.timeHigh)
    this.#builder.endRow()
    this.pending += 1
    this.#tally.accept()
  }

  /** Writes the values shared by the accepted points since the last call. */
  leave(): void {
    const { columns } = this.#builder
    const { attributes, droppedAttributes } = this.#scope
    const rows = this.pending
    columns.Tenant.appendIdTimes(this.#tenantId, rows)
    columns.ResourceAttributes.appendEntriesTimes(this.#resource.attributes, rows)
    columns.ResourceSchemaUrl.appendIdTimes(this.#resourceUrlId, rows)
    columns.ScopeName.appendIdTimes(this.#scopeNameId, rows)
    columns.ScopeVersion.appendIdTimes(this.#scopeVersionId, rows)
    columns.ScopeAttributes.appendEntriesTimes(attributes, rows)
    columns.ScopeDroppedAttrCount.appendTimes(Math.min(droppedAttributes, 0xffffffff), rows)
    columns.ScopeSchemaUrl.appendIdTimes(this.#scopeUrlId, rows)
    columns.ServiceName.appendIdTimes(this.#resource.serviceNameId, rows)
    columns.MetricName.appendIdTimes(this.#nameId, rows)
    columns.MetricDescription.appendIdTimes(this.#descriptionId, rows)
    columns.MetricUnit.appendIdTimes(this.#unitId, rows)
    this.pending = 0
  }

  reject(reason: RejectReason): void {
    this.#builder.discardRow()
    this.#tally.reject(reason)
  }

  #readScope(messages: Ranges): InstrumentationScope {
    const { ScopeAttributes } = this.#builder.columns
    return this.#tally.countOnce(messages, () =>
      readScope(this.reader, this.attributes, this.#tally, messages, ScopeAttributes),
    )
  }
}
