/**
 * Up to which offset the tables have the log: for each partition of the log, the offset after the last stored record.
 * Kept in the engine's folder, so that an older copy of it has matching offsets. Written after the insert and before
 * the offset is committed.
 */
import { join } from 'node:path'
import { SlotFile } from '../../runtime/slot-file.ts'

/** The position of the tables in one partition of the log. */
export interface StoredOffset {
  /** Origin of the last record; '' for records from before origins existed. */
  readonly origin: string
  readonly next: bigint
}

/** By `stream/partition`. */
export type StoredOffsets = ReadonlyMap<string, StoredOffset>

/** In the form of JSON files. */
export type StoredOffsetsJson = Readonly<Record<string, readonly [origin: string, next: string]>>

/** For files: `[origin, next]` by partition. */
export const storedToJson = (stored: StoredOffsets): StoredOffsetsJson =>
  Object.fromEntries([...stored].map(([place, { origin, next }]) => [place, [origin, `${next}`]]))

/** Reads what `storedToJson` wrote. @throws SyntaxError for an offset that is not an integer */
export const storedFromJson = (json: StoredOffsetsJson): StoredOffsets =>
  new Map(Object.entries(json).map(([place, [origin, next]]) => [place, { origin, next: BigInt(next) }]))

/** Slot that marks the file as complete: every partition with stored records has a slot. */
const COMPLETE = 'complete'

const FILE = 'wattline.stored'
/** Written when there is no origin, since a slot has no empty fields. */
const NO_ORIGIN = '-'

/** Null: they were not recorded yet. */
export function readStoredOffsets(enginePath: string): StoredOffsets | null {
  const slots = SlotFile.read(join(enginePath, FILE))
  if (slots === null || !slots.has(COMPLETE)) return null
  const found = new Map<string, StoredOffset>()
  for (const [place, text] of slots) {
    const stored = parseStored(text)
    if (stored !== null) found.set(place, stored)
  }
  return found
}

function parseStored(text: string): StoredOffset | null {
  const [origin, next] = text.split(' ')
  if (origin === undefined || next === undefined || !/^\d+$/.test(next)) return null
  return { origin: origin === NO_ORIGIN ? '' : origin, next: BigInt(next) }
}

/** Changes some of them while the file is not open elsewhere. */
export function moveStoredOffsets(enginePath: string, moved: StoredOffsets): void {
  if (moved.size === 0) return
  const file = new StoredOffsetsFile(enginePath)
  for (const [place, stored] of moved) file.set(place, stored)
  file.close()
}

/** The file in the engine's folder. Each `set` is one write in place and is not synced. */
export class StoredOffsetsFile {
  readonly #slots: SlotFile

  constructor(enginePath: string) {
    const path = join(enginePath, FILE)
    this.#slots = SlotFile.create(path, SlotFile.read(path) ?? [])
  }

  set(place: string, { origin, next }: StoredOffset): void {
    this.#slots.set(place, `${origin === '' ? NO_ORIGIN : origin} ${next}`)
  }

  get(place: string): StoredOffset | null {
    const text = this.#slots.get(place)
    return text === undefined ? null : parseStored(text)
  }

  /** From now on, a partition without a slot has no stored records. */
  complete(): void {
    if (this.#slots.get(COMPLETE) === undefined) this.#slots.set(COMPLETE, '1')
  }

  isComplete(): boolean {
    return this.#slots.get(COMPLETE) !== undefined
  }

  close(): void {
    this.#slots.close()
  }
}
