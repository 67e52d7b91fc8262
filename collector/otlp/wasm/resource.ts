import { readAttribute } from './attributes'
import { Pairs } from './columns'
import { HeapBlock } from './memory'
import { RESOURCE } from './numbers'
import { Reader, skip } from './reader'
import { batch } from './request'
import { ResourceTag } from './tags'
import { keepResourceTypes } from './types'

/** The current resource: the ids of its attributes, which all its spans repeat. */

const resourceKeyIds: HeapBlock = HeapBlock.make()
const resourceValueIds: HeapBlock = HeapBlock.make()
let resourceCount: u32 = 0
/** Id of `service.name` in the column of service names. */
export let serviceId: u32 = 0

/** Forgets the attributes of the previous resource. */
export function beginResource(): void {
  resourceCount = 0
}

/** Adds the attributes of a Resource message to those of the current resource. */
export function readResource(end: usize): void {
  Reader.enter(RESOURCE)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === ResourceTag.attributes) {
      readAttribute(end, batch.resourceAttributes, resourceCount)
      resourceCount += 1
    } else skip(tag, end, 1 << (ResourceTag.attributes >>> 3))
  }
}

/** Removes the entries of the resource from the current row, to append them to many rows. */
export function takeResource(): void {
  const pairs = batch.resourceAttributes
  const from = pairs.pendingFrom()
  resourceCount = pairs.keys.count - from
  const bytes = resourceCount << 2
  resourceKeyIds.reserve(bytes)
  resourceValueIds.reserve(bytes)
  memory.copy(resourceKeyIds.at, pairs.keys.ids.at + ((<usize>from) << 2), bytes)
  memory.copy(resourceValueIds.at, pairs.values.ids.at + ((<usize>from) << 2), bytes)
  keepResourceTypes(pairs)
  pairs.truncate(pairs.count)
  serviceId = serviceIn(pairs)
}

/** The id of the service named `service.name`; that of '' when the resource has none. */
function serviceIn(pairs: Pairs): u32 {
  const keys = pairs.keys
  const values = pairs.values
  for (let at: u32 = 0; at < resourceCount; at += 1) {
    const keyId = load<u32>(resourceKeyIds.at + ((<usize>at) << 2))
    const from = load<u32>(keys.offsets.at + ((<usize>keyId) << 2))
    if (load<u32>(keys.offsets.at + ((<usize>keyId) << 2), 4) - from !== 12) continue
    const key = keys.bytes.at + from
    // "service." and "name"
    if (load<u64>(key) !== 0x2e65636976726573 || load<u32>(key, 8) !== 0x656d616e) continue
    const valueId = load<u32>(resourceValueIds.at + ((<usize>at) << 2))
    const value = load<u32>(values.offsets.at + ((<usize>valueId) << 2))
    const length = load<u32>(values.offsets.at + ((<usize>valueId) << 2), 4) - value
    return batch.serviceName.find(values.bytes.at + value, length)
  }
  return batch.serviceName.internEmpty()
}

/** Appends the resource's entries again. */
export function writeResource(): void {
  const pairs = batch.resourceAttributes
  const keys = pairs.keys
  const values = pairs.values
  const bytes = resourceCount << 2
  const into = keys.count << 2
  pairs.reserveEntries(resourceCount)
  ResourceIds.copy(keys.ids.at + into, resourceKeyIds.at, bytes)
  ResourceIds.copy(values.ids.at + into, resourceValueIds.at, bytes)
  keys.count += resourceCount
  values.count += resourceCount
  pairs.endRow()
}

class ResourceIds {
  /**
   * Copies a few words, for which memory.copy is slow to start. Up to four bytes too many are copied into the padding.
   */
  @inline
  static copy(to: usize, from: usize, bytes: u32): void {
    for (let at: u32 = 0; at < bytes; at += 8) store<u64>(to + at, load<u64>(from + at))
  }
}
