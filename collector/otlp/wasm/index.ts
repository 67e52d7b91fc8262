/**
 * The span decoder as WebAssembly, and its columns. The host (../decode/span-engine.ts) writes a body to `bodyAt`,
 * calls `decode`, and finally reads the columns at the addresses that `describe` gives. One decoding at a time; many
 * batches.
 */
import { addCut, cutAttributes, limitAttributes } from './attributes'
import { readRequest } from './envelope'
import { beginDescription, body, described, marked } from './exchange'
import { hashKeys } from './interner'
import { scratch } from './memory'
import { begin } from './reader'
import { accepted, beginRequest, refused } from './request'
import { DICTIONARIES, newSpanBatch, SpanBatch } from './span-batch'
import { Description } from './span-description'

export { addCut }

/** Address of the keys that the host writes at start, so that senders cannot predict the interner's hashes. */
export function hashKeysAt(): usize {
  return hashKeys
}

/** A handle for the other functions; free it with `freeBatch`. */
export function createBatch(): SpanBatch {
  return newSpanBatch()
}

/** Frees the batch and its columns. */
export function freeBatch(batch: SpanBatch): void {
  batch.destroy()
}

/** Empties the batch; memory up to a limit is kept for the next rows. */
export function clearBatch(batch: SpanBatch): void {
  batch.clear()
}

/** Raw bytes of the columns, before compression. */
export function byteSizeOf(batch: SpanBatch): f64 {
  return batch.byteSize()
}

/** Space for a body, followed by the name of its tenant. */
export function bodyAt(bytes: u32): usize {
  body.retain()
  body.reserve(bytes)
  return body.at
}

/** Space for results of the host. */
export function scratchAt(bytes: u32): usize {
  scratch.reserve(bytes)
  return scratch.at
}

/** Decodes the body of `length` bytes, which is followed by the tenant's name, into the batch. */
export function decode(
  batch: SpanBatch,
  length: u32,
  tenantLength: u32,
  earliestNano: f64,
  latestNano: f64,
  mostAttributes: u32,
  mostBytes: u32,
  largestBytes: f64,
): u32 {
  limitAttributes(mostAttributes, mostBytes)
  begin(body.at)
  const end = body.at + length
  beginRequest(batch, end, tenantLength, earliestNano, latestNano, largestBytes)
  readRequest(end)
  return accepted
}

/** Attributes cut by the limits in the last request. */
export function cutCount(): u32 {
  return cutAttributes
}

/** Address of the numbers of rejected spans of the last request: one u32 per reason. */
export function refusedAt(): usize {
  return refused
}

/** Address where `mark` stores the position of the batch, and from which `rollback` restores it: 17 u32. */
export function markedAt(): usize {
  return marked
}

/** Stores the number of rows and the sizes of all dictionaries at `markedAt`. */
export function mark(batch: SpanBatch): void {
  store<u32>(marked, batch.rows)
  for (let index: u32 = 0; index < DICTIONARIES; index += 1) {
    store<u32>(marked + ((<usize>index) << 2), batch.dictionary(index).size, 4)
  }
}

/** Restores the batch to the position at `markedAt`. */
export function rollback(batch: SpanBatch): void {
  batch.truncate(load<u32>(marked))
  for (let index: u32 = 0; index < DICTIONARIES; index += 1) {
    batch.dictionary(index).truncate(load<u32>(marked + ((<usize>index) << 2), 4))
  }
}

/**
 * Address of a list of u32 with the contents and addresses of the columns, in the order in which the host reads it
 * (../decode/span-columns.ts). The batch accepts no more rows until it is cleared, because ids are narrowed as far as
 * possible.
 */
export function describe(batch: SpanBatch): usize {
  beginDescription()
  Description.tell(batch)
  return described.at
}
