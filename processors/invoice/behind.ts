/** Whether the tables have all that the log has: what bills are made from must be complete. */
import type { Broker } from '../../core/broker/broker.ts'
import { billing, energy, ledger, readings } from '../../core/model/streams/index.ts'
import { STORE } from '../store/token.ts'

/** In the order in which what is measured becomes rows: what one has read is in the next one's stream. */
const STAGES = [
  { group: 'meter', stream: readings.name },
  { group: 'rate', stream: energy.name },
  { group: STORE, stream: ledger.name },
  { group: STORE, stream: billing.name },
] as const

/** Looks stage by stage, each for all that was in its stream when the one before had caught up. */
export class CatchingUp {
  readonly #lag: Broker['lag']
  #stage = 0
  #ends: readonly bigint[] | null = null

  constructor(broker: Pick<Broker, 'lag'>) {
    this.#lag = (group, stream) => broker.lag(group, stream)
  }

  /** Null: the tables have all that was in the log when this began. Otherwise who is behind, in words. */
  async behind(): Promise<string | null> {
    for (; this.#stage < STAGES.length; this.#stage += 1) {
      const { group, stream } = STAGES[this.#stage]!
      const lag = await this.#lag(group, stream)
      this.#ends ??= lag.map(({ end }) => end)
      const left = lag.reduce((sum, { committed }, at) => {
        const end = this.#ends?.[at] ?? 0n
        return committed < end ? sum + (end - committed) : sum
      }, 0n)
      if (left > 0n) return `${group} has ${left} records of ${stream} still to read`
      this.#ends = null
    }
    return null
  }
}
