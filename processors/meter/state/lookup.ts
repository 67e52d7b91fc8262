/**
 * From a row to its series without making a string of it. Texts are known by symbols, numbers that stand for the bytes;
 * and since senders repeat themselves, the row after this one is most likely the one that came after it last time: that
 * is looked at first, and costs comparing bytes. All of it can be thrown away at any time.
 */
import type { DictionaryView } from '../../../core/columns/column-views.ts'
import { Interner } from '../../../core/columns/interner.ts'
import type { RecordView } from '../../../core/columns/record-reader.ts'
import type { readings } from '../../../core/model/streams/index.ts'
import type { Series } from '../samples/series.ts'
import type { Capacity } from './budget.ts'
import type { HostState, HostStates, WorkloadLabels } from './host-state.ts'
import type { ZoneUpdater } from './host-zone.ts'

/** A record of stream `readings`, opened for reading by column. */
export type Readings = RecordView<typeof readings>

/** What a row says apart from its numbers, as symbols. */
export interface RowSymbols {
  readonly workloadId: number
  readonly workloadKind: number
  readonly quantity: number
  readonly domain: number
  readonly device: number
  readonly bootId: number
  readonly source: number
  readonly quality: number
}

/** Where rows with one combination of symbols lead: their series and their workload. */
export interface RowEntry {
  readonly symbols: RowSymbols
  /** Null: this quantity is not metered. */
  readonly series: Series | null
  /** False: the tenant had no capacity for it. The series, if any, belongs to no host, and the next row looks again. */
  readonly isKept: boolean
  /** Null: the host itself. */
  readonly workload: WorkloadLookup | null
  /** RangeMax of the last row: its high and low 32 bits. */
  rangeHigh: number
  rangeLow: number
  /** What came after it last time. */
  next: RowEntry | null
  /** Of rows of the host itself: symbols of the last row that had attributes, and the grid zone that it named, or ''. */
  said: number[] | null
  zone: string
}

/** Labels of a workload, and the row that brought them, for recognising a row that repeats them. */
export interface WorkloadLookup {
  readonly labels: WorkloadLabels
  /** Symbols of keys and values in the order of a row that said what `labels` say; null: none has yet. */
  said: number[] | null
  /** The grid zone of the host that these rows named, or ''. */
  saidZone: string
  /** The same of a row that was refused: for its time, or for saying less. */
  refused: number[] | null
  refusedZone: string
  isRefusedPoorer: boolean
}

/** One host's rows so far, and where the record in hand has got to. */
export interface HostLookup {
  readonly generation: number
  readonly state: HostState
  readonly entries: Map<string, RowEntry>
  readonly workloads: Map<string, WorkloadLookup>
  readonly zone: ZoneUpdater
  last: RowEntry | null
  /** What the record in hand may add to the host. */
  capacity: Capacity
  /** Record time, and the time of the host's name. */
  minute: number
  ns: number
  /** Record time before the record in hand, in seconds. */
  frontSeconds: number
  /** The newest instant that the record in hand tells of, be it ahead or not. */
  cameMinute: number
  cameNs: number
  nameMinute: number
  nameNs: number
  /** Whether the record in hand has a reading of it that is metered. */
  isHeard: boolean
  /** Id of the name in the record's dictionary; -1: not looked at yet. */
  nameId: number
}

/** Symbols kept beyond need: this many for each series, and `SPARE` in any case. */
const SPARE_PER_SERIES = 48
const SPARE = 65_536

/** Symbols of all texts of one meter. They are dropped when there are too many: texts of workloads that are gone cannot be told apart. */
export class TextSymbols {
  /** Shortcuts of another generation are worth nothing. */
  generation = 0
  readonly #texts = new Interner()
  #limit = SPARE

  /** To be called between records. */
  limit(states: HostStates): void {
    if (this.#texts.size < this.#limit) return
    let series = 0
    for (const state of states.values()) series += state.series.size
    this.#limit = SPARE + SPARE_PER_SERIES * series
    if (this.#texts.size < this.#limit) return
    this.#texts.clear()
    this.generation += 1
  }

  columnOf(view: DictionaryView): SymbolColumn {
    return new SymbolColumn(this.#texts, view)
  }
}

/** One column of one record: which symbol each of its texts is, found when a row first needs it. */
class SymbolColumn {
  readonly #texts: Interner
  readonly #ids: Int32Array
  /** Symbol + 1 by id of the record's dictionary; 0: not looked at yet. */
  readonly #symbols: Int32Array
  readonly #offsets: Int32Array
  /** All of the record, so that all columns share one source; offsets begin at `#start`. */
  readonly #source: Uint8Array
  readonly #start: number

  constructor(texts: Interner, { ids, dictionary }: DictionaryView) {
    this.#texts = texts
    this.#ids = ids
    this.#symbols = new Int32Array(dictionary.length)
    this.#offsets = dictionary.offsets
    this.#source = wholeOf(dictionary.bytes)
    this.#start = dictionary.bytes.byteOffset
  }

  /** The symbol of the text at `row` (for maps: of that entry). `guess`: a symbol that it may well be. */
  at(row: number, guess: number): number {
    const id = this.#ids[row]!
    const known = this.#symbols[id]!
    return known > 0 ? known - 1 : this.#find(id, guess)
  }

  #find(id: number, guess: number): number {
    const [from, to] = [this.#start + this.#offsets[id]!, this.#start + this.#offsets[id + 1]!]
    const symbol = this.#texts.internBytes(this.#source, from, to, guess < 0 ? undefined : guess)
    this.#symbols[id] = symbol + 1
    return symbol
  }
}

const wholes = new WeakMap<ArrayBufferLike, Uint8Array>()

/** The same view for all columns of a record: the interner looks at where bytes come from. */
function wholeOf({ buffer }: Uint8Array): Uint8Array {
  let whole = wholes.get(buffer)
  if (whole === undefined) {
    whole = new Uint8Array(buffer)
    wholes.set(buffer, whole)
  }
  return whole
}

/** Key of `HostLookup.entries`: the eight symbols of a row. */
export const entryKey = (symbols: RowSymbols): string =>
  [
    symbols.workloadId,
    symbols.workloadKind,
    symbols.quantity,
    symbols.domain,
    symbols.device,
    symbols.bootId,
    symbols.source,
    symbols.quality,
  ].join()
