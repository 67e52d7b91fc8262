import type { DictionaryColumn } from '../../../core/columns/dictionary-column.ts'
import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { logs } from '../../../core/model/streams/index.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../../core/protobuf/reader.ts'
import { AnyValue } from './any-value.ts'
import { AttributeReader } from './attributes.ts'
import { type DecodeContext, type DecodeResult, DecodeTally, type RejectReason } from './decode-context.ts'
import { type EnvelopeVisitor, type Ranges, type TextRange, walkEnvelope } from './envelope.ts'
import { expansionCheck } from './expansion.ts'
import { appendId, NO_ID, readId, SPAN_ID_BYTES, TRACE_ID_BYTES, WRONG_LENGTH } from './ids.ts'
import { allOrNothing } from './request.ts'
import { decodeScope, type InstrumentationScope, type Resource, ResourceReader } from './resource.ts'

type LogsBuilder = RecordBuilder<typeof logs>

const LOG = TAG.LogRecord
/** Rows that may still lack their shared values: until then the builder does not know their size. */
const MOST_PENDING = 256

/**
 * Decodes an ExportLogsServiceRequest into the builder, one row per log record. A record without time gets its observed
 * time, otherwise the time of receipt. Throws `body_undecodable` or `body_too_large` and then leaves the builder
 * unchanged.
 */
export function decodeLogs(body: Uint8Array, context: DecodeContext, builder: LogsBuilder): DecodeResult {
  return allOrNothing([builder], () => {
    const reader = new ProtobufReader(body)
    const tally = new DecodeTally(
      context,
      expansionCheck(body.length, () => builder.byteSize),
    )
    const decoder = new LogDecoder(reader, tally, context, builder)
    walkEnvelope(reader, decoder)
    decoder.leave()
    return tally.result()
  })
}

class LogDecoder implements EnvelopeVisitor {
  readonly names = { request: 'ExportLogsServiceRequest', resource: 'ResourceLogs', scope: 'ScopeLogs' }
  readonly #reader: ProtobufReader
  readonly #tally: DecodeTally
  readonly #builder: LogsBuilder
  readonly #attributes: AttributeReader
  readonly #resources: ResourceReader
  readonly #tenantId: number
  readonly #nowLow: number
  readonly #nowHigh: number
  #resource!: Resource
  #resourceUrlId = 0
  #scope!: InstrumentationScope
  #scopeNameId = 0
  #scopeVersionId = 0
  #scopeUrlId = 0
  /** Rows of the current scope that still lack their shared values. */
  #pending = 0
  // The current record: positions in the body, parts of times.
  #timeLow = 0
  #timeHigh = 0
  #observedLow = 0
  #observedHigh = 0
  #severity = 0
  readonly #severityText = { start: 0, end: 0 }
  #severityId = 0
  readonly #body = new AnyValue()
  #dropped = 0
  #flags = 0
  #traceId = NO_ID
  #spanId = NO_ID
  readonly #event = { start: 0, end: 0 }
  #eventId = 0
  #attributeCount = 0

  constructor(reader: ProtobufReader, tally: DecodeTally, context: DecodeContext, builder: LogsBuilder) {
    this.#reader = reader
    this.#tally = tally
    this.#builder = builder
    const { LogAttributes, ResourceAttributes, ServiceName, Tenant } = builder.columns
    this.#attributes = new AttributeReader(reader, tally, LogAttributes, ResourceAttributes)
    this.#resources = new ResourceReader(reader, this.#attributes, ResourceAttributes, ServiceName)
    this.#tenantId = Tenant.values.internString(context.tenant)
    this.#nowLow = Number(BigInt.asIntN(32, context.nowUnixNano))
    this.#nowHigh = Number(BigInt.asIntN(32, context.nowUnixNano >> 32n))
  }

  resource(messages: Ranges, schemaUrl: TextRange): void {
    this.leave()
    this.#resource = this.#resources.read(messages)
    this.#resourceUrlId = this.#id(this.#builder.columns.ResourceSchemaUrl, schemaUrl, this.#resourceUrlId)
  }

  scope(messages: Ranges, schemaUrl: TextRange): void {
    this.leave()
    const { columns } = this.#builder
    const scope = decodeScope(this.#reader, this.#attributes, this.#tally, messages, columns.ScopeAttributes)
    const { nameStart, nameEnd, versionStart, versionEnd } = scope
    this.#scope = scope
    this.#scopeNameId = this.#id(columns.ScopeName, { start: nameStart, end: nameEnd }, this.#scopeNameId)
    const version = { start: versionStart, end: versionEnd }
    this.#scopeVersionId = this.#id(columns.ScopeVersion, version, this.#scopeVersionId)
    this.#scopeUrlId = this.#id(columns.ScopeSchemaUrl, schemaUrl, this.#scopeUrlId)
  }

  /** Writes the values shared by the rows since the last call: one value for all of them is cheaper than one each. */
  leave(): void {
    const rows = this.#pending
    if (rows === 0) return
    const { columns } = this.#builder
    columns.Tenant.appendIdTimes(this.#tenantId, rows)
    columns.ServiceName.appendIdTimes(this.#resource.serviceNameId, rows)
    columns.ResourceSchemaUrl.appendIdTimes(this.#resourceUrlId, rows)
    columns.ResourceAttributes.appendEntriesTimes(this.#resource.attributes, rows)
    columns.ScopeSchemaUrl.appendIdTimes(this.#scopeUrlId, rows)
    columns.ScopeName.appendIdTimes(this.#scopeNameId, rows)
    columns.ScopeVersion.appendIdTimes(this.#scopeVersionId, rows)
    columns.ScopeAttributes.appendEntriesTimes(this.#scope.attributes, rows)
    this.#pending = 0
  }

  item(end: number): void {
    const reader = this.#reader
    const cutBefore = this.#tally.cutAttributes
    this.#begin()
    reader.message = 'LogRecord'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) this.#field(tag, end)
    this.#attributes.appendText(this.#body, this.#builder.columns.Body)
    if (this.#timeLow === 0 && this.#timeHigh === 0) this.#takeObservedTime()
    const problem = this.#problem()
    if (problem === null) {
      this.#write(this.#dropped + this.#tally.cutAttributes - cutBefore)
      this.#tally.accept()
    } else {
      this.#builder.discardRow()
      this.#tally.reject(problem)
    }
  }

  #begin(): void {
    this.#timeLow = this.#timeHigh = this.#observedLow = this.#observedHigh = 0
    this.#severity = this.#severityText.start = this.#severityText.end = 0
    this.#body.clear()
    this.#dropped = this.#flags = 0
    this.#traceId = NO_ID
    this.#spanId = NO_ID
    this.#event.start = this.#event.end = 0
    this.#attributeCount = 0
  }

  #field(tag: number, end: number): void {
    const reader = this.#reader
    switch (tag) {
      case LOG.timeUnixNano:
        reader.fixed64(end)
        this.#timeLow = reader.low
        this.#timeHigh = reader.high
        break
      case LOG.severityNumber:
        this.#severity = reader.uint32(end)
        break
      case LOG.severityText:
        this.#severityText.end = reader.length(end)
        this.#severityText.start = reader.position
        reader.position = this.#severityText.end
        break
      case LOG.body:
        this.#attributes.readValue(end, this.#body)
        break
      case LOG.attributes:
        this.#attributes.read(end, this.#builder.columns.LogAttributes, this.#attributeCount)
        this.#attributeCount += 1
        break
      case LOG.droppedAttributesCount:
        this.#dropped = reader.uint32(end)
        break
      case LOG.flags:
        this.#flags = reader.fixed32(end)
        break
      case LOG.traceId:
        this.#traceId = readId(reader, end, TRACE_ID_BYTES)
        break
      case LOG.spanId:
        this.#spanId = readId(reader, end, SPAN_ID_BYTES)
        break
      case LOG.observedTimeUnixNano:
        reader.fixed64(end)
        this.#observedLow = reader.low
        this.#observedHigh = reader.high
        break
      case LOG.eventName:
        this.#event.end = reader.length(end)
        this.#event.start = reader.position
        reader.position = this.#event.end
        break
      default:
        reader.skip(tag, end, KNOWN_FIELDS.LogRecord)
    }
  }

  #takeObservedTime(): void {
    const observed = this.#observedLow !== 0 || this.#observedHigh !== 0
    this.#timeLow = observed ? this.#observedLow : this.#nowLow
    this.#timeHigh = observed ? this.#observedHigh : this.#nowHigh
  }

  #problem(): RejectReason | null {
    if (this.#traceId === WRONG_LENGTH) return 'trace_id_invalid'
    if (this.#spanId === WRONG_LENGTH) return 'span_id_invalid'
    return this.#tally.timeProblem((this.#timeHigh >>> 0) * 4_294_967_296 + (this.#timeLow >>> 0))
  }

  #write(dropped: number): void {
    const { columns } = this.#builder
    columns.Timestamp.appendParts(this.#timeLow, this.#timeHigh)
    appendId(columns.TraceId, this.#reader, this.#traceId)
    appendId(columns.SpanId, this.#reader, this.#spanId)
    columns.TraceFlags.append(this.#flags & 0xff)
    this.#severityId = this.#id(columns.SeverityText, this.#severityText, this.#severityId)
    columns.SeverityText.appendId(this.#severityId)
    columns.SeverityNumber.append(this.#severity & 0xff)
    columns.LogAttributes.endRow()
    this.#eventId = this.#id(columns.EventName, this.#event, this.#eventId)
    columns.EventName.appendId(this.#eventId)
    columns.DroppedAttributesCount.append(Math.min(dropped, 0xffffffff))
    this.#builder.endRow()
    this.#pending += 1
    if (this.#pending === MOST_PENDING) this.leave()
  }

  /** The id of a text in the body; `guess`: the id of the previous one, which is usually the same. */
  #id({ values }: DictionaryColumn, { start, end }: TextRange, guess: number): number {
    return values.internBytes(this.#reader.bytes, start, end, guess)
  }
}
