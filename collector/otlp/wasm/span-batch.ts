// Made by `npm run wasm` (collector/otlp/codegen). Change what it is made from.
import { Ids, newIds, newPairs, newTexts, Pairs, Texts } from './columns'
import { Dictionary, newDictionary } from './interner'
import { Block, zeroed } from './memory'

/** Dictionaries of a batch, in the order of its columns: fields of marks. */
export const DICTIONARIES: u32 = 16

/** The columns of spans that become one record (core/model/streams/traces.ts). */
@unmanaged
export class SpanBatch {
  rows: u32
  rowCapacity: u32
  events: u32
  links: u32
  tenant: Dictionary
  timestamp: Block
  traceId: Ids
  spanId: Ids
  parentSpanId: Ids
  traceState: Texts
  spanName: Dictionary
  spanKind: Dictionary
  serviceName: Dictionary
  resourceAttributes: Pairs
  scopeName: Dictionary
  scopeVersion: Dictionary
  spanAttributes: Pairs
  duration: Block
  statusCode: Dictionary
  statusMessage: Texts
  droppedAttributesCount: Block
  /** Where the events of each row begin. */
  eventsOffsets: Block
  eventsTimestamp: Block
  eventsName: Dictionary
  eventsAttributes: Pairs
  /** Where the links of each row begin. */
  linksOffsets: Block
  linksTraceId: Ids
  linksSpanId: Ids
  linksTraceState: Texts
  linksAttributes: Pairs

  /** The dictionary at `index` of DICTIONARIES. */
  dictionary(index: u32): Dictionary {
    switch (index) {
      case 0:
        return this.tenant
      case 1:
        return this.spanName
      case 2:
        return this.spanKind
      case 3:
        return this.serviceName
      case 4:
        return this.resourceAttributes.keys
      case 5:
        return this.resourceAttributes.values
      case 6:
        return this.scopeName
      case 7:
        return this.scopeVersion
      case 8:
        return this.spanAttributes.keys
      case 9:
        return this.spanAttributes.values
      case 10:
        return this.statusCode
      case 11:
        return this.eventsName
      case 12:
        return this.eventsAttributes.keys
      case 13:
        return this.eventsAttributes.values
      case 14:
        return this.linksAttributes.keys
      default:
        return this.linksAttributes.values
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
    this.tenant.reserveEntries(rows)
    this.spanName.reserveEntries(rows)
    this.spanKind.reserveEntries(rows)
    this.serviceName.reserveEntries(rows)
    this.statusCode.reserveEntries(rows)
    this.timestamp.reserve(rows << 3)
    this.duration.reserve(rows << 3)
    this.droppedAttributesCount.reserve(rows << 2)
    this.traceId.reserve(rows)
    this.spanId.reserve(rows)
    this.parentSpanId.reserve(rows)
    this.traceState.reserve(rows)
    this.scopeName.reserveEntries(rows)
    this.scopeVersion.reserveEntries(rows)
    this.statusMessage.reserve(rows)
    this.resourceAttributes.reserve(rows)
    this.spanAttributes.reserve(rows)
    this.eventsOffsets.reserve((rows + 1) << 2)
    this.linksOffsets.reserve((rows + 1) << 2)
  }

  /** Ends the row whose columns are complete. */
  @inline
  endRow(): void {
    this.rows += 1
    store<u32>(this.eventsOffsets.at + ((<usize>this.rows) << 2), this.events)
    store<u32>(this.linksOffsets.at + ((<usize>this.rows) << 2), this.links)
  }

  /** Drops all rows from `rows` on, and what was begun of the next. */
  truncate(rows: u32): void {
    if (rows < this.rows) this.rows = rows
    const kept = this.rows
    this.events = load<u32>(this.eventsOffsets.at + ((<usize>kept) << 2))
    this.links = load<u32>(this.linksOffsets.at + ((<usize>kept) << 2))
    this.tenant.count = kept
    this.spanName.count = kept
    this.spanKind.count = kept
    this.serviceName.count = kept
    this.statusCode.count = kept
    this.traceId.truncate(kept)
    this.spanId.truncate(kept)
    this.parentSpanId.truncate(kept)
    this.traceState.truncate(kept)
    this.scopeName.count = kept
    this.scopeVersion.count = kept
    this.statusMessage.truncate(kept)
    this.resourceAttributes.truncate(kept)
    this.spanAttributes.truncate(kept)
    this.eventsName.count = this.events
    this.eventsAttributes.truncate(this.events)
    this.linksTraceId.truncate(this.links)
    this.linksSpanId.truncate(this.links)
    this.linksTraceState.truncate(this.links)
    this.linksAttributes.truncate(this.links)
  }

  clear(): void {
    this.rows = 0
    // Some columns may give their memory back.
    this.rowCapacity = 0
    this.events = 0
    this.links = 0
    for (let index: u32 = 0; index < DICTIONARIES; index += 1) this.dictionary(index).clear()
    this.resourceAttributes.clear()
    this.spanAttributes.clear()
    this.eventsAttributes.clear()
    this.linksAttributes.clear()
    this.traceState.clear()
    this.statusMessage.clear()
    this.linksTraceState.clear()
    this.traceId.clear()
    this.spanId.clear()
    this.parentSpanId.clear()
    this.linksTraceId.clear()
    this.linksSpanId.clear()
    this.timestamp.retain()
    this.duration.retain()
    this.droppedAttributesCount.retain()
    this.eventsTimestamp.retain()
    this.eventsOffsets.retain()
    this.linksOffsets.retain()
    this.eventsOffsets.reserve(256)
    this.linksOffsets.reserve(256)
    store<u32>(this.eventsOffsets.at, 0)
    store<u32>(this.linksOffsets.at, 0)
  }

  destroy(): void {
    this.tenant.destroy()
    this.spanName.destroy()
    this.spanKind.destroy()
    this.serviceName.destroy()
    this.statusCode.destroy()
    this.eventsName.destroy()
    this.resourceAttributes.destroy()
    this.spanAttributes.destroy()
    this.eventsAttributes.destroy()
    this.linksAttributes.destroy()
    this.traceState.destroy()
    this.scopeName.destroy()
    this.scopeVersion.destroy()
    this.statusMessage.destroy()
    this.linksTraceState.destroy()
    this.traceId.destroy()
    this.spanId.destroy()
    this.parentSpanId.destroy()
    this.linksTraceId.destroy()
    this.linksSpanId.destroy()
    this.timestamp.destroy()
    this.duration.destroy()
    this.droppedAttributesCount.destroy()
    this.eventsTimestamp.destroy()
    this.eventsOffsets.destroy()
    this.linksOffsets.destroy()
    heap.free(changetype<usize>(this))
  }

  /** Bytes that the rows take. */
  byteSize(): f64 {
    const rows = <f64>this.rows
    const fixed = rows * 48 + <f64>this.events * 12
    const ids = this.traceId.byteSize() + this.spanId.byteSize() + this.parentSpanId.byteSize()
    const listed =
      this.linksTraceId.byteSize() + this.linksSpanId.byteSize() + this.linksTraceState.byteSize()
    const texts = this.traceState.byteSize() + this.statusMessage.byteSize()
    const pairs =
      this.resourceAttributes.byteSize() +
      this.spanAttributes.byteSize() +
      this.eventsAttributes.byteSize() +
      this.linksAttributes.byteSize()
    const words =
      this.tenant.byteSize() +
      this.spanName.byteSize() +
      this.spanKind.byteSize() +
      this.serviceName.byteSize() +
      this.scopeName.byteSize() +
      this.scopeVersion.byteSize() +
      this.statusCode.byteSize() +
      this.eventsName.byteSize()
    return fixed + ids + listed + texts + pairs + words
  }
}

/** An empty batch. Unmanaged: free it with `destroy`. */
export function newSpanBatch(): SpanBatch {
  const batch = changetype<SpanBatch>(zeroed(offsetof<SpanBatch>()))
  batch.tenant = newDictionary()
  batch.timestamp = Block.make()
  batch.traceId = newIds(16)
  batch.spanId = newIds(8)
  batch.parentSpanId = newIds(8)
  batch.traceState = newTexts()
  batch.spanName = newDictionary()
  batch.spanKind = newDictionary()
  batch.serviceName = newDictionary()
  batch.resourceAttributes = newPairs()
  batch.scopeName = newDictionary()
  batch.scopeVersion = newDictionary()
  batch.spanAttributes = newPairs()
  batch.duration = Block.make()
  batch.statusCode = newDictionary()
  batch.statusMessage = newTexts()
  batch.droppedAttributesCount = Block.make()
  batch.eventsOffsets = Block.make()
  batch.eventsTimestamp = Block.make()
  batch.eventsName = newDictionary()
  batch.eventsAttributes = newPairs()
  batch.linksOffsets = Block.make()
  batch.linksTraceId = newIds(16)
  batch.linksSpanId = newIds(8)
  batch.linksTraceState = newTexts()
  batch.linksAttributes = newPairs()
  batch.clear()
  return batch
}
