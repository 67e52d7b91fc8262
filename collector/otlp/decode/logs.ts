import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { logs } from '../../../core/model/streams/index.ts'
import { AnyValue } from './any-value.ts'
import { AttributeReader } from './attributes.ts'
import { type DecodeContext, type DecodeResult, type RejectReason, Tally } from './decode-context.ts'
import { type EnvelopeVisitor, type Ranges, type TextRange, walkEnvelope } from './envelope.ts'
import { growthCheck } from './growth.ts'
import { ABSENT, appendId, MISSHAPEN, readId, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts'
import { knownFields, ProtobufReader } from './protobuf-reader.ts'
import { allOrNothing } from './request.ts'
import { type Resource, readResource, readScope, type Scope } from './resource.ts'

type LogsBuilder = RecordBuilder<typeof logs>

const FIELDS = knownFields(1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)
const NOTHING: TextRange = { start: 0, end: 0 }

/**
 * Decodes an ExportLogsServiceRequest into the builder, a row per log record. A record without time has the time it
 * was observed, or else that of receipt. Throws `body_undecodable` or `body_too_large` and then leaves the builder as
 * it was.
 */
export function decodeLogs(body: Uint8Array, context: DecodeContext, builder: LogsBuilder): DecodeResult {
  return allOrNothing([builder], () => {
    const reader = new ProtobufReader(body)
    const tally = new Tally(
      context,
      growthCheck(body.length, () => builder.byteSize),
    )
    walkEnvelope(reader, new LogDecoder(reader, tally, context, builder))
    return tally.result()
  })
}

class LogDecoder implements EnvelopeVisitor {
  readonly names = { request: 'ExportLogsServiceRequest', resource: 'ResourceLogs', scope: 'ScopeLogs' }
  readonly #reader: ProtobufReader
  readonly #tally: Tally
  readonly #builder: LogsBuilder
  readonly #attributes: AttributeReader
  readonly #tenantId: number
  readonly #nowLow: number
  readonly #nowHigh: number
  #resource!: Resource
  #resourceUrl = NOTHING
  #scope!: Scope
  #scopeUrl = NOTHING
  // The record in hand: places in the body, words of times.
  #timeLow = 0
  #timeHigh = 0
  #observedLow = 0
  #observedHigh = 0
  #severity = 0
  #severityStart = 0
  #severityEnd = 0
  readonly #body = new AnyValue()
  #dropped = 0
  #flags = 0
  #traceId = ABSENT
  #spanId = ABSENT
  #eventStart = 0
  #eventEnd = 0
  #attributeCount = 0

  constructor(reader: ProtobufReader, tally: Tally, context: DecodeContext, builder: LogsBuilder) {
    this.#reader = reader
    this.#tally = tally
    this.#builder = builder
    this.#attributes = new AttributeReader(reader, tally, builder.columns.LogAttributes)
    this.#tenantId = builder.columns.Tenant.values.internString(context.tenant)
    this.#nowLow = Number(BigInt.asIntN(32, context.nowUnixNano))
    this.#nowHigh = Number(BigInt.asIntN(32, context.nowUnixNano >> 32n))
  }

  resource(messages: Ranges, schemaUrl: TextRange): void {
    const { ResourceAttributes, ServiceName } = this.#builder.columns
    this.#resource = readResource(this.#reader, this.#attributes, messages, ResourceAttributes, ServiceName)
    this.#resourceUrl = schemaUrl
  }

  scope(messages: Ranges, schemaUrl: TextRange): void {
    const { ScopeAttributes } = this.#builder.columns
    this.#scope = readScope(this.#reader, this.#attributes, this.#tally, messages, ScopeAttributes)
    this.#scopeUrl = schemaUrl
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
    this.#severity = this.#severityStart = this.#severityEnd = 0
    this.#body.clear()
    this.#dropped = this.#flags = 0
    this.#traceId = ABSENT
    this.#spanId = ABSENT
    this.#eventStart = this.#eventEnd = 0
    this.#attributeCount = 0
  }

  #field(tag: number, end: number): void {
    const reader = this.#reader
    switch (tag) {
      case 0x09:
        reader.fixed64(end)
        this.#timeLow = reader.low
        this.#timeHigh = reader.high
        break
      case 0x10:
        this.#severity = reader.uint32(end)
        break
      case 0x1a:
        this.#severityEnd = reader.length(end)
        this.#severityStart = reader.position
        reader.position = this.#severityEnd
        break
      case 0x2a:
        this.#attributes.readValue(end, this.#body)
        break
      case 0x32:
        this.#attributes.read(end, this.#builder.columns.LogAttributes, this.#attributeCount)
        this.#attributeCount += 1
        break
      case 0x38:
        this.#dropped = reader.uint32(end)
        break
      case 0x45:
        this.#flags = reader.fixed32(end)
        break
      case 0x4a:
        this.#traceId = readId(reader, end, TRACE_ID_BYTES)
        break
      case 0x52:
        this.#spanId = readId(reader, end, SPAN_ID_BYTES)
        break
      case 0x59:
        reader.fixed64(end)
        this.#observedLow = reader.low
        this.#observedHigh = reader.high
        break
      case 0x62:
        this.#eventEnd = reader.length(end)
        this.#eventStart = reader.position
        reader.position = this.#eventEnd
        break
      default:
        reader.skip(tag, end, FIELDS)
    }
  }

  #takeObservedTime(): void {
    const observed = this.#observedLow !== 0 || this.#observedHigh !== 0
    this.#timeLow = observed ? this.#observedLow : this.#nowLow
    this.#timeHigh = observed ? this.#observedHigh : this.#nowHigh
  }

  #problem(): RejectReason | null {
    if (this.#traceId === MISSHAPEN) return 'trace_id_invalid'
    if (this.#spanId === MISSHAPEN) return 'span_id_invalid'
    return this.#tally.timeProblem((this.#timeHigh >>> 0) * 4_294_967_296 + (this.#timeLow >>> 0))
  }

  #write(dropped: number): void {
    const { columns } = this.#builder
    const { bytes } = this.#reader
    const scope = this.#scope
    columns.Tenant.appendId(this.#tenantId)
    columns.Timestamp.appendWords(this.#timeLow, this.#timeHigh)
    appendId(columns.TraceId, this.#reader, this.#traceId)
    appendId(columns.SpanId, this.#reader, this.#spanId)
    columns.TraceFlags.append(this.#flags & 0xff)
    columns.SeverityText.appendBytes(bytes, this.#severityStart, this.#severityEnd)
    columns.SeverityNumber.append(this.#severity & 0xff)
    columns.ServiceName.appendId(this.#resource.serviceNameId)
    columns.ResourceSchemaUrl.appendBytes(bytes, this.#resourceUrl.start, this.#resourceUrl.end)
    columns.ResourceAttributes.appendEntries(this.#resource.attributes)
    columns.ScopeSchemaUrl.appendBytes(bytes, this.#scopeUrl.start, this.#scopeUrl.end)
    columns.ScopeName.appendBytes(bytes, scope.nameStart, scope.nameEnd)
    columns.ScopeVersion.appendBytes(bytes, scope.versionStart, scope.versionEnd)
    columns.ScopeAttributes.appendEntries(scope.attributes)
    columns.LogAttributes.endRow()
    columns.EventName.appendBytes(bytes, this.#eventStart, this.#eventEnd)
    columns.DroppedAttributesCount.append(Math.min(dropped, 0xffffffff))
    this.#builder.endRow()
  }
}
