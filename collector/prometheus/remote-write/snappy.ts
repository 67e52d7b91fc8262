import { WattlineError } from '../../../core/catalogue/errors/errors.ts'

/**
 * Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt): a length, then literals
 * and copies of earlier output. Implemented here, since every step is then bounds-checked, the caller provides the
 * memory, and a native package is not faster for bodies of this size (docs/adr/0023-series-as-otlp.md).
 */

const LITERAL = 0
const COPY_1 = 1
const COPY_2 = 2
/** Three bytes expand to at most 64: a block that claims more is not snappy. */
const MAX_EXPANSION = 22
/** From this length on, the runtime's own copy is faster than a loop. */
const BLOCK_BYTES = 32

/** The preamble of a Snappy block. */
export interface SnappyHeader {
  readonly decodedBytes: number
  /** End of the header. */
  readonly start: number
}

/** Reads the length of the decoded block. Throws `body_undecodable`. */
export function snappyHeader(source: Uint8Array): SnappyHeader {
  let decodedBytes = 0
  for (let at = 0, scale = 1; at < 5; at += 1, scale *= 0x80) {
    const byte = source[at]
    if (byte === undefined) throw broken('its length is truncated')
    decodedBytes += (byte & 0x7f) * scale
    if (byte >= 0x80) continue
    if (decodedBytes > source.length * MAX_EXPANSION) throw broken('it is too short for the length it claims')
    return { decodedBytes, start: at + 1 }
  }
  throw broken('its length is not a 32-bit number')
}

/** Decodes a block into the first `header.decodedBytes` of `target`. Throws `body_undecodable`. */
export function unsnap(source: Uint8Array, { decodedBytes, start }: SnappyHeader, target: Uint8Array): void {
  const end = source.length
  let from = start
  let to = 0
  while (from < end) {
    const tag = source[from]!
    from += 1
    const kind = tag & 3
    let length = (tag >>> 2) + 1
    if (kind === LITERAL) {
      if (length > 60) {
        const bytes = length - 60
        length = littleEndian(source, from, bytes) + 1
        from += bytes
      }
      if (from + length > end || to + length > decodedBytes) throw broken('a literal reaches beyond the end')
      if (length >= BLOCK_BYTES) target.set(source.subarray(from, from + length), to)
      else for (let at = 0; at < length; at += 1) target[to + at] = source[from + at]!
      from += length
      to += length
      continue
    }
    let offset: number
    if (kind === COPY_1) {
      length = ((tag >>> 2) & 7) + 4
      offset = ((tag >>> 5) << 8) | littleEndian(source, from, 1)
      from += 1
    } else {
      const bytes = kind === COPY_2 ? 2 : 4
      offset = littleEndian(source, from, bytes)
      from += bytes
    }
    if (offset === 0 || offset > to || to + length > decodedBytes)
      throw broken('a copy reaches out of bounds')
    // A copy may read what it has just written, which repeats it.
    if (length >= BLOCK_BYTES && offset >= length) target.copyWithin(to, to - offset, to - offset + length)
    else for (let at = 0; at < length; at += 1) target[to + at] = target[to - offset + at]!
    to += length
  }
  if (to !== decodedBytes) throw broken('it ends before its length')
}

function littleEndian(source: Uint8Array, at: number, bytes: number): number {
  if (at + bytes > source.length) throw broken('a tag is truncated')
  let value = source[at]!
  if (bytes > 1) value |= source[at + 1]! << 8
  if (bytes > 2) value |= source[at + 2]! << 16
  if (bytes > 3) value |= source[at + 3]! << 24
  return value >>> 0
}

const broken = (what: string): WattlineError =>
  new WattlineError('body_undecodable', `The body is not in snappy block format: ${what}.`)
