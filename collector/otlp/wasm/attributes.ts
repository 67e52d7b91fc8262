import { Pairs } from './columns'
import { keyValue } from './host'
import { scratch } from './memory'
import { position, Reader } from './reader'
import { AnyValueTag, KeyValueTag } from './tags'
import { BOOL_TYPE, EMPTY_TYPE, INT_TYPE, STRING_TYPE } from './types'

/** Maximum attributes of an item (span, event, link, resource, scope); further ones are cut. */
let mostAttributes: u32 = 0
/** Maximum bytes of a key or a value; the host cuts longer ones. */
let mostBytes: u32 = 0
/** Attributes of the whole request that the limits cut. The host adds to it. */
export let cutAttributes: u32 = 0

/** Sets the limits for the request: attributes per item, bytes per key or value. Resets the count of cut attributes. */
export function limitAttributes(attributes: u32, bytes: u32): void {
  mostAttributes = attributes
  mostBytes = bytes
  cutAttributes = 0
}

/** Adds to the number of attributes that the limits cut. */
export function addCut(count: u32): void {
  cutAttributes += count
}

/**
 * Reads the KeyValue whose length comes next into the current row, as attribute number `index`. Strings, integers and
 * bools in regular messages are read here, with fields in any order, since Go senders write values before keys. The
 * host handles everything else.
 */
export function readAttribute(end: usize, pairs: Pairs, index: u32): void {
  const stop = Reader.length(end)
  if (index >= mostAttributes) {
    cutAttributes += 1
    Reader.moveTo(stop)
    return
  }
  const start = position
  let at = start
  /** Everything up to here was regular. */
  let read = start
  let key: usize = 0
  let keyLength: u32 = 0
  let kind = EMPTY_TYPE
  let value: usize = 0
  let valueLength: u32 = 0
  let integer: u64 = 0
  while (at < stop) {
    const tag: u32 = load<u8>(at)
    let length: usize = load<u8>(at, 1)
    let from = at + 2
    if (length >= 0x80) {
      const second: usize = load<u8>(at, 2)
      if (second >= 0x80) break
      length = (length & 0x7f) | (second << 7)
      from += 1
    }
    at = from + length
    if (at > stop) break
    if (tag === KeyValueTag.key) {
      key = from
      keyLength = <u32>length
      read = at
      continue
    }
    if (tag !== KeyValueTag.value) break
    if (length === 0) {
      read = at
      continue
    }
    const kindTag: u32 = load<u8>(from)
    if (kindTag === AnyValueTag.stringValue) {
      let inner: usize = load<u8>(from, 1)
      value = from + 2
      if (inner >= 0x80) {
        const second: usize = load<u8>(from, 2)
        if (second >= 0x80) break
        inner = (inner & 0x7f) | (second << 7)
        value += 1
      }
      if (value + inner !== at) break
      kind = STRING_TYPE
      valueLength = <u32>inner
    } else if (kindTag === AnyValueTag.intValue) {
      let byte: u64 = 0x80
      let shift: u64 = 0
      integer = 0
      for (from += 1; from < at && byte >= 0x80 && shift < 70; from += 1) {
        byte = load<u8>(from)
        integer |= (byte & 0x7f) << shift
        shift += 7
      }
      if (byte >= 0x80 || from !== at) break
      kind = INT_TYPE
    } else if (kindTag === AnyValueTag.boolValue) {
      integer = load<u8>(from, 1)
      if (length !== 2 || integer >= 0x80) break
      kind = BOOL_TYPE
    } else break
    read = at
  }
  if (read !== stop || keyLength > mostBytes || valueLength > mostBytes) {
    readAnything(start, stop, pairs)
    return
  }
  let valueId: u32
  if (kind === STRING_TYPE) valueId = pairs.valueId(index, value, valueLength)
  else if (kind === INT_TYPE) valueId = pairs.values.internInteger(<i64>integer)
  else if (kind === BOOL_TYPE) valueId = pairs.values.internBool(integer !== 0)
  else valueId = pairs.values.internEmpty()
  pairs.put(pairs.keyId(index, key, keyLength), valueId, kind)
  Reader.moveTo(stop)
}

function readAnything(start: usize, stop: usize, pairs: Pairs): void {
  keyValue(start, stop)
  const keyLength = load<u32>(scratch.at)
  const valueLength = load<u32>(scratch.at, 4)
  const type = load<u32>(scratch.at, 8)
  const keyId = pairs.keys.find(scratch.at + 12, keyLength)
  const valueId = pairs.values.find(scratch.at + 12 + keyLength, valueLength)
  pairs.put(keyId, valueId, type)
  Reader.moveTo(stop)
}
