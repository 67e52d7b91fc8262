/**
 * Whether the tables have everything that was in the log at some moment: readings metered, energy rated, entries and spans
 * stored. A rule looks at a window only then, so that it does not see half of it.
 */
import type { Broker } from '../../core/broker/broker.ts'
import { energy, ledger, readings, traces } from '../../core/model/streams/index.ts'

/** In the order in which what one group writes is read by the next one. */
const STAGES = [
  [['meter', readings.name]],
  [['rate', energy.name]],
  [
    ['store', ledger.name],
    ['store', traces.name],
  ],
] as const

/** Goes through the stages, each from the end that its stream had when the stage before was done. */
export class Settling {
  readonly #broker: Pick<Broker, 'lag'>
  #stage = 0
  #ends: readonly (readonly bigint[])[] | null = null

  constructor(broker: Pick<Broker, 'lag'>) {
    this.#broker = broker
  }

  /** True once every stage is done; asked again and again until then. */
  async isDone(): Promise<boolean> {
    for (; this.#stage < STAGES.length; this.#stage += 1) {
      const lags = await Promise.all(
        (STAGES[this.#stage] ?? []).map(([group, stream]) => this.#broker.lag(group, stream)),
      )
      this.#ends ??= lags.map(partitions => partitions.map(({ end }) => end))
      const ends = this.#ends
      const isPast = lags.every((partitions, at) =>
        partitions.every(({ committed }, partition) => committed >= (ends[at]?.[partition] ?? 0n)),
      )
      if (!isPast) return false
      this.#ends = null
    }
    return true
  }
}
