/** Intensities of this instance, for those who ask for them and those who put them in force. */
import type { Broker } from '../broker/broker.ts'
import type { Factor } from '../model/factor.ts'
import type { IntensityBook } from './intensity-book.ts'
import { IntensityFollower, putIntensities } from './intensity-log.ts'

/** Reads and writes the stream that holds this instance's intensities. */
export interface Intensities {
  /** All that is in the log, as of a second ago. */
  book(): Promise<IntensityBook>
  /** Puts values in force; resolves with the number of days that changed, once they are durable. */
  put(revised: readonly Factor[]): Promise<number>
}

/** @param configured holds in its zone whenever no dated value does */
export function createIntensities(
  broker: Pick<Broker, 'newest' | 'append' | 'lag'>,
  configured: Factor | null,
): Intensities {
  const follower = new IntensityFollower(broker, configured, () => performance.now())
  return {
    book: () => follower.follow(),
    put: revised => putIntensities(broker, revised, Date.now()),
  }
}
