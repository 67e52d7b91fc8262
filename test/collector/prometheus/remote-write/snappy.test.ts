// Guarantees: a snappy block from any encoder decodes to the original; a block with wrong lengths or references outside
// its bounds is refused, before memory is allocated for its claims.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { snappyHeader, unsnap } from '../../../../collector/prometheus/remote-write/snappy.ts'
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { snappy } from '../../../support/remote-write.ts'

function decoded(block: Uint8Array): Buffer {
  const header = snappyHeader(block)
  // Bytes beyond the length must stay unchanged.
  const target = Buffer.alloc(header.decodedBytes + 8, 0xee)
  unsnap(block, header, target)
  expect(target.subarray(header.decodedBytes)).toEqual(Buffer.alloc(8, 0xee))
  return target.subarray(0, header.decodedBytes)
}

it('returns what an independent encoder was given', () => {
  const repetitive = fc
    .array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 6 })
    .chain(words => fc.array(fc.constantFrom(...words), { maxLength: 300 }))
    .map(words => Buffer.concat(words))
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 5000 }), repetitive), bytes => {
      expect(decoded(snappy(bytes)).equals(Buffer.from(bytes))).toBe(true)
    }),
  )
  const large = Buffer.from('0123456789abcdef'.repeat(20_000) + 'x'.repeat(100_000))
  expect(decoded(snappy(large)).equals(large)).toBe(true)
})

it.each([
  { what: 'nothing', block: [0], is: '' },
  { what: 'a literal', block: [3, 0b1000, 97, 98, 99], is: 'abc' },
  { what: 'a literal whose length takes a byte', block: [3, 60 << 2, 2, 97, 98, 99], is: 'abc' },
  { what: 'a literal whose length takes four bytes', block: [3, 63 << 2, 2, 0, 0, 0, 97, 98, 99], is: 'abc' },
  { what: 'a run, by a copy of what it writes', block: [6, 0, 97, 0b101, 1], is: 'aaaaaa' },
  { what: 'a copy with an offset of two bytes', block: [5, 0b100, 97, 98, 0b1010, 2, 0], is: 'ababa' },
  { what: 'a copy with an offset of four bytes', block: [5, 0b100, 97, 98, 0b1011, 2, 0, 0, 0], is: 'ababa' },
])('reads $what', ({ block, is }) => {
  expect(decoded(Buffer.from(block)).toString()).toBe(is)
})

it.each([
  { what: 'nothing at all', block: [], says: 'its length is truncated' },
  { what: 'a length without an end', block: [0x80, 0x80, 0x80, 0x80, 0x80, 0], says: 'not a 32-bit number' },
  {
    what: 'a length that nothing could grow to',
    block: [0xff, 0xff, 0xff, 0x7f, 0],
    says: 'too short for the length',
  },
  { what: 'too little', block: [3, 0b100, 97, 98], says: 'it ends before its length' },
  { what: 'too much', block: [2, 0b1000, 97, 98, 99], says: 'a literal reaches beyond the end' },
  { what: 'a literal beyond the body', block: [3, 0b1000, 97], says: 'a literal reaches beyond the end' },
  {
    what: 'a literal of 4 GiB',
    block: [3, 63 << 2, 255, 255, 255, 255],
    says: 'a literal reaches beyond the end',
  },
  { what: 'a copy from before the start', block: [6, 0, 97, 0b101, 2], says: 'a copy reaches out of bounds' },
  { what: 'a copy of nowhere', block: [6, 0, 97, 0b101, 0], says: 'a copy reaches out of bounds' },
  { what: 'a copy beyond the length', block: [3, 0, 97, 0b101, 1], says: 'a copy reaches out of bounds' },
  { what: 'half a tag', block: [6, 0, 97, 0b110, 1], says: 'a tag is truncated' },
])('refuses $what', ({ block, says }) => {
  expect(() => decoded(Buffer.from(block))).toThrow(says)
})

it('throws only its own error for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      try {
        decoded(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(WattlineError)
        expect(error).toMatchObject({ code: 'body_undecodable' })
      }
    }),
    { numRuns: 2000 },
  )
})
