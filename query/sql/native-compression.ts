/**
 * ClickHouse's own compression of answers (`compress=1`), which its JDBC driver requests by default: blocks with a
 * checksum and LZ4 inside. In WebAssembly, since checksum and LZ4 work on 64-bit integers and unaligned words (wasm/;
 * `npm run wasm` compiles it).
 */
import { readFileSync } from 'node:fs'

interface BlocksModule {
  readonly memory: WebAssembly.Memory
  readonly CONTENT: WebAssembly.Global
  readonly CONTENT_MAX: WebAssembly.Global
  readonly BLOCK: WebAssembly.Global
  frame(size: number): number
}

let exports: BlocksModule | undefined

function load(): BlocksModule {
  const bytes = readFileSync(new URL('./wasm/blocks.wasm', import.meta.url))
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports as unknown as BlocksModule
}

/** Blocks of one chunk of an answer, each for up to 64 KiB. */
export function* compressedBlocks(chunk: Uint8Array): Generator<Uint8Array> {
  exports ??= load()
  const memory = new Uint8Array(exports.memory.buffer)
  const most: number = exports.CONTENT_MAX.value
  for (let at = 0; at < chunk.length; at += most) {
    const content = chunk.subarray(at, at + most)
    memory.set(content, exports.CONTENT.value)
    const start: number = exports.BLOCK.value
    yield memory.slice(start, start + exports.frame(content.length))
  }
}

/** An answer as compressed blocks; chunks are not joined, so a small chunk makes a small block. */
export async function* compressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield* compressedBlocks(chunk)
}
