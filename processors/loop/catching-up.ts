/**
 * Whether what was in the log at some moment has gone all the way into the tables. What one group writes is read by the next
 * one, so stages are waited for one after the other, each up to the end that its streams had when the stage before was done.
 */
import type { Broker } from '../../core/broker/broker.ts'

/** Groups and the streams that they must have read, in stages. */
export type CatchUpStages = readonly (readonly (readonly [group: string, stream: string])[])[]

/** Asked again and again until no group is behind; the moment is that of the first question. */
export class CatchingUp {
  readonly #broker: Pick<Broker, 'lag'>
  readonly #stages: CatchUpStages
  #stage = 0
  #ends: readonly (readonly bigint[])[] | null = null

  constructor(broker: Pick<Broker, 'lag'>, stages: CatchUpStages) {
    this.#broker = broker
    this.#stages = stages
  }

  /** Null: all of it has been read. Otherwise who is behind, in words. */
  async behind(): Promise<string | null> {
    for (let stage = this.#stages[this.#stage]; stage !== undefined; stage = this.#stages[this.#stage]) {
      const lags = await Promise.all(stage.map(([group, stream]) => this.#broker.lag(group, stream)))
      this.#ends ??= lags.map(partitions => partitions.map(({ end }) => end))
      for (const [index, [group, stream]] of stage.entries()) {
        const left = leftOf(lags[index] ?? [], this.#ends[index] ?? [])
        if (left > 0n) return `${group} has ${left} records of ${stream} still to read`
      }
      this.#stage += 1
      this.#ends = null
    }
    return null
  }

  async isDone(): Promise<boolean> {
    return (await this.behind()) === null
  }
}

const leftOf = (lag: Awaited<ReturnType<Broker['lag']>>, ends: readonly bigint[]): bigint =>
  lag.reduce((sum, { committed }, partition) => {
    const end = ends[partition] ?? 0n
    return committed < end ? sum + (end - committed) : sum
  }, 0n)
