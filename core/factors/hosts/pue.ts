/** PUE by site or zone and time: how much energy a facility takes for each kWh of its machines. */
import type { z } from 'zod'
import type { pueSchema } from '../../catalogue/config/keys/factor-values.ts'
import { decodeRows } from '../../columns/rows.ts'
import { type Decimal, decimalText, parseDecimal } from '../../model/decimal.ts'
import { digest } from '../../model/digest.ts'
import { zoneName } from '../../model/factor.ts'
import { factorKey, pueFactors } from '../../model/streams/factors.ts'
import type { RowOf } from '../../model/streams/stream.ts'
import { type FactorLog, type FactorPut, factorRecord, putFactors } from '../records/factor-log.ts'
import { type Dated, DatedSeries, overlay } from '../records/series.ts'
import { Shelf } from '../records/shelf.ts'

/** A PUE of a site or zone, and when it holds. */
export interface PueFactor extends Dated {
  /** Name of a site; '' for a zone, and for all hosts without either. */
  readonly site: string
  readonly zone: string
  readonly value: Decimal
  readonly source: string
  /** Follows from all of the above. */
  readonly version: string
}

/** @param label where it comes from, in a word */
export function pueFactor(label: string, content: Omit<PueFactor, 'version'>): PueFactor {
  const { site, zone, value, validFrom, validTo, source } = content
  const text = decimalText(value)
  const whole = JSON.stringify([site, zone, text, validFrom, validTo, source])
  return { ...content, version: `${label}:${text}:${digest(whole, 8)}` }
}

/** Values of a PUE that have passed the schema. */
export type PueValues = z.infer<typeof pueSchema>

/** Values in order of time. @throws RangeError for a value whose time is empty, and for two that overlap */
export function pueFactorsOf({ site, zone, source, values }: PueValues, label: string): readonly PueFactor[] {
  const found = values.map(({ from, to, pue }) => {
    const [validFrom, validTo] = [Date.parse(from) / 1000, to === undefined ? null : Date.parse(to) / 1000]
    if (validTo !== null && validTo <= validFrom) {
      throw new RangeError(`the value from ${from} ends at ${to}, not after it`)
    }
    const place = { site: site ?? '', zone: zoneName(zone ?? '') }
    return pueFactor(label, { ...place, value: parseDecimal(pue), validFrom, validTo, source })
  })
  found.sort((a, b) => a.validFrom! - b.validFrom!)
  for (const [index, { validFrom }] of found.entries()) {
    const before = found[index - 1]
    if (before === undefined || (before.validTo !== null && before.validTo <= validFrom!)) continue
    throw new RangeError(
      `two values hold at ${new Date(validFrom! * 1000).toISOString()}: give one for each time`,
    )
  }
  return found
}

/** `DEU` is `DE`, as everywhere. */

/** Name of the values of a site or zone: end of their record's key. */
export const pueKey = ({ site, zone }: Pick<PueFactor, 'site' | 'zone'>): string =>
  site === '' ? `zone/${zone}` : `site/${encodeURIComponent(site)}`

/** Answers which PUE holds. Immutable. */
export class PueBook {
  readonly #series: ReadonlyMap<string, DatedSeries<PueFactor>>

  /** @param series by `pueKey` */
  constructor(series: ReadonlyMap<string, DatedSeries<PueFactor>>) {
    this.#series = series
  }

  /** The PUE of the site, else of the zone. Null: neither has a value for that time, so the configured one applies. */
  at({ site, zone }: Pick<PueFactor, 'site' | 'zone'>, seconds: number): PueFactor | null {
    if (this.#series.size === 0) return null
    const ofSite = site === '' ? null : (this.#series.get(pueKey({ site, zone: '' }))?.at(seconds) ?? null)
    return ofSite ?? this.#series.get(pueKey({ site: '', zone }))?.at(seconds) ?? null
  }

  /** All values, each site and zone by itself. */
  get series(): readonly (readonly PueFactor[])[] {
    return [...this.#series.values()].map(({ values }) => values).filter(values => values.length > 0)
  }

  /** Values of exactly this site, or of this zone where the site is '', in order of time. */
  valuesOf(place: Pick<PueFactor, 'site' | 'zone'>, from: number, to: number): readonly PueFactor[] {
    return this.#series.get(pueKey(place))?.between(from, to) ?? []
  }

  /** The next moment after `seconds` at which another value may hold. */
  nextAt({ site, zone }: Pick<PueFactor, 'site' | 'zone'>, seconds: number): number {
    const keys = [...(site === '' ? [] : [pueKey({ site, zone: '' })]), pueKey({ site: '', zone })]
    return Math.min(...keys.map(key => this.#series.get(key)?.nextAt(seconds) ?? Number.POSITIVE_INFINITY))
  }
}

/** What was put, with configured values where it says nothing. */
export function withConfigured(
  configured: readonly PueFactor[],
  put: ReadonlyMap<string, DatedSeries<PueFactor>>,
): ReadonlyMap<string, DatedSeries<PueFactor>> {
  const merged = new Map(put)
  for (const [key, values] of Map.groupBy(configured, pueKey)) {
    const revised = put.get(key)?.values ?? []
    merged.set(key, new DatedSeries(overlay(values, revised, cut)))
  }
  return merged
}

/** Where a follower keeps PUE values; its series are named by `pueKey`. */
export const pueShelf = (): Shelf<PueFactor> =>
  new Shelf(new RegExp(`^${pueFactors.name}/((?:site|zone)/[^/]+)$`), value =>
    decodeRows(pueFactors, value).map(factorOfRow),
  )

/** Values that one site or zone may have in the log. */
const MOST_KEPT = 10_000

/**
 * Puts values of one site or zone in force, in place of what was known for their times. Resolves with whether that changes
 * anything, once it is durable.
 * @throws RangeError when there would be more values than one record should hold
 */
export async function putPue(log: FactorLog, revised: readonly PueFactor[], nowMs: number): Promise<boolean> {
  return (await putFactors(log, puePut(revised, nowMs))) > 0
}

/** The records that put values in force, of any sites and zones. Making them throws as `putPue` does. */
export function puePut(revised: readonly PueFactor[], nowMs: number): FactorPut {
  const byPlace = Map.groupBy(revised, one => factorKey(pueFactors, pueKey(one)))
  return {
    keys: new Set(byPlace.keys()),
    make: known =>
      [...byPlace].map(([key, values]) => {
        const there = known.get(key)
        const before = there === undefined ? [] : decodeRows(pueFactors, there.value).map(factorOfRow)
        return factorRecord(pueFactors, key, revisedBy(before, values).map(pueRow), nowMs)
      }),
  }
}

function revisedBy(before: readonly PueFactor[], revised: readonly PueFactor[]): readonly PueFactor[] {
  const values = overlay(before, revised, cut)
  if (values.length <= MOST_KEPT) return values
  throw new RangeError(
    `${values.length} values would be known, more than ${MOST_KEPT}: give longer times, such as days`,
  )
}

function cut(one: PueFactor, validFrom: number | null, validTo: number | null): PueFactor {
  const [label = ''] = one.version.split(':', 1)
  const { version: _, ...content } = one
  return pueFactor(label, { ...content, validFrom, validTo })
}

/** As table `pue_factors` holds it. */
export const pueRow = (one: PueFactor): RowOf<typeof pueFactors> => ({
  Site: one.site,
  Zone: one.zone,
  ValidFrom: one.validFrom ?? 0,
  ValidTo: one.validTo === null ? null : BigInt(one.validTo),
  Value: decimalText(one.value),
  Unit: '1',
  Kind: 'pue',
  State: 'final',
  Source: one.source,
  Version: one.version,
})

const factorOfRow = (row: RowOf<typeof pueFactors>): PueFactor => ({
  site: row.Site,
  zone: row.Zone,
  value: parseDecimal(row.Value),
  validFrom: row.ValidFrom,
  validTo: row.ValidTo === null ? null : Number(row.ValidTo),
  source: row.Source,
  version: row.Version,
})
