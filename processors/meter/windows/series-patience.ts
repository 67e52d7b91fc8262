/** How long a window waits for a meter: as its own beat says, so that one read every minute is not cut off by one read every 5 s. */
import { NS, nanoOf } from '../samples/samples.ts'
import type { Series } from '../samples/series.ts'

/** Samples that a series may leave out before the host's windows go on without it. */
const MISSED = 2

interface HostProgress {
  readonly latenessMs: number
  /** The host's clock, see host-clock.ts. */
  readonly clockMs: number
  /** The newest instant of the host that is trusted. */
  readonly front: bigint
}

/** Which series of a host have fallen silent, so that its windows go on without them. */
export class SeriesPatience {
  readonly #series: readonly Series[]
  readonly #progress: HostProgress
  readonly #beats = new Map<string, number>()
  #isHostLive: boolean | null = null

  constructor(series: readonly Series[], progress: HostProgress) {
    this.#series = series
    this.#progress = progress
  }

  /**
   * By the arrival of records, and, where they do not come as time passes, by record time: many minutes out of some store have
   * no other. `at`: its newest sample that is trusted.
   */
  isSilent(series: Series, at: number): boolean {
    const { clockMs, front } = this.#progress
    const mostMs = this.#mostMs(series)
    if (clockMs - series.heardMs > mostMs) return true
    if (this.#isLive(series)) return false
    const behind = front - nanoOf(series.samples[at]!, series.samples[at + NS]!)
    return Number(behind) / 1e6 > mostMs + series.lagSeconds * 1_000
  }

  /** A new one is what others of the host are. */
  #isLive({ isLive, everySeconds }: Series): boolean {
    if (isLive || everySeconds > 0) return isLive
    this.#isHostLive ??= this.#series.some(other => other.isLive)
    return this.#isHostLive
  }

  /** Without a beat of its own, the beat of others by the same source; else, of a live one, the longest that is trusted. */
  #mostMs(series: Series): number {
    const { everySeconds, identity, gapNs } = series
    const seconds = everySeconds > 0 ? everySeconds : this.#beatOf(identity.source)
    if (seconds > 0) return this.#progress.latenessMs + MISSED * seconds * 1000
    return this.#progress.latenessMs + (this.#isLive(series) ? gapNs / 1e6 : 0)
  }

  #beatOf(source: string): number {
    let beat = this.#beats.get(source)
    if (beat === undefined) {
      beat = 0
      for (const { identity, everySeconds } of this.#series) {
        if (everySeconds > beat && identity.source === source) beat = everySeconds
      }
      this.#beats.set(source, beat)
    }
    return beat
  }
}
