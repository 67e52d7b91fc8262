/**
 * Guarantees: blocks of ClickHouse's own compression contain the original, with the checksum that its clients compute,
 * for any content.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compressed, compressedBlocks } from '../../../query/codings/native-blocks.ts'

/** Checksums as clickhouse-jdbc 0.9.8 computes them over the same blocks, low half first. */
const rising = (length: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 7 + length) % 256))
it.each([
  [rising(5), '42f7eb45c4e89f58 3d17d7a2405a8367'],
  [Buffer.alloc(5, 'x'), '9776c28214fb6c29 445bd72f00e58965'],
  [rising(1000), 'ba50ed809a150b12 8b8488de4719f902'],
  [Buffer.from('abc,1234,def\n'.repeat(77).slice(0, 1000)), '0270f07bd50903f3 3633915ef3c04205'],
])('has the checksum of the clients', (content, checksum) => {
  const [block] = compressedBlocks(content)
  const bytes = Buffer.from(block ?? [])
  const half = (at: number): string => bytes.readBigUInt64LE(at).toString(16).padStart(16, '0')
  expect(`${half(0)} ${half(8)}`).toBe(checksum)
})

/** LZ4's block format, from its description. */
function unpack(block: Buffer): Buffer {
  const out: number[] = []
  let at = 0
  const length = (part: number): number => {
    let sum = part
    if (part === 15) for (let byte = 255; byte === 255; sum += byte) byte = block[at++]!
    return sum
  }
  while (at < block.length) {
    const token = block[at++]!
    const literals = length(token >> 4)
    for (let n = 0; n < literals; n++) out.push(block[at++]!)
    if (at === block.length) break
    const offset = block.readUInt16LE(at)
    at += 2
    const match = length(token & 15) + 4
    for (let n = 0; n < match; n++) out.push(out.at(-offset)!)
  }
  return Buffer.from(out)
}

function read(blocks: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < blocks.length; ) {
    expect(blocks[at + 16]).toBe(0x82)
    const length = blocks.readUInt32LE(at + 17)
    const piece = unpack(blocks.subarray(at + 25, at + 16 + length))
    expect(piece.length).toBe(blocks.readUInt32LE(at + 21))
    pieces.push(piece)
    at += 16 + length
  }
  return Buffer.concat(pieces)
}

it('returns the original bytes', () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 2_000 }),
    fc
      .array(fc.constantFrom('a', 'bc', '1234567890', '\t'), { maxLength: 2_000 })
      .map(words => Buffer.from(words.join(''))),
    fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) => Buffer.alloc(length, byte)),
  )
  fc.assert(
    fc.property(content, bytes => {
      expect(read(Buffer.concat([...compressedBlocks(bytes)])).equals(Buffer.from(bytes))).toBe(true)
    }),
    { seed: 32, numRuns: 100 },
  )
})

it('frames pieces of an answer as they arrive', async () => {
  async function* answer(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('1\n')
    yield Buffer.alloc(0)
    yield Buffer.alloc(100_000, '2')
  }
  const blocks: Uint8Array[] = []
  for await (const block of compressed(answer())) blocks.push(block)
  expect(blocks.length).toBe(3)
  expect(read(Buffer.concat(blocks)).toString()).toBe(`1\n${'2'.repeat(100_000)}`)
})
