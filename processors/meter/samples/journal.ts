/**
 * Samples of one host that came at the end of their series, as bytes, in the order in which they came. Most readings need no more
 * than that: their series are looked at once a minute, when a window is closed, and not for every record. The bytes are part
 * of the stored state as they are.
 */
import { MINUTE_NS, minuteOfParts, nsOfParts, TWO_32 } from './samples.ts'

/** A sample comes after a record's header. One that needs more takes the longer way. */
const SAFE = 2 ** 51
/** Bytes of a header and a sample at most. */
const LONGEST = 64
/** Stands where samples have the distance of their series, plus one. */
const HEADER = 0

/** What the journal notes about the record whose samples follow. */
export interface JournalHeader {
  /** The host's clock at the record, see host-clock.ts. */
  readonly clockMs: number
  /** Record time before the record. */
  readonly minute: number
  readonly ns: number
}

/** Hears what a journal holds. `index`: which series of the host, in order of key. */
export interface JournalReader {
  record(header: JournalHeader): void
  /** `rise`: from the value of the sample before it in the series. */
  sample(index: number, minute: number, ns: number, rise: number): void
}

const EMPTY = new Uint8Array(0)

/** The journal of one host. */
export class SampleJournal {
  #bytes = EMPTY
  #length = 0
  /** Up to here the series have the samples. */
  #settled = 0
  /** Samples that the series do not have. */
  count = 0
  #header: JournalHeader = { clockMs: 0, minute: 0, ns: 0 }
  #isOpen = false
  #index = 0
  #low = 0
  #high = 0

  /** All of it; valid until the next sample. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  get length(): number {
    return this.#length
  }

  /** What comes from now on is of another record. */
  begin(header: JournalHeader): void {
    this.#header = header
    this.#isOpen = false
  }

  /**
   * Adds a sample that is later than all of its series. Time as high and low 32 bits of nanoseconds. False: it is too far from
   * the others, and was not added.
   */
  push(index: number, low: number, high: number, rise: number): boolean {
    if (!(rise < SAFE && rise > -SAFE)) return false
    const spanNs = this.#isOpen
      ? (high - this.#high) * TWO_32 + ((low >>> 0) - (this.#low >>> 0))
      : this.#sinceHeader(low, high)
    if (!(spanNs < SAFE && spanNs > -SAFE)) return false
    if (this.#bytes.length - this.#length < LONGEST) this.#grow()
    if (!this.#isOpen) this.#open()
    const steps = index - this.#index - 1
    this.#uint(steps < 0 ? -steps * 2 : steps * 2 + 1)
    this.#signed(spanNs)
    this.#signed(rise)
    this.#index = index
    this.#low = low
    this.#high = high
    this.count += 1
    return true
  }

  /** Tells what the series do not have yet; they have it then. */
  settle(reader: JournalReader): void {
    if (this.#settled === this.#length) return
    new JournalBytes(this.#bytes, this.#settled, this.#length).read(reader)
    this.#settled = this.#length
    this.count = 0
  }

  /** Everything is in the series, and in what is encoded of them. */
  clear(): void {
    this.#length = 0
    this.#settled = 0
    this.count = 0
    this.#isOpen = false
  }

  /** Takes over stored bytes. @throws RangeError for what no journal wrote */
  load(bytes: Uint8Array, reader: JournalReader): void {
    this.#bytes = bytes.slice()
    this.#length = bytes.length
    this.settle(reader)
  }

  #sinceHeader(low: number, high: number): number {
    const { minute, ns } = this.#header
    const then = minuteOfParts(high, low)
    return (then - minute) * MINUTE_NS + nsOfParts(high, low, then) - ns
  }

  #open(): void {
    const { clockMs, minute, ns } = this.#header
    this.#uint(HEADER)
    this.#uint(clockMs)
    this.#signed(minute)
    this.#uint(ns)
    this.#isOpen = true
    this.#index = -1
  }

  #grow(): void {
    const larger = new Uint8Array(Math.max(2 * LONGEST, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }

  #signed(value: number): void {
    this.#uint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  #uint(value: number): void {
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    while (rest >= 0x10000000) {
      bytes[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    bytes[at++] = rest
    this.#length = at
  }
}

class JournalBytes {
  readonly #bytes: Uint8Array
  #at: number
  readonly #end: number

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
  }

  read(reader: JournalReader): void {
    let [minute, ns, index] = [0, 0, -1]
    while (this.#at < this.#end) {
      const code = this.#uint()
      if (code === HEADER) {
        const header = { clockMs: this.#uint(), minute: this.#signed(), ns: this.#uint() }
        reader.record(header)
        minute = header.minute
        ns = header.ns
        index = -1
        continue
      }
      index += 1 + ((code & 1) === 1 ? (code - 1) / 2 : -code / 2)
      ns += this.#signed()
      if (ns < 0 || ns >= MINUTE_NS) {
        const minutes = Math.floor(ns / MINUTE_NS)
        minute += minutes
        ns -= minutes * MINUTE_NS
      }
      reader.sample(index, minute, ns, this.#signed())
    }
  }

  #signed(): number {
    const value = this.#uint()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  #uint(): number {
    const bytes = this.#bytes
    let value = 0
    for (let weight = 1; ; weight *= 0x80) {
      if (this.#at >= this.#end) throw new RangeError('bytes end too early')
      const byte = bytes[this.#at++]!
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
    }
  }
}
