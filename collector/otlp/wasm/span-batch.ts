import { Ids, newIds, newPairs, newTexts, Pairs, Texts } from './columns'
import { Dictionary, newDictionary } from './interner'
import { Block, zeroed } from './memory'

/** Dictionaries of a batch, in the order of its columns: fields of marks and descriptions. */
export const DICTIONARIES: u32 = 16

/** The columns of spans that become one record (core/model/streams/traces.ts). */
@unmanaged
export class SpanBatch {
  rows: u32
  rowCapacity: u32
  events: u32
  links: u32
  tenants: Dictionary
  timestamps: Block
  traceIds: Ids
  spanIds: Ids
  parentIds: Ids
  traceStates: Texts
  names: Dictionary
  kinds: Dictionary
  services: Dictionary
  resources: Pairs
  scopeNames: Dictionary
  scopeVersions: Dictionary
  attributes: Pairs
  durations: Block
  statuses: Dictionary
  statusMessages: Texts
  dropped: Block
  /** Offsets into events and links of each row. */
  eventOffsets: Block
  eventTimes: Block
  eventNames: Dictionary
  eventAttributes: Pairs
  linkOffsets: Block
  linkTraceIds: Ids
  linkSpanIds: Ids
  linkStates: Texts
  linkAttributes: Pairs

  /** The dictionary at `index` of DICTIONARIES. */
  dictionary(index: u32): Dictionary {
    switch (index) {
      case 0:
        return this.tenants
      case 1:
        return this.names
      case 2:
        return this.kinds
      case 3:
        return this.services
      case 4:
        return this.resources.keys
      case 5:
        return this.resources.values
      case 6:
        return this.scopeNames
      case 7:
        return this.scopeVersions
      case 8:
        return this.attributes.keys
      case 9:
        return this.attributes.values
      case 10:
        return this.statuses
      case 11:
        return this.eventNames
      case 12:
        return this.eventAttributes.keys
      case 13:
        return this.eventAttributes.values
      case 14:
        return this.linkAttributes.keys
      default:
        return this.linkAttributes.values
    }
  }

  /** Makes room for one more row in all columns that have a place a row. */
  @inline
  reserveRow(): void {
    if (this.rows >= this.rowCapacity) this.grow()
  }

  private grow(): void {
    const rows = max(this.rowCapacity * 2, 64)
    this.rowCapacity = rows
    this.tenants.reserveEntries(rows)
    this.names.reserveEntries(rows)
    this.kinds.reserveEntries(rows)
    this.services.reserveEntries(rows)
    this.statuses.reserveEntries(rows)
    this.timestamps.reserve(rows << 3)
    this.durations.reserve(rows << 3)
    this.dropped.reserve(rows << 2)
    this.traceIds.reserve(rows)
    this.spanIds.reserve(rows)
    this.parentIds.reserve(rows)
    this.traceStates.reserve(rows)
    this.scopeNames.reserveEntries(rows)
    this.scopeVersions.reserveEntries(rows)
    this.statusMessages.reserve(rows)
    this.resources.reserve(rows)
    this.attributes.reserve(rows)
    this.eventOffsets.reserve((rows + 1) << 2)
    this.linkOffsets.reserve((rows + 1) << 2)
  }

  /** Ends the row whose columns are complete. */
  @inline
  endRow(): void {
    this.rows += 1
    store<u32>(this.eventOffsets.at + ((<usize>this.rows) << 2), this.events)
    store<u32>(this.linkOffsets.at + ((<usize>this.rows) << 2), this.links)
  }

  /** Drops all rows from `rows` on, and what was begun of the next. */
  truncate(rows: u32): void {
    if (rows < this.rows) this.rows = rows
    const kept = this.rows
    this.events = load<u32>(this.eventOffsets.at + ((<usize>kept) << 2))
    this.links = load<u32>(this.linkOffsets.at + ((<usize>kept) << 2))
    this.tenants.count = kept
    this.names.count = kept
    this.kinds.count = kept
    this.services.count = kept
    this.statuses.count = kept
    this.traceIds.truncate(kept)
    this.spanIds.truncate(kept)
    this.parentIds.truncate(kept)
    this.traceStates.truncate(kept)
    this.scopeNames.count = kept
    this.scopeVersions.count = kept
    this.statusMessages.truncate(kept)
    this.resources.truncate(kept)
    this.attributes.truncate(kept)
    this.eventNames.count = this.events
    this.eventAttributes.truncate(this.events)
    this.linkTraceIds.truncate(this.links)
    this.linkSpanIds.truncate(this.links)
    this.linkStates.truncate(this.links)
    this.linkAttributes.truncate(this.links)
  }

  clear(): void {
    this.rows = 0
    // Some columns may give their memory back.
    this.rowCapacity = 0
    this.events = 0
    this.links = 0
    for (let index: u32 = 0; index < DICTIONARIES; index += 1) this.dictionary(index).clear()
    this.resources.clear()
    this.attributes.clear()
    this.eventAttributes.clear()
    this.linkAttributes.clear()
    this.traceStates.clear()
    this.statusMessages.clear()
    this.linkStates.clear()
    this.traceIds.clear()
    this.spanIds.clear()
    this.parentIds.clear()
    this.linkTraceIds.clear()
    this.linkSpanIds.clear()
    this.timestamps.retain()
    this.durations.retain()
    this.dropped.retain()
    this.eventTimes.retain()
    this.eventOffsets.retain()
    this.linkOffsets.retain()
    this.eventOffsets.reserve(256)
    this.linkOffsets.reserve(256)
    store<u32>(this.eventOffsets.at, 0)
    store<u32>(this.linkOffsets.at, 0)
  }

  destroy(): void {
    this.tenants.destroy()
    this.names.destroy()
    this.kinds.destroy()
    this.services.destroy()
    this.statuses.destroy()
    this.eventNames.destroy()
    this.resources.destroy()
    this.attributes.destroy()
    this.eventAttributes.destroy()
    this.linkAttributes.destroy()
    this.traceStates.destroy()
    this.scopeNames.destroy()
    this.scopeVersions.destroy()
    this.statusMessages.destroy()
    this.linkStates.destroy()
    this.traceIds.destroy()
    this.spanIds.destroy()
    this.parentIds.destroy()
    this.linkTraceIds.destroy()
    this.linkSpanIds.destroy()
    this.timestamps.destroy()
    this.durations.destroy()
    this.dropped.destroy()
    this.eventTimes.destroy()
    this.eventOffsets.destroy()
    this.linkOffsets.destroy()
    heap.free(changetype<usize>(this))
  }

  /** Bytes that the rows take. */
  byteSize(): f64 {
    const rows = <f64>this.rows
    const fixed = rows * (8 + 8 + 4 + 7 * 4) + <f64>this.events * (8 + 4)
    const ids = this.traceIds.byteSize() + this.spanIds.byteSize() + this.parentIds.byteSize()
    const linked = this.linkTraceIds.byteSize() + this.linkSpanIds.byteSize() + this.linkStates.byteSize()
    const texts = this.traceStates.byteSize() + this.statusMessages.byteSize()
    const pairs =
      this.resources.byteSize() +
      this.attributes.byteSize() +
      this.eventAttributes.byteSize() +
      this.linkAttributes.byteSize()
    const words =
      this.tenants.byteSize() +
      this.names.byteSize() +
      this.kinds.byteSize() +
      this.services.byteSize() +
      this.scopeNames.byteSize() +
      this.scopeVersions.byteSize() +
      this.statuses.byteSize() +
      this.eventNames.byteSize()
    return fixed + ids + linked + texts + pairs + words
  }
}

/** An empty batch. Unmanaged: free it with `destroy`. */
export function newSpanBatch(): SpanBatch {
  const batch = changetype<SpanBatch>(zeroed(offsetof<SpanBatch>()))
  batch.tenants = newDictionary()
  batch.timestamps = Block.make()
  batch.traceIds = newIds(16)
  batch.spanIds = newIds(8)
  batch.parentIds = newIds(8)
  batch.traceStates = newTexts()
  batch.names = newDictionary()
  batch.kinds = newDictionary()
  batch.services = newDictionary()
  batch.resources = newPairs()
  batch.scopeNames = newDictionary()
  batch.scopeVersions = newDictionary()
  batch.attributes = newPairs()
  batch.durations = Block.make()
  batch.statuses = newDictionary()
  batch.statusMessages = newTexts()
  batch.dropped = Block.make()
  batch.eventOffsets = Block.make()
  batch.eventTimes = Block.make()
  batch.eventNames = newDictionary()
  batch.eventAttributes = newPairs()
  batch.linkOffsets = Block.make()
  batch.linkTraceIds = newIds(16)
  batch.linkSpanIds = newIds(8)
  batch.linkStates = newTexts()
  batch.linkAttributes = newPairs()
  batch.clear()
  return batch
}
