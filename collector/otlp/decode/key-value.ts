import { cutUtf8, isValidUtf8, repairedUtf8 } from '../../../core/columns/utf8.ts'
import { KNOWN_FIELDS, TAG } from '../../../core/protobuf/otlp/fields.ts'
import type { ProtobufReader } from '../../../core/protobuf/reader.ts'
import type { AnyValue } from './any-value.ts'
import type { DecodeTally } from './decode-context.ts'

const KEY_VALUE = TAG.KeyValue

/** Position of a KeyValue's key in the body. */
export interface AttributeKeyRange {
  start: number
  end: number
}

/**
 * Reads a KeyValue of any form up to `stop`: its value into `value`, the position of its key into `key`. Go senders
 * write the value before the key, so either may come first.
 */
export function scanKeyValue(
  reader: ProtobufReader,
  stop: number,
  key: AttributeKeyRange,
  value: AnyValue,
): void {
  const outer = reader.message
  reader.message = 'KeyValue'
  key.start = key.end = 0
  value.clear()
  for (let tag = reader.tag(stop); tag !== 0; tag = reader.tag(stop)) {
    if (tag === KEY_VALUE.key) {
      key.end = reader.length(stop)
      key.start = reader.position
      reader.position = key.end
    } else if (tag === KEY_VALUE.value) {
      value.scan(reader, reader.length(stop))
    } else reader.skip(tag, stop, KNOWN_FIELDS.KeyValue)
  }
  reader.message = outer
}

/** The text in `source[start, end)` as valid UTF-8 within the limit; a cut is counted. */
export function limitedText(source: Uint8Array, start: number, end: number, tally: DecodeTally): Uint8Array {
  const limit = tally.limits.attributeBytes
  const isLong = end - start > limit
  if (isLong) tally.cutAttributes += 1
  const cut = cutUtf8(source, start, end, limit)
  if (isValidUtf8(source, start, cut)) return source.subarray(start, cut)
  const repaired = repairedUtf8(source, start, cut)
  return isLong ? repaired.subarray(0, cutUtf8(repaired, 0, repaired.length, limit)) : repaired
}
