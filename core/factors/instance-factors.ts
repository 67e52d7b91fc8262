/** Factors of this instance, for those who ask for them and those who put them in force. */
import type { Broker } from '../broker/broker.ts'
import type { Factor } from '../model/factor.ts'
import type { PriceList } from '../model/prices/price-list.ts'
import type { SpotPrice } from '../model/prices/spot-price.ts'
import type { PriceListTerms } from '../model/prices/terms.ts'
import type { ConfiguredFactors } from './configured.ts'
import { type FileFactors, putFileFactors } from './file-factors.ts'
import { type FactorBooks, FactorFollower } from './follower.ts'
import { type EmbodiedFactor, endEmbodied, putEmbodied } from './hosts/embodied.ts'
import { type PueFactor, putPue } from './hosts/pue.ts'
import { putIntensities } from './intensity-log.ts'
import { endPriceList, putPriceList } from './prices/list-records.ts'
import { putSpotPrices } from './prices/spot-records.ts'

/** Reads and writes the stream that holds this instance's factors. What is put is durable when the promise resolves. */
export interface InstanceFactors {
  /** All that is in the log, as of a second ago. */
  books(): Promise<FactorBooks>
  /** Puts values in force; resolves with the number of days that changed. */
  putIntensities(revised: readonly Factor[]): Promise<number>
  /** The same for spot prices. */
  putSpotPrices(revised: readonly SpotPrice[]): Promise<number>
  /** Puts all that a file says in force, or nothing; resolves with the number of records that changed. */
  putFile(factors: FileFactors): Promise<number>
  /** Puts a list in force, in place of the one of its name; resolves with whether that changes anything. */
  putPriceList(list: PriceList): Promise<boolean>
  /** Takes a list out of force; resolves with whether there was one. */
  endPriceList(list: Pick<PriceListTerms, 'tenant' | 'name'>): Promise<boolean>
  /** Puts PUE values of one site or zone in force; resolves with whether that changes anything. */
  putPue(revised: readonly PueFactor[]): Promise<boolean>
  /** The same for the embodied emissions of a type of host. */
  putEmbodied(factor: EmbodiedFactor): Promise<boolean>
  /** Takes a type out of force; resolves with whether there was one. */
  endEmbodied(hostType: string): Promise<boolean>
}

/** @param configured holds where the log says nothing */
export function createInstanceFactors(
  broker: Pick<Broker, 'newest' | 'append' | 'lag'>,
  configured: ConfiguredFactors,
): InstanceFactors {
  const follower = new FactorFollower(broker, configured, () => performance.now())
  return {
    books: () => follower.follow(),
    putIntensities: revised => putIntensities(broker, revised, Date.now()),
    putSpotPrices: revised => putSpotPrices(broker, revised, Date.now()),
    putFile: found => putFileFactors(broker, found, Date.now()),
    putPriceList: list => putPriceList(broker, list, Date.now()),
    endPriceList: list => endPriceList(broker, list, Date.now()),
    putPue: revised => putPue(broker, revised, Date.now()),
    putEmbodied: factor => putEmbodied(broker, factor, Date.now()),
    endEmbodied: hostType => endEmbodied(broker, hostType, Date.now()),
  }
}
