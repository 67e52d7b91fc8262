import { isUtf8 } from 'node:buffer'

/**
 * UTF-8 in byte ranges. Arrow and ClickHouse require valid text, but senders do not always send it: invalid bytes
 * become U+FFFD, as in the WHATWG decoder and Go's `range`, instead of costing the sender the whole request.
 */

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** The index of the first byte above 0x7f, or `end`. */
function firstNonAscii(source: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && source[at]! < 0x80) at += 1
  return at
}

/** Whether `[start, end)` is valid UTF-8. ASCII, the usual case, is checked without a native call. */
export function isValidUtf8(source: Uint8Array, start: number, end: number): boolean {
  const suspect = firstNonAscii(source, start, end)
  return suspect === end || isUtf8(source.subarray(suspect, end))
}

/** The range as a string; invalid bytes become U+FFFD. A leading byte order mark is kept. */
export function decodeUtf8(source: Uint8Array, start: number, end: number): string {
  return decoder.decode(source.subarray(start, end))
}

/** Valid UTF-8 for a range that may be invalid. */
export function repairedUtf8(source: Uint8Array, start: number, end: number): Uint8Array {
  return encoder.encode(decodeUtf8(source, start, end))
}

/** UTF-8 of a string; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/**
 * Writes UTF-8 into `target`, which must have space for three bytes per UTF-16 unit; returns the number of bytes
 * written.
 */
export function encodeUtf8Into(text: string, target: Uint8Array, at: number): number {
  return encoder.encodeInto(text, target.subarray(at)).written
}

/** The largest end with `end - start <= limit` that does not cut a character in two. */
export function cutUtf8(source: Uint8Array, start: number, end: number, limit: number): number {
  if (end - start <= limit) return end
  let cut = start + limit
  // A character has at most three continuation bytes; more than that is not UTF-8 and is repaired anyway.
  for (let back = 0; back < 3 && cut > start && (source[cut]! & 0xc0) === 0x80; back += 1) cut -= 1
  return cut
}
