/**
 * Intensities as records of stream `factors`: one record for each zone, kind and UTC day, which holds all that is known of
 * that day. A revised value is a new record of its day; the log keeps the newest, table `grid_intensity` every version.
 */
import { decodeRows } from '../columns/rows.ts'
import { decimalText, parseDecimal } from '../model/decimal.ts'
import { type Factor, factor } from '../model/factor.ts'
import { factorKey, gridIntensity } from '../model/streams/factors.ts'
import type { RowOf } from '../model/streams/stream.ts'
import { type FactorRecord, factorRecord } from './records/factor-log.ts'
import { byDay, overlay } from './records/series.ts'
import { Shelf } from './records/shelf.ts'

/** Values by the key of the record of their UTC day. */
export const intensityDays = (factors: readonly Factor[]): ReadonlyMap<string, readonly Factor[]> =>
  byDay(factors, dayKey, cut)

/** `known` with `revised` in its place wherever both say something, in order of time. */
export const revisedBy = (known: readonly Factor[], revised: readonly Factor[]): readonly Factor[] =>
  overlay(known, revised, cut)

/** The record of a day. */
export const dayRecord = (key: string, factors: readonly Factor[], nowMs: number): FactorRecord =>
  factorRecord(gridIntensity, key, factors.map(intensityRow), nowMs)

/** @throws WattlineError `record_corrupt` */
export const factorsOfRecord = (value: Uint8Array): readonly Factor[] =>
  decodeRows(gridIntensity, value).map(factorOfRow)

/** Where a follower keeps intensities; its series are named `kind/zone`. */
export const intensityShelf = (): Shelf<Factor> =>
  new Shelf(new RegExp(`^${gridIntensity.name}/([^/]+/[^/]+)/\\d{4}-\\d\\d-\\d\\d$`), factorsOfRecord)

const dayKey = ({ kind, zone }: Factor, day: string): string => factorKey(gridIntensity, kind, zone, day)

function cut(one: Factor, validFrom: number | null, validTo: number | null): Factor {
  if (one.validFrom === validFrom && one.validTo === validTo) return one
  const [label = ''] = one.version.split(':', 1)
  const { version: _, ...content } = one
  return factor(label, { ...content, validFrom, validTo })
}

/** As table `grid_intensity` holds it. */
export const intensityRow = (one: Factor): RowOf<typeof gridIntensity> => ({
  Zone: one.zone,
  ValidFrom: one.validFrom ?? 0,
  ValidTo: one.validTo === null ? null : BigInt(one.validTo),
  Value: decimalText(one.value),
  Unit: one.unit,
  Kind: one.kind,
  State: one.state,
  Source: one.source,
  Version: one.version,
})

const factorOfRow = (row: RowOf<typeof gridIntensity>): Factor => ({
  value: parseDecimal(row.Value),
  unit: 'gCO2e/kWh',
  zone: row.Zone,
  validFrom: row.ValidFrom,
  validTo: row.ValidTo === null ? null : Number(row.ValidTo),
  source: row.Source,
  kind: row.Kind as Factor['kind'],
  state: row.State as Factor['state'],
  version: row.Version,
})
