/**
 * LZ4 and CityHash128 in WebAssembly, since both work on 64-bit integers and unaligned words (wasm/; `npm run wasm`
 * compiles it).
 */
import { readFileSync } from 'node:fs'

interface BlocksModule {
  readonly memory: WebAssembly.Memory
  readonly CONTENT: WebAssembly.Global
  readonly CONTENT_MAX: WebAssembly.Global
  readonly BLOCK: WebAssembly.Global
  readonly CHECKSUM: WebAssembly.Global
  frame(size: number): number
  pack(size: number): number
  checksum(size: number): void
}

let loaded: BlocksModule | undefined

function wasm(): BlocksModule {
  if (loaded !== undefined) return loaded
  const bytes = readFileSync(new URL('./wasm/blocks.wasm', import.meta.url))
  loaded = new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as unknown as BlocksModule
  return loaded
}

const PAGE_BYTES = 65_536
const CHECKSUM_BYTES = 16

/** Bytes of content that `frameBlock` and `packLz4` accept. */
export const BLOCK_CONTENT_MAX = 65_536

/** One block of ClickHouse's own compression: checksum, header, LZ4. */
export const frameBlock = (content: Uint8Array): Uint8Array => written(content, size => wasm().frame(size))

/** One bare LZ4 block. */
export const packLz4 = (content: Uint8Array): Uint8Array => written(content, size => wasm().pack(size))

function written(content: Uint8Array, work: (size: number) => number): Uint8Array {
  const { memory, CONTENT, BLOCK } = wasm()
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(content, CONTENT.value)
  const start: number = BLOCK.value
  return bytes.slice(start, start + work(content.length))
}

/** CityHash128 of version 1.0.2, low half first; the memory grows to the size of the content. */
export function cityHash128(content: Uint8Array): Uint8Array {
  const { memory, CONTENT, CHECKSUM, checksum } = wasm()
  const start: number = CONTENT.value
  const missing = start + content.length - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
  const bytes = new Uint8Array(memory.buffer)
  bytes.set(content, start)
  checksum(content.length)
  const at: number = CHECKSUM.value
  return bytes.slice(at, at + CHECKSUM_BYTES)
}
