import type { Factor } from '../model/factor.ts'
import type { PriceList } from '../model/prices/price-list.ts'
import type { SpotPrice } from '../model/prices/spot-price.ts'
import { type EmbodiedFactor, embodiedPut } from './hosts/embodied.ts'
import { type PueFactor, puePut } from './hosts/pue.ts'
import { intensityPut } from './intensity-log.ts'
import { listPut } from './prices/list-records.ts'
import { spotPut } from './prices/spot-records.ts'
import { type FactorLog, putFactors } from './records/factor-log.ts'

/** What a file of factors says. */
export interface FileFactors {
  readonly intensities: readonly Factor[]
  readonly spotPrices: readonly SpotPrice[]
  readonly priceLists: readonly PriceList[]
  readonly pue: readonly PueFactor[]
  readonly embodied: readonly EmbodiedFactor[]
}

/**
 * Puts all that a file says in force, in one append: all of it or nothing. What the log says already is not appended again.
 * Resolves with the number of records that changed, once they are durable.
 */
export const putFileFactors = (
  log: FactorLog,
  { intensities, spotPrices, priceLists, pue, embodied }: FileFactors,
  nowMs: number,
): Promise<number> =>
  putFactors(
    log,
    intensityPut(intensities, nowMs),
    spotPut(spotPrices, nowMs),
    puePut(pue, nowMs),
    ...priceLists.map(list => listPut(list, nowMs)),
    ...embodied.map(factor => embodiedPut(factor, nowMs)),
  )
