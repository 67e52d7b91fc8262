/**
 * Guarantees: LZ4 frames and ClickHouse's blocks of other programs are read as these wrote them; what we write is read
 * back; damaged, cut and malicious input ends with a CodingError within its limit, whatever it is.
 */
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodingError, unpackLz4 } from '../../../query/codings/lz4-block.ts'
import { Lz4FrameStream, unframeLz4 } from '../../../query/codings/lz4-frame.ts'
import { compressedBlocks, decompressBlocks } from '../../../query/codings/native-blocks.ts'
import { cityHash128 } from '../../../query/codings/wasm-blocks.ts'
import { xxHash32 } from '../../../query/codings/xxhash32.ts'

const LIMIT = 1_048_576
const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64')
const text = (found: Uint8Array): string => Buffer.from(found).toString()

/** Made by lz4 4.4.5 for Python, of `TEXT`. */
const TEXT = 'SELECT 1 /* '.concat('wattline '.repeat(40), '*/')
const FRAMES = {
  'linked blocks, both checksums, content size':
    'BCJNGHxAdgEAAAAAAAD4IAAAAP8FU0VMRUNUIDEgLyogd2F0dGxpbmUJAP9LUG5lICovUFyMhAAAAADV0q0N',
  'one independent block': 'BCJNGGBAgiAAAAD/BVNFTEVDVCAxIC8qIHdhdHRsaW5lCQD/S1BuZSAqLwAAAAA=',
  'content that does not compress': 'BCJNGGhAEAAAAAAAAABlEAAAgDAxMjM0NTY3ODlhYmNkZWYAAAAA',
}

it.each(Object.entries(FRAMES))('reads a frame of the LZ4 library: %s', (name, frame) => {
  const expected = name.startsWith('content') ? '0123456789abcdef' : TEXT
  expect(text(unframeLz4(bytes(frame), LIMIT))).toBe(expected)
})

it('computes the hash as published', () => {
  expect(xxHash32(new Uint8Array())).toBe(0x02cc5d05)
  expect(xxHash32(Buffer.from('a'))).toBe(0x550d7456)
  expect(xxHash32(Buffer.from('Nobody inspects the spammish repetition'))).toBe(0xe2293b2f)
})

async function framed(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const stream = new Lz4FrameStream()
  for (const piece of pieces) stream.write(piece)
  stream.end()
  return Buffer.concat(await stream.toArray())
}

const content = fc.oneof(
  fc.uint8Array({ maxLength: 3_000 }),
  fc
    .array(fc.constantFrom('a', 'bc', '1234567890'), { maxLength: 3_000 })
    .map(words => Buffer.from(words.join(''))),
  fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) => Buffer.alloc(length, byte)),
)

describe('what we write', () => {
  it('is read back, as a frame and as blocks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { maxLength: 3 }), async pieces => {
        const whole = Buffer.concat(pieces)
        expect(whole.equals(unframeLz4(await framed(pieces), LIMIT))).toBe(true)
        const blocks = Buffer.concat(pieces.flatMap(piece => [...compressedBlocks(piece)]))
        expect(whole.equals(decompressBlocks(blocks, LIMIT))).toBe(true)
      }),
      { seed: 19, numRuns: 100 },
    )
  })

  it('is refused beyond the limit', async () => {
    const large = Buffer.alloc(300_000, 'x')
    expect(() => decompressBlocks(Buffer.concat([...compressedBlocks(large)]), 299_999)).toThrow(CodingError)
    const frame = await framed([large])
    expect(() => unframeLz4(frame, 299_999)).toThrow(CodingError)
    expect(unframeLz4(frame, 300_000).length).toBe(300_000)
  })
})

/** A block as a client would write it. */
function block(method: number, body: Uint8Array, size: number): Buffer {
  const framedBody = Buffer.alloc(9 + body.length)
  framedBody[0] = method
  framedBody.writeUInt32LE(framedBody.length, 1)
  framedBody.writeUInt32LE(size, 5)
  framedBody.set(body, 9)
  return Buffer.concat([cityHash128(framedBody), framedBody])
}

it('reads blocks in ZSTD and plain ones, larger than 64 KiB, too', () => {
  const large = Buffer.alloc(700_000, 'SELECT ')
  const blocks = Buffer.concat([
    block(0x90, zstdCompressSync(large), large.length),
    block(0x02, Buffer.from('1'), 1),
  ])
  expect(text(decompressBlocks(blocks, LIMIT))).toBe(`${large}1`)
  expect(() => decompressBlocks(block(0x91, Buffer.from('1'), 1), LIMIT)).toThrow(/LZ4, ZSTD or NONE/)
  expect(() => decompressBlocks(block(0x02, Buffer.from('12'), 1), LIMIT)).toThrow(/another size/)
  expect(() => decompressBlocks(block(0x90, zstdCompressSync(large), 10), LIMIT)).toThrow()
  expect(() => decompressBlocks(block(0x82, Buffer.from('1'), 4_000_000_000), LIMIT)).toThrow(/larger than/)
})

it('ends with an error, or with no more than the limit, for any input', async () => {
  const [first] = [...compressedBlocks(Buffer.alloc(2_000, 'wattline'))]
  const seeds = [
    first!,
    await framed([Buffer.alloc(2_000, 'wattline')]),
    bytes(FRAMES['one independent block']),
  ]
  const spoilt = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), fc.nat(40))
    .map(([seed, changes, cut]) => {
      const changed = Buffer.from(seed)
      for (const [at, value] of changes) changed[at % changed.length] = value
      return changed.subarray(0, changed.length - (cut % changed.length))
    })
  const limit = 10_000
  const outcome = (work: () => Uint8Array): number => {
    try {
      return work().length
    } catch (error) {
      expect(error).toBeInstanceOf(CodingError)
      return 0
    }
  }
  fc.assert(
    fc.property(fc.oneof(spoilt, fc.uint8Array({ maxLength: 200 })), input => {
      expect(outcome(() => unframeLz4(input, limit))).toBeLessThanOrEqual(limit)
      expect(outcome(() => decompressBlocks(input, limit))).toBeLessThanOrEqual(limit)
      const target = new Uint8Array(limit)
      const end = outcome(() => target.subarray(0, unpackLz4(input, { bytes: target, at: 0, from: 0 })))
      expect(end).toBeLessThanOrEqual(limit)
    }),
    { seed: 61, numRuns: 3_000 },
  )
})
