import type { Interner } from '../../../core/columns/interner.ts'
import { MapColumn, type MapEntries } from '../../../core/columns/map-column.ts'
import { encodeUtf8 } from '../../../core/columns/utf8.ts'
import { FIELD, TAG } from '../../../core/protobuf/otlp/fields.ts'
import { knownFields, type ProtobufReader } from '../../../core/protobuf/reader.ts'
import { AttributeReader } from './attributes.ts'
import type { DecodeLimits, DecodeTally } from './decode-context.ts'
import type { Ranges } from './envelope.ts'
import { TextMemo } from './text-memo.ts'

/** Each generation: about the series of 60,000 containers. */
const MEMO_ENTRIES = 65_536
const MEMO_BYTES = 16_777_216

/** Texts by the bytes of a request. They do not depend on the sender, but on the limits. */
const pointTexts = new TextMemo(MEMO_ENTRIES, MEMO_BYTES)
const resourceTexts = new TextMemo(MEMO_ENTRIES, MEMO_BYTES)
let memoLimits: DecodeLimits | null = null

/** Forgets the texts that were made under other limits. */
function checkMemos(limits: DecodeLimits): void {
  const known = memoLimits
  memoLimits = limits
  const isSame =
    known === null ||
    (known.attributes === limits.attributes &&
      known.attributeBytes === limits.attributeBytes &&
      known.maxDepth === limits.maxDepth)
  if (isSame) return
  pointTexts.clear()
  resourceTexts.clear()
}

/** Text of no attributes. */
export const NO_ATTRIBUTES = '{}'

const SERVICE_NAME = 'service.name'
/** Only the attributes of a resource are read: its other fields may change their type. */
const RESOURCE_FIELDS = knownFields(FIELD.Resource.attributes)
const { stringify } = JSON

/** Ids of a resource's text and of its service name, in two dictionaries. */
export interface ResourceTextIds {
  readonly textId: number
  readonly serviceNameId: number
}

/**
 * Reads attributes as the JSON text that the tables of points keep, directly into dictionaries. One per request. Texts are
 * remembered by the bytes from which they were made, across requests, unless a limit cut something: that must be counted
 * each time.
 */
export class AttributeTexts {
  readonly #reader: ProtobufReader
  readonly #tally: DecodeTally
  #scratch: { readonly map: MapColumn; readonly attributes: AttributeReader } | null = null

  constructor(reader: ProtobufReader, tally: DecodeTally) {
    this.#reader = reader
    this.#tally = tally
    checkMemos(tally.limits)
  }

  /** The id of the text of a point's attributes: all fields `tag` between `start` and `end`. */
  pointId(into: Interner, tag: number, start: number, end: number): number {
    if (start === end) return into.internString(NO_ATTRIBUTES)
    const { view } = this.#reader
    const kept = pointTexts.find(view, start, end)
    if (kept >= 0) return internKept(pointTexts, kept, into)
    const { cutAttributes } = this.#tally
    const text = encodeUtf8(textOf(this.#pairs(tag, [start, end])))
    if (cutAttributes === this.#tally.cutAttributes) pointTexts.add(view, start, end, text, 0)
    return into.internBytes(text, 0, text.length)
  }

  /** The same for attributes that are not next to each other: the position of the length of each, and its end. */
  scatteredId(into: Interner, ranges: Ranges): number {
    const reader = this.#reader
    const { position } = reader
    for (let at = 0; at < ranges.length; at += 2) {
      reader.position = ranges[at]!
      this.read(ranges[at + 1]!, at / 2)
    }
    reader.position = position
    return into.internString(textOf(this.take()))
  }

  /** The ids of a resource in its messages. */
  resource(texts: Interner, serviceNames: Interner, messages: Ranges): ResourceTextIds {
    const { view } = this.#reader
    const [start, end] = [messages[0] ?? 0, messages[1] ?? 0]
    const isKept = messages.length === 2
    const kept = isKept ? resourceTexts.find(view, start, end) : -1
    if (kept >= 0) {
      const { bytes } = resourceTexts
      const from = resourceTexts.startOf(kept)
      const middle = from + resourceTexts.numberOf(kept)
      return {
        textId: texts.internBytes(bytes, middle, resourceTexts.endOf(kept)),
        serviceNameId: serviceNames.internBytes(bytes, from, middle),
      }
    }
    const { cutAttributes } = this.#tally
    const pairs = this.#pairs(TAG.Resource.attributes, messages, RESOURCE_FIELDS)
    const service = encodeUtf8(pairs.find(([key]) => key === SERVICE_NAME)?.[1] ?? '')
    const text = encodeUtf8(textOf(pairs))
    if (isKept && cutAttributes === this.#tally.cutAttributes) {
      resourceTexts.add(view, start, end, Buffer.concat([service, text]), service.length)
    }
    return {
      textId: texts.internBytes(text, 0, text.length),
      serviceNameId: serviceNames.internBytes(service, 0, service.length),
    }
  }

  /** Reads the KeyValue whose length comes next as attribute number `index` of what `take` returns. */
  read(end: number, index: number): void {
    const { attributes, map } = this.#own()
    attributes.read(end, map, index)
  }

  /** The attributes read since the last call. */
  take(): readonly (readonly [key: string, value: string])[] {
    const { map } = this.#own()
    return pairsOf(map, map.takePending())
  }

  /** The reader's position is kept. */
  #pairs(tag: number, ranges: Ranges, known = 0): readonly (readonly [key: string, value: string])[] {
    const reader = this.#reader
    const { position } = reader
    let count = 0
    for (let at = 0; at < ranges.length; at += 2) {
      const end = ranges[at + 1]!
      reader.position = ranges[at]!
      for (let field = reader.tag(end); field !== 0; field = reader.tag(end)) {
        if (field !== tag) {
          reader.skip(field, end, known)
          continue
        }
        this.read(end, count)
        count += 1
      }
    }
    reader.position = position
    return this.take()
  }

  /** Made when a text is not remembered. */
  #own() {
    if (this.#scratch === null) {
      const map = new MapColumn(0)
      this.#scratch = { map, attributes: new AttributeReader(this.#reader, this.#tally, map, map) }
    }
    return this.#scratch
  }
}

const pairsOf = (map: MapColumn, { keyIds, valueIds }: MapEntries) =>
  keyIds.map((keyId, at) => [map.keys.textOf(keyId), map.values.textOf(valueIds[at]!)] as const)

/** A JSON object with the pairs in their order, whatever the keys are called. */
export const textOf = (pairs: readonly (readonly [key: string, value: string])[]): string =>
  `{${pairs.map(([key, value]) => `${stringify(key)}:${stringify(value)}`).join(',')}}`

/** The id of a kept text: usually that which it had when it was needed last. */
export function internKept(memo: TextMemo, kept: number, into: Interner): number {
  const hint = memo.hintOf(kept)
  const guess = hint < 0 ? undefined : hint
  const id = into.internBytes(memo.bytes, memo.startOf(kept), memo.endOf(kept), guess)
  if (id !== hint) memo.setHint(kept, id)
  return id
}
