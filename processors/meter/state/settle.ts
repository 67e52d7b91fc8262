/**
 * Brings the samples of a host's journal into its series. To be called before anything reads or changes series, their samples or
 * which of them there are; ingest.ts alone goes on without, where nothing but the end of a series matters.
 */
import type { JournalHeader, JournalReader } from '../samples/journal.ts'
import { HIGH, LOW, STRIDE, TWO_32 } from '../samples/samples.ts'
import { heard, insertSample, MAX_SAMPLES, type Series } from '../samples/series.ts'
import type { HostState } from './host-state.ts'
import { seriesInOrder } from './order.ts'

/** Also discards what was encoded of the series, since they may change from now on. */
export function settle(state: HostState): void {
  const { journal } = state
  if (journal.count > 0) journal.settle(new Settling(seriesInOrder(state)))
  journal.clear()
  state.encoded = null
  state.lookup?.forgetEnds()
}

/** Does what ingest.ts would have done with each sample. */
export class Settling implements JournalReader {
  readonly #series: readonly Series[]
  #clockMs = 0
  #frontSeconds = 0

  constructor(series: readonly Series[]) {
    this.#series = series
  }

  record({ clockMs, minute, ns }: JournalHeader): void {
    this.#clockMs = clockMs
    this.#frontSeconds = minute * 60 + ns / 1e9
  }

  /** @throws RangeError where there is no such series, or nothing that the sample could rise from */
  sample(index: number, minute: number, ns: number, rise: number): void {
    const series = this.#series[index]
    const last = (series?.samples.length ?? 0) - STRIDE
    if (series === undefined || last < 0) throw new RangeError(`no samples of series ${index}`)
    const { samples } = series
    const low = samples[last + LOW]! + rise
    const carried = Math.floor(low / TWO_32)
    insertSample(series, minute, ns, samples[last + HIGH]! + carried, low - carried * TWO_32, MAX_SAMPLES)
    if (series.heardMs !== this.#clockMs)
      heard(series, this.#clockMs, this.#frontSeconds - (minute * 60 + ns / 1e9))
  }
}
