import type { DictionaryColumn } from '../../../core/columns/dictionary-column.ts'
import type { MapColumn, MapEntries } from '../../../core/columns/map-column.ts'
import type { AttributeReader } from './attributes.ts'
import type { Tally } from './decode-context.ts'
import type { Ranges } from './envelope.ts'
import { knownFields, type ProtobufReader } from './protobuf-reader.ts'

const RESOURCE_FIELDS = knownFields(1)
const SERVICE_NAME = Buffer.from('service.name')
const SCOPE_FIELDS = knownFields(1, 2, 3, 4)

export interface Resource {
  readonly attributes: MapEntries
  /** Id of `service.name` in the column of service names; of '' when the resource has none. */
  readonly serviceNameId: number
}

export interface Scope {
  readonly nameStart: number
  readonly nameEnd: number
  readonly versionStart: number
  readonly versionEnd: number
  readonly attributes: MapEntries
  /** As sent, and what the limits cut. */
  readonly droppedAttributes: number
}

/** Reads a resource once, into ids of the columns that its items will repeat. */
export function readResource(
  reader: ProtobufReader,
  attributes: AttributeReader,
  messages: Ranges,
  map: MapColumn,
  serviceName: DictionaryColumn,
): Resource {
  let count = 0
  reader.message = 'Resource'
  for (let at = 0; at < messages.length; at += 2) {
    const end = messages[at + 1]!
    reader.position = messages[at]!
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag !== 0x0a) {
        reader.skip(tag, end, RESOURCE_FIELDS)
        continue
      }
      attributes.read(end, map, count)
      count += 1
    }
  }
  const entries = map.takePending()
  return { attributes: entries, serviceNameId: serviceNameIn(entries, map, serviceName) }
}

function serviceNameIn(entries: MapEntries, map: MapColumn, serviceName: DictionaryColumn): number {
  const index = entries.keyIds.findIndex(keyId => SERVICE_NAME.equals(map.keys.bytesOf(keyId)))
  if (index === -1) return serviceName.values.internString('')
  const value = map.values.bytesOf(entries.valueIds[index]!)
  return serviceName.values.internBytes(value, 0, value.length)
}

/** Reads a scope once. `map`: the column of scope attributes, or one that takes them for a moment when there is none. */
export function readScope(
  reader: ProtobufReader,
  attributes: AttributeReader,
  tally: Tally,
  messages: Ranges,
  map: MapColumn,
): Scope {
  const scope = { nameStart: 0, nameEnd: 0, versionStart: 0, versionEnd: 0, droppedAttributes: 0 }
  const cutBefore = tally.cutAttributes
  let count = 0
  reader.message = 'InstrumentationScope'
  for (let at = 0; at < messages.length; at += 2) {
    const end = messages[at + 1]!
    reader.position = messages[at]!
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case 0x0a:
          scope.nameEnd = reader.length(end)
          scope.nameStart = reader.position
          reader.position = scope.nameEnd
          break
        case 0x12:
          scope.versionEnd = reader.length(end)
          scope.versionStart = reader.position
          reader.position = scope.versionEnd
          break
        case 0x1a:
          attributes.read(end, map, count)
          count += 1
          break
        case 0x20:
          scope.droppedAttributes = reader.uint32(end)
          break
        default:
          reader.skip(tag, end, SCOPE_FIELDS)
      }
    }
  }
  scope.droppedAttributes += tally.cutAttributes - cutBefore
  return { ...scope, attributes: map.takePending() }
}
