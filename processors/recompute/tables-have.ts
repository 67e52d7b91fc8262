/** Waits until the tables hold everything that came before a moment, whichever way it takes through the log. */
import type { Broker } from '../../core/broker/broker.ts'
import { energy, lateReadings, ledger, readings } from '../../core/model/streams/index.ts'
import { RATE } from '../rate/processor.ts'
import { STORE } from '../store/token.ts'

type Ends = readonly (readonly [group: string, stream: string, ends: readonly bigint[]])[]

/** First what is read for it, and what is still rated; then what that has become. */
const STAGES = [
  [
    [STORE, readings.name],
    [STORE, lateReadings.name],
    [RATE, energy.name],
  ],
  [[STORE, ledger.name]],
] as const

/** What was in the log when this was made. */
export class TablesHave {
  readonly #broker: Pick<Broker, 'lag'>
  #stage = 0
  #ends: Ends | null = null

  constructor(broker: Pick<Broker, 'lag'>) {
    this.#broker = broker
  }

  /** Whether the tables have it all; to be asked again while they do not. */
  async all(): Promise<boolean> {
    for (let stage = STAGES[this.#stage]; stage !== undefined; stage = STAGES[this.#stage]) {
      this.#ends ??= await Promise.all(
        stage.map(async ([group, stream]) => {
          const lag = await this.#broker.lag(group, stream)
          return [group, stream, lag.map(({ end }) => end)] as const
        }),
      )
      for (const [group, stream, ends] of this.#ends) {
        const lag = await this.#broker.lag(group, stream)
        if (lag.some(({ committed }, partition) => committed < (ends[partition] ?? 0n))) return false
      }
      this.#stage += 1
      this.#ends = null
    }
    return true
  }
}
