import { fail } from './host'
import {
  FIELD_NUMBER_INVALID,
  GROUP_ENDLESS,
  LENGTH_BEYOND_END,
  NUMBER_CUT_SHORT,
  NUMBER_TOO_LONG,
  REQUEST,
  WIRE_TYPE_MISFIT,
  WIRE_TYPE_UNKNOWN,
} from './numbers'

/**
 * Reads protobuf in place; every read is checked against the end of its message. A message is read by its
 * tags:
 *
 *     for (let tag = readTag(end); tag !== 0; tag = readTag(end)) switch (tag) { ... default: skip(tag, end, known) }
 *
 * The host throws for malformed input, which ends the decoding.
 */

/** Address of the next byte. */
export let position: usize = 0
let message: i32 = 0
let lastTag: u32 = 0

/**
 * Functions that asc should inline are static methods: a decorator on a function is not valid TypeScript, and biome
 * refuses it.
 */
export class Reader {
  @inline
  static moveTo(at: usize): void {
    position = at
  }

  /** Sets the current message, for errors; the reader of a nested message restores it. */
  @inline
  static enter(which: i32): void {
    message = which
  }

  /** Number and wire type of the next field (number * 8 + type), or 0 at the end of the message. */
  @inline
  static tag(end: usize): u32 {
    if (position >= end) return 0
    const first: u32 = load<u8>(position)
    if (first >= 8 && first < 0x80) {
      position += 1
      lastTag = first
      return first
    }
    return longTag(end)
  }

  /** The end of the length-delimited value that starts here. */
  @inline
  static length(end: usize): usize {
    const at = position
    if (at < end) {
      const first: usize = load<u8>(at)
      if (first < 0x80 && at + 1 + first <= end) {
        position = at + 1
        return at + 1 + first
      }
    }
    return longLength(end)
  }

  /** A varint of up to 64 bits. */
  @inline
  static varint(end: usize): u64 {
    if (position < end) {
      const first: u64 = load<u8>(position)
      if (first < 0x80) {
        position += 1
        return first
      }
    }
    return longVarint(end)
  }

  @inline
  static fixed64(end: usize): u64 {
    const at = position
    if (at + 8 > end) failed(NUMBER_CUT_SHORT, 0, at)
    position = at + 8
    return load<u64>(at)
  }
}

/** Begins a request at this address. */
export function begin(at: usize): void {
  position = at
  message = REQUEST
  lastTag = 0
}

/** Ends the decoding with an error about the last field read. */
export function failed(what: i32, detail: i32, at: usize): void {
  fail(what, detail, message, lastTag, at)
}

function longTag(end: usize): u32 {
  const tag = Reader.varint(end)
  if (tag > u32.MAX_VALUE || tag < 8) failed(FIELD_NUMBER_INVALID, 0, position)
  lastTag = <u32>tag
  return <u32>tag
}

function longLength(end: usize): usize {
  const at = position
  const length = Reader.varint(end)
  if (length > <u64>(end - position)) failed(LENGTH_BEYOND_END, 0, at)
  return position + <usize>length
}

function longVarint(end: usize): u64 {
  const start = position
  let value: u64 = 0
  for (let shift: u64 = 0; shift < 70; shift += 7) {
    if (position >= end) failed(NUMBER_CUT_SHORT, 0, start)
    const byte: u64 = load<u8>(position)
    position += 1
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value
  }
  failed(NUMBER_TOO_LONG, 0, start)
  return 0
}

function take(bytes: usize, end: usize): void {
  if (position + bytes > end) failed(NUMBER_CUT_SHORT, 0, position)
  position += bytes
}

/**
 * Skips a field that the caller did not read. `known` has a bit for every field number (below 32) of the message that
 * we read: such a field with another wire type is not an extension but a sender's error.
 */
export function skip(tag: u32, end: usize, known: u32): void {
  const field = tag >>> 3
  if (field < 32 && ((known >>> field) & 1) === 1) failed(WIRE_TYPE_MISFIT, tag & 7, position)
  skipValue(tag, end)
}

function skipValue(tag: u32, end: usize): void {
  switch (tag & 7) {
    case 0:
      Reader.varint(end)
      return
    case 1:
      take(8, end)
      return
    case 2:
      position = Reader.length(end)
      return
    case 3:
      skipGroup(end)
      return
    case 5:
      take(4, end)
      return
    default:
      failed(WIRE_TYPE_UNKNOWN, tag & 7, position)
  }
}

/**
 * Groups are long deprecated, but an unknown field may be one. Counted instead of recursive, because the sender
 * controls the depth.
 */
function skipGroup(end: usize): void {
  for (let depth: i32 = 1; depth > 0; ) {
    const tag = Reader.tag(end)
    if (tag === 0) failed(GROUP_ENDLESS, 0, position)
    if ((tag & 7) === 3) depth += 1
    else if ((tag & 7) === 4) depth -= 1
    else skipValue(tag, end)
  }
}
