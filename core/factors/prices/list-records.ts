/** Price lists as records of stream `factors`: one for each, which holds its prices and its terms. */

import { priceListSchema } from '../../catalogue/config/keys/prices.ts'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { decodeRows } from '../../columns/rows.ts'
import { digest } from '../../model/digest.ts'
import { createPriceList, type PriceList } from '../../model/prices/price-list.ts'
import type { PriceListTerms } from '../../model/prices/terms.ts'
import { EVERY, factorKey, factors, tariffs } from '../../model/streams/factors.ts'
import type { RowOf } from '../../model/streams/stream.ts'
import { type FactorLog, type FactorPut, factorRecord, putFactors } from '../records/factor-log.ts'

const LIST = 'list'
const KEY = new RegExp(`^${tariffs.name}/${LIST}/`)

/** Whether a record is a price list that was put, and not one of a configuration. */
export const isListKey = (key: string): boolean => KEY.test(key)

/** Keys outlive what they stand for, so they do not name the tenant. */
export const tenantPart = (tenant: string | undefined): string =>
  tenant === undefined ? EVERY : digest(tenant, 32)

const listKey = ({ tenant, name }: Pick<PriceListTerms, 'tenant' | 'name'>): string =>
  factorKey(tariffs, LIST, tenantPart(tenant), name)

/**
 * Puts a list in force, in place of the one of its name and tenant. Resolves with whether that changes anything, once it is
 * durable.
 */
export async function putPriceList(log: FactorLog, list: PriceList, nowMs: number): Promise<boolean> {
  return (await putFactors(log, listPut(list, nowMs))) > 0
}

/** The record that puts it in force. */
export function listPut(list: PriceList, nowMs: number): FactorPut {
  const key = listKey(list.terms)
  const record = factorRecord(tariffs, key, priceRows(list, list.terms.source ?? 'api'), nowMs)
  return { keys: new Set([key]), make: () => [record] }
}

/** Takes a list out of force: what names it stays explained. Resolves with whether there was one. */
export async function endPriceList(
  log: FactorLog,
  list: Pick<PriceListTerms, 'tenant' | 'name'>,
  nowMs: number,
): Promise<boolean> {
  const key = listKey(list)
  const gone = factorRecord(tariffs, key, [], nowMs)
  return (await putFactors(log, { keys: new Set([key]), make: known => (known.has(key) ? [gone] : []) })) > 0
}

/** Takes all lists of a tenant's own out of force. Resolves with how many there were, once that is durable. */
export async function endPriceListsOf(log: FactorLog, tenant: string, nowMs: number): Promise<number> {
  const prefix = `${factorKey(tariffs, LIST, tenantPart(tenant))}/`
  const own = [...(await log.newest(factors.name)).keys()].filter(key => key.startsWith(prefix))
  const make = () => own.map(key => factorRecord(tariffs, key, [], nowMs))
  return await putFactors(log, { keys: new Set(own), make })
}

/** Rows of table `tariffs`. @param source where the list comes from, where it does not say itself */
export function priceRows(list: PriceList, source: string): readonly RowOf<typeof tariffs>[] {
  const { terms, listed, validFrom, validTo } = list
  return listed.map(price => ({
    Tenant: terms.tenant ?? '',
    Zone: terms.zone ?? '',
    Currency: list.currency,
    ValidFrom: validFrom ?? 0,
    ValidTo: validTo === null ? null : BigInt(validTo),
    Value: price.value,
    Unit: price.unit,
    Kind: price.kind,
    State: 'final',
    Source: `${source}; ${price.holds}`,
    Version: price.version,
    Name: terms.name,
    AccountPattern: terms.account ?? '',
    Terms: price.kind === 'whole' ? JSON.stringify(terms) : '',
  }))
}

/** Null: the list was taken out of force. @throws WattlineError `record_corrupt` */
export function listOfRecord(value: Uint8Array): PriceList | null {
  const rows = decodeRows(tariffs, value)
  if (rows.length === 0) return null
  const terms = rows.find(({ Kind }) => Kind === 'whole')?.Terms ?? ''
  try {
    return createPriceList(priceListSchema.parse(JSON.parse(terms)))
  } catch (cause) {
    throw new WattlineError('record_corrupt', `A price list in the log cannot be read: ${String(cause)}.`, {
      cause,
    })
  }
}
