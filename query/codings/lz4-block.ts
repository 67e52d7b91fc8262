/** Decodes LZ4's block format, bounded: reads and writes no byte outside what it is given. */

/** The block is damaged, or longer than the limit when decoded. */
export class CodingError extends Error {}

const MIN_MATCH = 4

/** A decoded block may refer to what was decoded before it in the same buffer. */
interface Target {
  readonly bytes: Uint8Array
  /** Where the block begins. */
  readonly at: number
  /** How far back it may refer: 0, or the start of this block. */
  readonly from: number
}

/** Decodes a block to the target; returns the end of what it wrote. @throws CodingError */
export function unpackLz4(block: Uint8Array, { bytes, at: start, from }: Target): number {
  let read = 0
  let at = start
  const longer = (part: number): number => {
    let sum = part
    for (let byte = 255; byte === 255; sum += byte) {
      if (read >= block.length) throw damaged()
      byte = block[read++]!
    }
    return sum
  }
  while (read < block.length) {
    const token = block[read++]!
    const literals = token >> 4 === 15 ? longer(15) : token >> 4
    if (read + literals > block.length) throw damaged()
    if (at + literals > bytes.length) throw tooLarge()
    bytes.set(block.subarray(read, read + literals), at)
    read += literals
    at += literals
    if (read === block.length) return at
    if (read + 2 > block.length) throw damaged()
    const offset = block[read]! | (block[read + 1]! << 8)
    read += 2
    if (offset === 0 || at - offset < from) throw damaged()
    const length = MIN_MATCH + ((token & 15) === 15 ? longer(15) : token & 15)
    if (at + length > bytes.length) throw tooLarge()
    copyBack(bytes, at, offset, length)
    at += length
  }
  return at
}

/** A match may overlap what it writes: then its bytes repeat. */
function copyBack(bytes: Uint8Array, at: number, offset: number, length: number): void {
  for (let done = 0; done < length; ) {
    // What was copied already extends the source, so that the piece doubles each time.
    const piece = Math.min(offset + done, length - done)
    bytes.copyWithin(at + done, at - offset, at - offset + piece)
    done += piece
  }
}

const damaged = (): CodingError => new CodingError('an LZ4 block is damaged')
const tooLarge = (): CodingError => new CodingError('an LZ4 block is larger than its limit when decoded')
