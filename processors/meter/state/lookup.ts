/**
 * From a row to its series without making a string of it. Texts are known by symbols, numbers that stand for the bytes;
 * and since senders repeat themselves, the row after this one is most likely the one that came after it last time: that
 * is looked at first, and costs comparing bytes. All of it can be thrown away at any time.
 */
import type { DictionaryView, StringView } from '../../../core/columns/column-views.ts'
import { Interner } from '../../../core/columns/interner.ts'
import type { RecordView } from '../../../core/columns/record-reader.ts'
import type { readings } from '../../../core/model/streams/index.ts'
import { countOf, HIGH, LOW, NS, partsOf, STRIDE, splitNano } from '../samples/samples.ts'
import { MAX_SAMPLES, type Series } from '../samples/series.ts'
import type { Capacity } from './budget.ts'
import type { HostState, HostStates, WorkloadLabels } from './host-state.ts'
import { ZoneUpdater } from './host-zone.ts'
import { seriesInOrder } from './order.ts'

/** A record of stream `readings`, opened for reading by column. */
export type Readings = RecordView<typeof readings>

/** Where rows with one combination of symbols lead: their series and their workload. */
export interface RowEntry {
  /** Its place among the entries of its host; -1: it is not kept. */
  readonly at: number
  /** Null: this quantity is not metered. */
  readonly series: Series | null
  /** It is not metered, but says who a workload or host is. */
  readonly isIdentity: boolean
  /** False: the tenant had no capacity for it. The series, if any, belongs to no host, and the next row looks again. */
  readonly isKept: boolean
  /** Null: the host itself. */
  readonly workload: WorkloadLookup | null
  /** Of rows of the host itself: symbols of the last row that had attributes, and the grid zone that it named, or ''. */
  said: number[] | null
  zone: string
}

/** Labels of a workload, and the row that brought them, for recognising a row that repeats them. */
export interface WorkloadLookup {
  /** Its place among the workloads of its host. */
  readonly at: number
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

/** Numbers of an entry, one after the other: what nearly every row is compared with stands together in memory. */
export const ENTRY_STRIDE = 20
/** Symbols of the texts of its rows: of eight columns, see entry-finder.ts. */
export const SYMBOLS = 8
/** Entry of the row that came after it last time; -1: none did. */
export const NEXT = 8
/** RangeMax of the last row. */
export const RANGE_LOW = 9
export const RANGE_HIGH = 10
/** Time of the newest sample of its series; the high part may be `NO_END`. */
export const TIME_LOW = 11
export const TIME_HIGH = 12
/** Value of that sample. */
export const VALUE_LOW = 13
export const VALUE_HIGH = 14
/** How many samples the series can still take. */
export const CAN_TAKE = 15
/** Its `index`; `NOT_METERED`: there is none. */
export const SERIES = 16
/** Place of the workload in `HostLookup.workloads`; -1: the host itself. */
export const WORKLOAD = 17

/** Quantities that are passed over. */
export const NOT_METERED = -1

/** The end of the series has to be looked up. As a time it is later than any. */
export const NO_END = 0x7fff_ffff

/** One host's rows so far, and where the record in hand has got to. */
export class HostLookup {
  readonly generation: number
  readonly state: HostState
  readonly entries: RowEntry[] = []
  /** Entries by their symbols. */
  readonly known = new Map<string, RowEntry>()
  readonly workloads: WorkloadLookup[] = []
  /** Workloads by their keys. */
  readonly knownWorkloads = new Map<string, WorkloadLookup>()
  readonly zone: ZoneUpdater
  /** `ENTRY_STRIDE` numbers an entry. */
  numbers = new Int32Array(0)
  /** Entry of the last row; -1: none. */
  last = -1
  /** What the record in hand may add to the host. */
  capacity: Capacity = 'all'
  /** Whether the ends of series are all that matters: nothing waits for its time, and there is capacity. */
  isPlain = false
  /** Record time, and the time of the host's name. */
  minute = 0
  ns = 0
  /** Record time before the record in hand, in seconds. */
  frontSeconds = 0
  /** The newest instant that the record in hand tells of, be it ahead or not. */
  cameMinute = -1
  cameNs = 0
  nameMinute = 0
  nameNs = 0
  /** Whether the record in hand has a reading of it that is metered. */
  isHeard = false
  /** Id of the name in the record's dictionary; -1: not looked at yet. */
  nameId = -1
  /** Time of its last row in the record in hand that was not ahead of its arrival, as 32-bit parts, and split. */
  timeLow = 0
  timeHigh = NO_END
  timeMinute = 0
  timeNs = 0

  constructor(generation: number, state: HostState) {
    this.generation = generation
    this.state = state
    this.zone = new ZoneUpdater(state)
  }

  /** A record has rows of the host; its journal is told where the host stands. */
  begin(capacity: Capacity): void {
    const { state } = this
    this.capacity = capacity
    this.isPlain = !state.hasAhead && capacity !== 'least'
    ;[this.minute, this.ns] = splitNano(state.recordNano)
    ;[this.nameMinute, this.nameNs] = splitNano(state.hostNameNano)
    this.frontSeconds = this.minute * 60 + this.ns / 1e9
    this.cameMinute = -1
    this.cameNs = 0
    this.nameId = -1
    this.isHeard = false
    this.timeHigh = NO_END
    state.journal.begin({ clockMs: state.clockMs, minute: this.minute, ns: this.ns })
  }

  /** Adds an entry with these symbols. */
  add(symbols: ArrayLike<number>, entry: RowEntry): void {
    const from = entry.at * ENTRY_STRIDE
    if (from >= this.numbers.length) {
      const larger = new Int32Array(Math.max(2 * ENTRY_STRIDE, 2 * this.numbers.length))
      larger.set(this.numbers)
      this.numbers = larger
    }
    this.numbers.set(symbols, from)
    this.numbers[from + NEXT] = -1
    this.numbers[from + TIME_HIGH] = NO_END
    this.numbers[from + SERIES] = entry.series === null ? NOT_METERED : 0
    this.numbers[from + WORKLOAD] = entry.workload?.at ?? -1
    this.entries.push(entry)
    this.known.set(entryKey(symbols), entry)
  }

  /** The series may have changed. */
  forgetEnds(): void {
    const { numbers } = this
    const end = this.entries.length * ENTRY_STRIDE
    for (let at = TIME_HIGH; at < end; at += ENTRY_STRIDE) numbers[at] = NO_END
  }

  /** Looks up where the series of an entry ends. It stays unknown where there is no sample yet. */
  findEnd(at: number): void {
    const series = this.entries[at]!.series!
    const { samples } = series
    const last = samples.length - STRIDE
    if (last < 0) return
    const { numbers } = this
    const from = at * ENTRY_STRIDE
    const [low, high] = partsOf(samples[last]!, samples[last + NS]!)
    numbers[from + TIME_LOW] = low
    numbers[from + TIME_HIGH] = high
    numbers[from + VALUE_LOW] = samples[last + LOW]! | 0
    numbers[from + VALUE_HIGH] = samples[last + HIGH]!
    numbers[from + CAN_TAKE] = MAX_SAMPLES - countOf(samples)
    seriesInOrder(this.state)
    numbers[from + SERIES] = series.index
  }
}

/** Symbols kept beyond need: this many for each series, and `SPARE` in any case. */
const SPARE_PER_SERIES = 48
const SPARE = 65_536

/** The columns whose texts have symbols. */
export type SymbolColumnName =
  | 'WorkloadId'
  | 'WorkloadKind'
  | 'Quantity'
  | 'Domain'
  | 'Device'
  | 'BootId'
  | 'Source'
  | 'Quality'
  | 'keys'
  | 'values'

/**
 * Symbols of all texts of one meter, by column. They are dropped when there are too many: texts of workloads that are gone cannot be
 * told apart.
 */
export class TextSymbols {
  /** Shortcuts of another generation are worth nothing. */
  generation = 0
  readonly #texts = new Map<SymbolColumnName, Interner>()
  #limit = SPARE

  /** To be called between records. */
  limit(states: HostStates): void {
    if (this.#size() < this.#limit) return
    let series = 0
    for (const state of states.values()) series += state.series.size
    this.#limit = SPARE + SPARE_PER_SERIES * series
    if (this.#size() < this.#limit) return
    for (const texts of this.#texts.values()) texts.clear()
    this.generation += 1
  }

  columnOf(name: SymbolColumnName, view: DictionaryView): SymbolColumn {
    let texts = this.#texts.get(name)
    if (texts === undefined) {
      texts = new Interner()
      this.#texts.set(name, texts)
    }
    return new SymbolColumn(texts, view)
  }

  #size(): number {
    let size = 0
    for (const texts of this.#texts.values()) size += texts.size
    return size
  }
}

/** One column of one record: which symbol each of its texts is, found when a row first needs it. */
class SymbolColumn {
  readonly #texts: Interner
  readonly #ids: Int32Array
  /** Symbol + 1 by id of the record's dictionary; 0: not looked at yet. */
  readonly #symbols: Int32Array
  readonly #dictionary: StringView
  /** All of the record, so that all columns share one source; offsets begin at `#start`. */
  readonly #source: Uint8Array
  readonly #start: number

  constructor(texts: Interner, { ids, dictionary }: DictionaryView) {
    this.#texts = texts
    this.#ids = ids
    this.#symbols = new Int32Array(dictionary.length)
    this.#dictionary = dictionary
    this.#source = wholeOf(dictionary.bytes)
    this.#start = dictionary.bytes.byteOffset
  }

  /** The symbol of the text at `row` (for maps: of that entry). `guess`: a symbol that it may well be. */
  at(row: number, guess: number): number {
    const id = this.#ids[row]!
    const known = this.#symbols[id]!
    return known > 0 ? known - 1 : this.#find(id, guess)
  }

  /** Whether that is the symbol of the text at `row`. */
  is(row: number, symbol: number): boolean {
    const id = this.#ids[row]!
    const known = this.#symbols[id]!
    return (known > 0 ? known - 1 : this.#find(id, symbol)) === symbol
  }

  #find(id: number, guess: number): number {
    const run = guess < 0 ? 0 : this.#texts.runLength(guess, this.#dictionary, id)
    if (run > 0) {
      for (let at = 0; at < run; at++) this.#symbols[id + at] = guess + at + 1
      return guess
    }
    const { offsets } = this.#dictionary
    const [from, to] = [this.#start + offsets[id]!, this.#start + offsets[id + 1]!]
    const symbol = this.#texts.internBytes(this.#source, from, to)
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

/** Key of `HostLookup.known`: the eight symbols of a row. */
export const entryKey = (symbols: ArrayLike<number>): string => Array.prototype.join.call(symbols, ',')
