/**
 * How old rows are when they become visible to queries, by stream. Times stand inside the records, which `store` never
 * opens: so it looks into some of them, and no more often than a hundredth of a core allows. While traffic is thin that is
 * every record; under load some of many alike.
 */
import type { readColumn } from '../../core/columns/record-reader.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import { timeColumnOf, timeMs } from '../../core/model/streams/time.ts'
import { Histogram } from '../../core/runtime/histogram.ts'
import type { RowAgeSamples } from '../../core/runtime/row-ages.ts'

/** Seconds. */
const AGE_BOUNDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3_600, 21_600, 86_400]
/** A look is followed by a pause of this many times its duration. */
const REST = 100

interface ObservedAges {
  readonly ages: Histogram
  newestMs: number
  /** Monotonic time of the next look. */
  nextMs: number
}

interface RowAgesClock {
  /** Wall clock, unix milliseconds. */
  readonly now: () => number
  /** Milliseconds that only rise. */
  readonly monotonic: () => number
}

/** Histograms of row ages by stream, for `/metrics`. */
export class RowAges {
  readonly #clock: RowAgesClock
  readonly #streams = new Map<string, ObservedAges>()

  constructor(clock: RowAgesClock = { now: Date.now, monotonic: () => performance.now() }) {
    this.#clock = clock
  }

  /**
   * Called when the rows of a record have become visible. Never throws: a record that does not decode tells nothing.
   * @param read reads a column of the record: what it needs is loaded in processes that store records
   */
  stored(stream: StreamDeclaration, record: Uint8Array, read: typeof readColumn): void {
    const begun = this.#clock.monotonic()
    const seen = this.#of(stream.name)
    if (begun < seen.nextMs) return
    this.#look(stream, record, seen, read)
    const ended = this.#clock.monotonic()
    seen.nextMs = ended + (ended - begun) * REST
  }

  samples(): RowAgeSamples {
    const looked = [...this.#streams].filter(([, { newestMs }]) => newestMs > Number.NEGATIVE_INFINITY)
    return new Map(
      looked.map(([stream, { ages, newestMs }]) => [
        stream,
        { ages: ages.samples(), newestSeconds: newestMs / 1000 },
      ]),
    )
  }

  #look(stream: StreamDeclaration, record: Uint8Array, seen: ObservedAges, read: typeof readColumn): void {
    const column = timeColumnOf(stream)
    if (column === undefined) return
    const nowMs = this.#clock.now()
    try {
      const times = read(stream, record, column.name)
      for (let row = 0; row < times.length; row++) {
        const eventMs = timeMs(column, times.get(row) as bigint | number)
        // Clocks differ: what comes from the future is new.
        seen.ages.observe(Math.max(0, nowMs - eventMs) / 1000)
        if (eventMs > seen.newestMs) seen.newestMs = eventMs
      }
    } catch {
      // It is in the table, by the engine's own judgement.
    }
  }

  #of(stream: string): ObservedAges {
    let seen = this.#streams.get(stream)
    if (seen === undefined) {
      seen = { ages: new Histogram(AGE_BOUNDS), newestMs: Number.NEGATIVE_INFINITY, nextMs: 0 }
      this.#streams.set(stream, seen)
    }
    return seen
  }
}
