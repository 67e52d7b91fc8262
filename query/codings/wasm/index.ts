// One block of ClickHouse's own compression: checksum (CityHash128 of version 1.0.2, over everything that follows it),
// method, size including the header, size of the content, and the content as an LZ4 block.
import { writeCityHash128 } from './city-hash'
import { compress } from './lz4'

const CHECKSUM_BYTES: u32 = 16
const HEADER_BYTES: u32 = 9
const METHOD_LZ4: u8 = 0x82

/** The compressor's hash table takes 16 KiB; content and block come after it. */
const TABLE: usize = 1024
/** Where the host writes the content, in bytes from the start of memory. */
export const CONTENT: i32 = 32768
/** Bytes of content that one block holds. */
export const CONTENT_MAX: i32 = 65536
/** Content that does not compress grows by a 255th and 16 bytes. */
export const BLOCK: i32 = 32768 + 65536

/** Frames `size` bytes at CONTENT into a block at BLOCK; returns its length. */
export function frame(size: u32): u32 {
  const body = <usize>BLOCK + CHECKSUM_BYTES
  const length = compress(<usize>CONTENT, size, body + HEADER_BYTES, TABLE)
  store<u8>(body, METHOD_LZ4)
  store<u32>(body, length + HEADER_BYTES, 1)
  store<u32>(body, size, 5)
  writeCityHash128(body, length + HEADER_BYTES, <usize>BLOCK)
  return CHECKSUM_BYTES + HEADER_BYTES + length
}

/** Writes `size` bytes at CONTENT as a bare LZ4 block to BLOCK; returns its length. */
export function pack(size: u32): u32 {
  return compress(<usize>CONTENT, size, <usize>BLOCK, TABLE)
}

/** Writes the checksum of `size` bytes at CONTENT, as many as the memory holds, to the start of TABLE. */
export function checksum(size: u32): void {
  writeCityHash128(<usize>CONTENT, size, TABLE)
}

/** Where `checksum` writes. */
export const CHECKSUM: i32 = 1024
