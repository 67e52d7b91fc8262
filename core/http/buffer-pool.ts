/**
 * Reuses buffers for request bodies. New large buffers for every request would make the garbage collector run several
 * times a second (external memory), and would cost a page fault per 4 KiB.
 */
export interface BufferPool {
  /** A buffer of at least this many bytes, with arbitrary content. */
  acquire(bytes: number): Buffer
  /** Returns a buffer from `acquire`; no view of it may be kept. */
  release(buffer: Buffer): void
  readonly idleBytes: number
}

const SMALLEST_BYTES = 16 * 1024

/** Keeps at most `maxIdleBytes` of unused buffers; sizes are powers of two. */
export function createBufferPool(maxIdleBytes = 32 * 1024 * 1024): BufferPool {
  const idle = new Map<number, Buffer[]>()
  let idleBytes = 0
  return {
    get idleBytes() {
      return idleBytes
    },
    acquire(bytes) {
      const size = 2 ** Math.ceil(Math.log2(Math.max(bytes, SMALLEST_BYTES)))
      const kept = idle.get(size)?.pop()
      if (kept === undefined) return Buffer.allocUnsafeSlow(size)
      idleBytes -= size
      return kept
    },
    release(buffer) {
      if (idleBytes + buffer.length > maxIdleBytes) return
      const list = idle.get(buffer.length) ?? []
      idle.set(buffer.length, list)
      list.push(buffer)
      idleBytes += buffer.length
    },
  }
}
