/** Blocks of memory that double as they fill, and are reused: new pages cost more than filling them. */

/**
 * A block that grew beyond this is released when its record is finished: one huge request must not keep it for ever.
 */
const RETAINED_BYTES: u32 = 16_777_216
/** Space after each block, so that texts can be copied and compared eight bytes at a time. */
const PADDING: usize = 16

/** A growing block of memory outside the garbage collector. Growing it moves it. */
@unmanaged
export class HeapBlock {
  at: usize
  capacity: u32

  @inline
  static make(): HeapBlock {
    return changetype<HeapBlock>(zeroed(offsetof<HeapBlock>()))
  }

  @inline
  reserve(bytes: u32): void {
    if (bytes > this.capacity) grow(this, bytes)
  }

  /** Releases memory that is too large to keep. */
  retain(): void {
    if (this.capacity > RETAINED_BYTES) this.free()
  }

  free(): void {
    if (this.at !== 0) heap.free(this.at)
    this.at = 0
    this.capacity = 0
  }

  /** Releases everything, including itself. */
  destroy(): void {
    this.free()
    heap.free(changetype<usize>(this))
  }
}

function grow(block: HeapBlock, bytes: u32): void {
  const capacity = max(max(bytes, block.capacity * 2), 256)
  const size = (<usize>capacity + PADDING + 15) & ~15
  block.at = block.at === 0 ? heap.alloc(size) : heap.realloc(block.at, size)
  block.capacity = capacity
}

/** Zeroed memory for an object of this number of bytes. */
export function zeroed(bytes: usize): usize {
  const at = heap.alloc(bytes)
  memory.fill(at, 0, bytes)
  return at
}

/** Results of the host, and text that is assembled before it is interned. */
export const scratch: HeapBlock = HeapBlock.make()
