import { ENVELOPE_TAG, KNOWN_FIELDS } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'

/**
 * Start and end of each occurrence of a nested message, alternating; several when a sender wrote the field more than
 * once.
 */
export type Ranges = readonly number[]

/** A text in the body; empty when start and end are equal. */
export interface TextRange {
  readonly start: number
  readonly end: number
}

/** Signal-specific handlers for the parts of a request, whose structure is the same for all three signals. */
export interface EnvelopeVisitor {
  /** Names of the messages, for errors. */
  readonly names: { readonly request: string; readonly resource: string; readonly scope: string }
  /** A new resource: its Resource messages and schema URL. */
  resource(messages: Ranges, schemaUrl: TextRange): void
  /** A new scope within the resource. */
  scope(messages: Ranges, schemaUrl: TextRange): void
  /** An item (span, metric, log record) of the scope, from the reader's position to `end`. */
  item(end: number): void
}

const NOTHING: TextRange = { start: 0, end: 0 }

/**
 * Walks a request. Fields may come in any order: Go senders write a resource after its spans, so each level is first
 * scanned for its description, and then read.
 */
export function walkEnvelope(reader: ProtobufReader, visitor: EnvelopeVisitor): void {
  const { names } = visitor
  const end = reader.bytes.length
  reader.message = names.request
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag !== ENVELOPE_TAG.resources) {
      reader.skip(tag, end, KNOWN_FIELDS.ExportTraceServiceRequest)
      continue
    }
    walkGroup(reader, names.resource, reader.length(end), visitor.resource.bind(visitor), scopeEnd => {
      walkGroup(reader, names.scope, scopeEnd, visitor.scope.bind(visitor), itemEnd => visitor.item(itemEnd))
    })
    reader.message = names.request
  }
}

/** ResourceX and ScopeX have the same structure: 1 the description, 2 the members, 3 the schema URL. */
function walkGroup(
  reader: ProtobufReader,
  name: string,
  end: number,
  describe: (messages: Ranges, schemaUrl: TextRange) => void,
  member: (end: number) => void,
): void {
  const start = reader.position
  const messages: number[] = []
  let schemaUrl = NOTHING
  reader.message = name
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    if (tag !== ENVELOPE_TAG.description && tag !== ENVELOPE_TAG.members && tag !== ENVELOPE_TAG.schemaUrl) {
      reader.skip(tag, end, KNOWN_FIELDS.ResourceSpans)
      continue
    }
    const stop = reader.length(end)
    if (tag === ENVELOPE_TAG.description) messages.push(reader.position, stop)
    else if (tag === ENVELOPE_TAG.schemaUrl) schemaUrl = { start: reader.position, end: stop }
    reader.position = stop
  }
  describe(messages, schemaUrl)
  reader.position = start
  for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
    reader.message = name
    if (tag !== ENVELOPE_TAG.members) {
      reader.skip(tag, end, 0)
      continue
    }
    const stop = reader.length(end)
    member(stop)
    reader.position = stop
  }
}
