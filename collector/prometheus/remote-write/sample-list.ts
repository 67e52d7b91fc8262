import { grown } from '../../../core/columns/growable.ts'
import { type NanoParts, nanoParts } from '../nano-parts.ts'
import { UNUSUAL } from './series-key.ts'

const SAMPLE_TAG = 0x12
const VALUE_TAG = 0x09
const TIME_TAG = 0x10
const START_TAG = 0x18
const CONTINUED = 0x80
/** Bytes of a time of up to 2^49 ms; negative ones take more. */
const TIME_BYTES = 7
const INITIAL_SAMPLES = 16
/** Numbers of a sample in `words`. */
export const SAMPLE_WORDS = 6

interface TimeLimits {
  readonly earliestNano: number
  readonly latestNano: number
}

/** The samples of one series, read before any is stored; reused for the next series. */
export class SampleList {
  count = 0
  /** Of each sample: low and high word of value, time and start. Times are Unix nanoseconds, 0 for an unknown start. */
  words = new Int32Array(INITIAL_SAMPLES * SAMPLE_WORDS)
  readonly #limits: TimeLimits
  readonly #parts: NanoParts = { low: 0, high: 0 }
  readonly #start: NanoParts = { low: 0, high: 0 }
  /** Most samples have the time of the one before. */
  #timeMs = -1
  #ms = 0
  #at = 0

  constructor(limits: TimeLimits) {
    this.#limits = limits
  }

  /**
   * Reads the samples from `from` on; returns where they end. UNUSUAL: one is not in the form in which Prometheus' own encoder
   * writes it, or must be refused.
   */
  scan(bytes: Uint8Array, source: DataView, from: number, end: number): number {
    this.count = 0
    let at = from
    while (at < end && bytes[at] === SAMPLE_TAG) {
      const length = bytes[at + 1]!
      at += 2
      const stop = at + length
      if (!(length < CONTINUED && stop <= end) || !this.#sample(bytes, source, at, stop)) return UNUSUAL
      at = stop
    }
    return at
  }

  #sample(bytes: Uint8Array, source: DataView, from: number, stop: number): boolean {
    const into = this.count * SAMPLE_WORDS
    if (into === this.words.length) this.words = grown(this.words, into * 2)
    const { words } = this
    words[into] = words[into + 1] = words[into + 4] = words[into + 5] = 0
    this.#at = from
    // A value of 0 is left out.
    if (bytes[from] === VALUE_TAG && from + 9 <= stop) {
      words[into] = source.getInt32(from + 1, true)
      words[into + 1] = source.getInt32(from + 5, true)
      this.#at = from + 9
    }
    if (!this.#time(bytes, stop, TIME_TAG)) return false
    const ms = this.#ms
    if (ms !== this.#timeMs) {
      if (!this.#isAccepted(ms)) return false
      this.#timeMs = ms
      nanoParts(ms, this.#parts)
    }
    words[into + 2] = this.#parts.low
    words[into + 3] = this.#parts.high
    if (this.#at < stop) {
      if (!this.#time(bytes, stop, START_TAG)) return false
      nanoParts(this.#ms, this.#start)
      words[into + 4] = this.#start.low
      words[into + 5] = this.#start.high
    }
    this.count += 1
    return this.#at === stop
  }

  /** Reads a time in milliseconds into `#ms`. */
  #time(bytes: Uint8Array, stop: number, tag: number): boolean {
    let at = this.#at
    if (at >= stop || bytes[at] !== tag) return false
    let ms = 0
    let byte = CONTINUED
    for (let scale = 1, read = 0; byte >= CONTINUED; scale *= CONTINUED, read += 1) {
      at += 1
      if (at >= stop || read === TIME_BYTES) return false
      byte = bytes[at]!
      ms += (byte & 0x7f) * scale
    }
    this.#at = at + 1
    this.#ms = ms
    return true
  }

  /** As the reader of any form decides. */
  #isAccepted(ms: number): boolean {
    const nano = ms * 1e6
    return ms > 0 && nano >= this.#limits.earliestNano && nano <= this.#limits.latestNano
  }
}
