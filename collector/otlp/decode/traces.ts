import type { RecordBuilder } from '../../../core/columns/record-builder.ts'
import type { traces } from '../../../core/model/streams/index.ts'
import { AttributeReader } from './attributes.ts'
import { ConstantIds } from './constant-ids.ts'
import { type DecodeContext, type DecodeResult, type RejectReason, Tally } from './decode-context.ts'
import { type EnvelopeVisitor, type Ranges, walkEnvelope } from './envelope.ts'
import { growthCheck } from './growth.ts'
import { ABSENT, appendId, MISSHAPEN, readId, SPAN_ID_BYTES, TRACE_ID_BYTES } from './ids.ts'
import { knownFields, ProtobufReader } from './protobuf-reader.ts'
import { allOrNothing } from './request.ts'
import { type Resource, readResource, readScope, type Scope } from './resource.ts'
import { SpanParts } from './span-parts.ts'

type TracesBuilder = RecordBuilder<typeof traces>

const SPAN_KINDS = ['Unspecified', 'Internal', 'Server', 'Client', 'Producer', 'Consumer']
const STATUS_CODES = ['Unset', 'Ok', 'Error']
const FIELDS = knownFields(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)

/**
 * Decodes an ExportTraceServiceRequest into the builder, a row per span. Throws `body_undecodable` or `body_too_large`
 * and then leaves the builder as it was.
 */
export function decodeTraces(body: Uint8Array, context: DecodeContext, builder: TracesBuilder): DecodeResult {
  return allOrNothing([builder], () => {
    const reader = new ProtobufReader(body)
    const tally = new Tally(
      context,
      growthCheck(body.length, () => builder.byteSize),
    )
    walkEnvelope(reader, new SpanDecoder(reader, tally, context.tenant, builder))
    return tally.result()
  })
}

class SpanDecoder implements EnvelopeVisitor {
  readonly names = { request: 'ExportTraceServiceRequest', resource: 'ResourceSpans', scope: 'ScopeSpans' }
  readonly #reader: ProtobufReader
  readonly #tally: Tally
  readonly #builder: TracesBuilder
  readonly #attributes: AttributeReader
  readonly #parts: SpanParts
  readonly #tenantId: number
  readonly #kindIds: ConstantIds
  readonly #statusIds: ConstantIds
  #resource!: Resource
  #scope!: Scope
  // The span in hand: places in the body, words of times.
  #traceId = ABSENT
  #spanId = ABSENT
  #parentId = ABSENT
  #stateStart = 0
  #stateEnd = 0
  #nameStart = 0
  #nameEnd = 0
  #kind = 0
  #startLow = 0
  #startHigh = 0
  #endLow = 0
  #endHigh = 0
  #dropped = 0
  #attributeCount = 0

  constructor(reader: ProtobufReader, tally: Tally, tenant: string, builder: TracesBuilder) {
    const { columns } = builder
    this.#reader = reader
    this.#tally = tally
    this.#builder = builder
    this.#attributes = new AttributeReader(reader, tally, columns.SpanAttributes)
    this.#parts = new SpanParts(reader, this.#attributes, columns)
    this.#tenantId = columns.Tenant.values.internString(tenant)
    this.#kindIds = new ConstantIds(columns.SpanKind.values, SPAN_KINDS)
    this.#statusIds = new ConstantIds(columns.StatusCode.values, STATUS_CODES)
  }

  resource(messages: Ranges): void {
    const { ResourceAttributes, ServiceName } = this.#builder.columns
    this.#resource = readResource(this.#reader, this.#attributes, messages, ResourceAttributes, ServiceName)
  }

  scope(messages: Ranges): void {
    // Spans have no column for attributes of their scope: they are read for the bounds and let go.
    const { SpanAttributes } = this.#builder.columns
    this.#scope = readScope(this.#reader, this.#attributes, this.#tally, messages, SpanAttributes)
  }

  item(end: number): void {
    const reader = this.#reader
    const cutBefore = this.#tally.cutAttributes
    this.#begin()
    reader.message = 'Span'
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) this.#field(tag, end)
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
    this.#traceId = ABSENT
    this.#spanId = ABSENT
    this.#parentId = ABSENT
    this.#stateStart = this.#stateEnd = this.#nameStart = this.#nameEnd = 0
    this.#kind = 0
    this.#startLow = this.#startHigh = this.#endLow = this.#endHigh = 0
    this.#dropped = 0
    this.#attributeCount = 0
    this.#parts.begin()
  }

  #field(tag: number, end: number): void {
    const reader = this.#reader
    switch (tag) {
      case 0x0a:
        this.#traceId = readId(reader, end, TRACE_ID_BYTES)
        break
      case 0x12:
        this.#spanId = readId(reader, end, SPAN_ID_BYTES)
        break
      case 0x1a:
        this.#stateEnd = reader.length(end)
        this.#stateStart = reader.position
        reader.position = this.#stateEnd
        break
      case 0x22:
        this.#parentId = readId(reader, end, SPAN_ID_BYTES)
        break
      case 0x2a:
        this.#nameEnd = reader.length(end)
        this.#nameStart = reader.position
        reader.position = this.#nameEnd
        break
      case 0x30:
        this.#kind = reader.uint32(end)
        break
      case 0x39:
        reader.fixed64(end)
        this.#startLow = reader.low
        this.#startHigh = reader.high
        break
      case 0x41:
        reader.fixed64(end)
        this.#endLow = reader.low
        this.#endHigh = reader.high
        break
      case 0x4a:
        this.#attributes.read(end, this.#builder.columns.SpanAttributes, this.#attributeCount)
        this.#attributeCount += 1
        break
      case 0x50:
        this.#dropped = reader.uint32(end)
        break
      case 0x5a:
        this.#parts.event(end)
        break
      case 0x6a:
        this.#parts.link(end)
        break
      case 0x7a:
        this.#parts.status(end)
        break
      // Counts of dropped events and links and the flags have no column.
      case 0x60:
      case 0x70:
        reader.varint(end)
        break
      case 0x85:
        reader.fixed32(end)
        break
      default:
        reader.skip(tag, end, FIELDS)
    }
  }

  #problem(): RejectReason | null {
    if (this.#traceId < 0) return 'trace_id_invalid'
    if (this.#spanId < 0) return 'span_id_invalid'
    if (this.#parentId === MISSHAPEN) return 'parent_span_id_invalid'
    if (this.#parts.linkMisshapen) return 'link_id_invalid'
    const start = (this.#startHigh >>> 0) * 4_294_967_296 + (this.#startLow >>> 0)
    const end = (this.#endHigh >>> 0) * 4_294_967_296 + (this.#endLow >>> 0)
    return this.#tally.timeProblem(start) ?? (end > start ? this.#tally.timeProblem(end) : null)
  }

  #write(dropped: number): void {
    const { columns } = this.#builder
    const { bytes } = this.#reader
    const scope = this.#scope
    columns.Tenant.appendId(this.#tenantId)
    columns.Timestamp.appendWords(this.#startLow, this.#startHigh)
    columns.TraceId.appendBytes(bytes, this.#traceId)
    columns.SpanId.appendBytes(bytes, this.#spanId)
    appendId(columns.ParentSpanId, this.#reader, this.#parentId)
    columns.TraceState.appendBytes(bytes, this.#stateStart, this.#stateEnd)
    columns.SpanName.appendBytes(bytes, this.#nameStart, this.#nameEnd)
    columns.SpanKind.appendId(this.#kindIds.at(this.#kind))
    columns.ServiceName.appendId(this.#resource.serviceNameId)
    columns.ResourceAttributes.appendEntries(this.#resource.attributes)
    columns.ScopeName.appendBytes(bytes, scope.nameStart, scope.nameEnd)
    columns.ScopeVersion.appendBytes(bytes, scope.versionStart, scope.versionEnd)
    columns.SpanAttributes.endRow()
    this.#writeDuration()
    columns.StatusCode.appendId(this.#statusIds.at(this.#parts.statusCode))
    columns.StatusMessage.appendBytes(bytes, this.#parts.messageStart, this.#parts.messageEnd)
    columns.DroppedAttributesCount.append(Math.min(dropped, 0xffffffff))
    this.#parts.endRow()
    this.#builder.endRow()
  }

  /** End minus start in two words; 0 when a clock ran backwards or there is no end. */
  #writeDuration(): void {
    const low = (this.#endLow - this.#startLow) | 0
    const borrow = this.#endLow >>> 0 < this.#startLow >>> 0 ? 1 : 0
    const high = ((this.#endHigh >>> 0) - (this.#startHigh >>> 0) - borrow) | 0
    const ended =
      this.#endHigh >>> 0 > this.#startHigh >>> 0 || (this.#endHigh === this.#startHigh && borrow === 0)
    this.#builder.columns.Duration.appendWords(ended ? low : 0, ended ? high : 0)
  }
}
