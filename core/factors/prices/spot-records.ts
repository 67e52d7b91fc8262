/** Spot prices as records of stream `factors`: one for each bidding zone, currency and UTC day. */
import type { StoredRecord } from '../../broker/broker.ts'
import { decodeRows } from '../../columns/rows.ts'
import { decimalText, parseDecimal } from '../../model/decimal.ts'
import { type SpotPrice, spotPrice } from '../../model/prices/spot-price.ts'
import { factorKey, tariffs } from '../../model/streams/factors.ts'
import {
  type FactorLog,
  type FactorPut,
  type FactorRecord,
  factorRecord,
  putFactors,
} from '../records/factor-log.ts'
import { byDay, overlay } from '../records/series.ts'
import { Shelf } from '../records/shelf.ts'
import { spotKey } from './spot-book.ts'

const SPOT = 'spot'

/** Where a follower keeps spot prices; its series are named by `spotKey`. */
export const spotShelf = (): Shelf<SpotPrice> =>
  new Shelf(new RegExp(`^${tariffs.name}/${SPOT}/([^/]+/[^/]+)/\\d{4}-\\d\\d-\\d\\d$`), spotPricesOfRecord)

/**
 * Puts prices in force, in place of what was known for their times. Resolves with the number of UTC days that changed, once they
 * are durable.
 */
export const putSpotPrices = (
  log: FactorLog,
  revised: readonly SpotPrice[],
  nowMs: number,
): Promise<number> => putFactors(log, spotPut(revised, nowMs))

/** The records that put them in force. */
export function spotPut(revised: readonly SpotPrice[], nowMs: number): FactorPut {
  const days = byDay(revised, dayKey, cut)
  return {
    keys: new Set(days.keys()),
    make: known =>
      [...days].map(([key, prices]) => dayRecord(key, overlay(pricesOf(known.get(key)), prices, cut), nowMs)),
  }
}

const pricesOf = (record: StoredRecord | undefined): readonly SpotPrice[] =>
  record === undefined ? [] : spotPricesOfRecord(record.value)

const dayKey = ({ zone, currency }: SpotPrice, day: string): string =>
  factorKey(tariffs, SPOT, spotKey(zone, currency), day)

function cut(one: SpotPrice, validFrom: number | null, validTo: number | null): SpotPrice {
  if (one.validFrom === validFrom && one.validTo === validTo) return one
  const { version: _, ...content } = one
  return spotPrice({ ...content, validFrom: validFrom ?? one.validFrom, validTo: validTo ?? one.validTo })
}

const dayRecord = (key: string, prices: readonly SpotPrice[], nowMs: number): FactorRecord =>
  factorRecord(
    tariffs,
    key,
    prices.map(one => ({
      Tenant: '',
      Zone: one.zone,
      Currency: one.currency,
      ValidFrom: one.validFrom,
      ValidTo: BigInt(one.validTo),
      Value: decimalText(one.value),
      Unit: `${one.currency}/kWh`,
      Kind: SPOT,
      State: one.state,
      Source: one.source,
      Version: one.version,
      Name: '',
      AccountPattern: '',
      Terms: '',
    })),
    nowMs,
  )

/** @throws WattlineError `record_corrupt` */
const spotPricesOfRecord = (value: Uint8Array): readonly SpotPrice[] =>
  decodeRows(tariffs, value).map(row => ({
    zone: row.Zone,
    currency: row.Currency,
    value: parseDecimal(row.Value),
    validFrom: row.ValidFrom,
    validTo: Number(row.ValidTo),
    source: row.Source,
    state: row.State as SpotPrice['state'],
    version: row.Version,
  }))
