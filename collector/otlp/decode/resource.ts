import type { DictionaryColumn } from '../../../core/columns/dictionary-column.ts'
import { grown } from '../../../core/columns/growable.ts'
import type { MapColumn, MapEntries } from '../../../core/columns/map-column.ts'
import { FIELD, KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { knownFields, type ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { AttributeReader } from './attributes.ts'
import type { DecodeTally } from './decode-context.ts'
import type { Ranges } from './envelope.ts'

const RESOURCE = TAG.Resource
const SCOPE = TAG.InstrumentationScope
/** Only the attributes of a resource are read: its other fields may change their type. */
const RESOURCE_FIELDS = knownFields(FIELD.Resource.attributes)
const SERVICE_NAME = Buffer.from('service.name')

/** A resource's attributes, read once for all its items. */
export interface Resource {
  readonly attributes: MapEntries
  /** Id of `service.name` in the column of service names; that of '' when the resource has none. */
  readonly serviceNameId: number
}

/** An instrumentation scope, read once for all its items. Name and version are byte ranges of the body. */
export interface InstrumentationScope {
  readonly nameStart: number
  readonly nameEnd: number
  readonly versionStart: number
  readonly versionEnd: number
  readonly attributes: MapEntries
  /** Both those reported by the sender and those that the limits cut. */
  readonly droppedAttributes: number
}

/** Reads each resource of a request once, into ids of the columns that its items repeat. */
export class ResourceReader {
  readonly #reader: ProtobufReader
  readonly #attributes: AttributeReader
  readonly #map: MapColumn
  readonly #serviceName: DictionaryColumn
  /** Id of the key `service.name`; -1: not seen yet. */
  #serviceKeyId = -1
  /** By key id: 1 if it is known to be another key. */
  #isOtherKey = new Uint8Array(64)
  /** The last service name: its id among the values of attributes, and in its own column. */
  #valueId = -1
  #serviceNameId = 0

  constructor(
    reader: ProtobufReader,
    attributes: AttributeReader,
    map: MapColumn,
    serviceName: DictionaryColumn,
  ) {
    this.#reader = reader
    this.#attributes = attributes
    this.#map = map
    this.#serviceName = serviceName
  }

  read(messages: Ranges): Resource {
    const reader = this.#reader
    let count = 0
    reader.message = 'Resource'
    for (let at = 0; at < messages.length; at += 2) {
      const end = messages[at + 1]!
      reader.position = messages[at]!
      for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
        if (tag !== RESOURCE.attributes) {
          reader.skip(tag, end, RESOURCE_FIELDS)
          continue
        }
        this.#attributes.read(end, this.#map, count)
        count += 1
      }
    }
    const entries = this.#map.takePending()
    return { attributes: entries, serviceNameId: this.#serviceNameIn(entries) }
  }

  #serviceNameIn({ keyIds, valueIds }: MapEntries): number {
    const { values } = this.#serviceName
    const index = keyIds.findIndex(keyId => this.#isServiceKey(keyId))
    if (index === -1) return values.internString('')
    const valueId = valueIds[index]!
    if (valueId !== this.#valueId) {
      const value = this.#map.values.bytesOf(valueId)
      this.#valueId = valueId
      this.#serviceNameId = values.internBytes(value, 0, value.length)
    }
    return this.#serviceNameId
  }

  #isServiceKey(keyId: number): boolean {
    if (this.#serviceKeyId !== -1) return keyId === this.#serviceKeyId
    if (this.#isOtherKey[keyId] === 1) return false
    if (SERVICE_NAME.equals(this.#map.keys.bytesOf(keyId))) {
      this.#serviceKeyId = keyId
      return true
    }
    if (keyId >= this.#isOtherKey.length) this.#isOtherKey = grown(this.#isOtherKey, keyId + 1)
    this.#isOtherKey[keyId] = 1
    return false
  }
}

/** Reads a scope once. `map`: the column of scope attributes, or a temporary one when there is none. */
export function decodeScope(
  reader: ProtobufReader,
  attributes: AttributeReader,
  tally: DecodeTally,
  messages: Ranges,
  map: MapColumn,
): InstrumentationScope {
  const scope = { nameStart: 0, nameEnd: 0, versionStart: 0, versionEnd: 0, droppedAttributes: 0 }
  const cutBefore = tally.cutAttributes
  let count = 0
  reader.message = 'InstrumentationScope'
  for (let at = 0; at < messages.length; at += 2) {
    const end = messages[at + 1]!
    reader.position = messages[at]!
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      switch (tag) {
        case SCOPE.name:
          scope.nameEnd = reader.length(end)
          scope.nameStart = reader.position
          reader.position = scope.nameEnd
          break
        case SCOPE.version:
          scope.versionEnd = reader.length(end)
          scope.versionStart = reader.position
          reader.position = scope.versionEnd
          break
        case SCOPE.attributes:
          attributes.read(end, map, count)
          count += 1
          break
        case SCOPE.droppedAttributesCount:
          scope.droppedAttributes = reader.uint32(end)
          break
        default:
          reader.skip(tag, end, KNOWN_FIELDS.InstrumentationScope)
      }
    }
  }
  scope.droppedAttributes += tally.cutAttributes - cutBefore
  return { ...scope, attributes: map.takePending() }
}
