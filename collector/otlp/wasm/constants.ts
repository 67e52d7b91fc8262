import { Dictionary } from './interner'
import { scratch } from './memory'
import { batch } from './request'

/**
 * Names of kinds and status codes as the OpenTelemetry Collector's ClickHouse exporter writes them; their ids by
 * number.
 */

const kindIds: usize = heap.alloc(6 << 2)
const statusIds: usize = heap.alloc(3 << 2)

/** Ids are valid for one request. */
export function forgetConstants(): void {
  memory.fill(kindIds, 0xff, 6 << 2)
  memory.fill(statusIds, 0xff, 3 << 2)
}

/** The id of the name of a kind, interned on first use; that of '' if there is no such kind. */
export function kindId(kind: u32): u32 {
  if (kind > 5) return batch.spanKind.internEmpty()
  const known = kindIds + ((<usize>kind) << 2)
  if (load<i32>(known) < 0) store<u32>(known, kindIdOf(kind))
  return load<u32>(known)
}

function kindIdOf(kind: u32): u32 {
  switch (kind) {
    case 0:
      return internLong(batch.spanKind, 0x6669636570736e55, 0x646569, 11) // Unspecified
    case 1:
      return batch.spanKind.internWord(0x6c616e7265746e49, 8) // Internal
    case 2:
      return batch.spanKind.internWord(0x726576726553, 6) // Server
    case 3:
      return batch.spanKind.internWord(0x746e65696c43, 6) // Client
    case 4:
      return batch.spanKind.internWord(0x72656375646f7250, 8) // Producer
    default:
      return batch.spanKind.internWord(0x72656d75736e6f43, 8) // Consumer
  }
}

function internLong(dictionary: Dictionary, word: u64, rest: u64, length: u32): u32 {
  scratch.reserve(16)
  store<u64>(scratch.at, word)
  store<u64>(scratch.at, rest, 8)
  return dictionary.find(scratch.at, length)
}

/** Id in the batch's dictionary of a status code's name; of '' for codes that OTLP does not define. */
export function statusId(code: u32): u32 {
  if (code > 2) return batch.statusCode.internEmpty()
  const known = statusIds + ((<usize>code) << 2)
  if (load<i32>(known) < 0) {
    const id =
      code === 0
        ? batch.statusCode.internWord(0x7465736e55, 5) // Unset
        : code === 1
          ? batch.statusCode.internWord(0x6b4f, 2) // Ok
          : batch.statusCode.internWord(0x726f727245, 5) // Error
    store<u32>(known, id)
  }
  return load<u32>(known)
}
