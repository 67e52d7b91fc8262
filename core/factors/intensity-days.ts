/**
 * Intensities as records of stream `factors`: one record for each zone, kind and UTC day, which holds all that is known of
 * that day. A revised value is a new record of its day; the log keeps the newest, table `grid_intensity` every version.
 */
import { decodeRows, encodeRows } from '../columns/rows.ts'
import { decimalText, parseDecimal } from '../model/decimal.ts'
import { digest } from '../model/digest.ts'
import { type Factor, factor } from '../model/factor.ts'
import { FACTOR_VERSIONS, factorKey, gridIntensity } from '../model/streams/factors.ts'
import type { RowOf } from '../model/streams/stream.ts'

const DAY_SECONDS = 86_400

/** What is known of a day, by the key of its record. */
export type IntensityDays = ReadonlyMap<string, readonly Factor[]>

/** Values cut at the edges of UTC days: the same value on both sides of midnight is two factors. */
export function byDay(factors: readonly Factor[]): IntensityDays {
  const days = new Map<string, Factor[]>()
  for (const one of factors) {
    const [from, to] = [one.validFrom ?? 0, one.validTo ?? 0]
    for (let day = Math.floor(from / DAY_SECONDS) * DAY_SECONDS; day < to; day += DAY_SECONDS) {
      const key = dayKey(one, day)
      const slice = cut(one, Math.max(from, day), Math.min(to, day + DAY_SECONDS))
      const known = days.get(key)
      if (known === undefined) days.set(key, [slice])
      else known.push(slice)
    }
  }
  return days
}

/** `known` with `revised` in its place wherever both say something, in order of time. */
export function overlay(known: readonly Factor[], revised: readonly Factor[]): readonly Factor[] {
  let kept = known
  for (const { validFrom, validTo } of revised) {
    const [from, to] = [validFrom ?? 0, validTo ?? 0]
    kept = kept.flatMap(one => {
      const [start, end] = [one.validFrom ?? 0, one.validTo ?? 0]
      if (end <= from || start >= to) return [one]
      const rest: Factor[] = []
      if (start < from) rest.push(cut(one, start, from))
      if (end > to) rest.push(cut(one, to, end))
      return rest
    })
  }
  return [...kept, ...revised].sort((a, b) => (a.validFrom ?? 0) - (b.validFrom ?? 0))
}

/** The record of a day. */
export function dayRecord(
  key: string,
  factors: readonly Factor[],
  nowMs: number,
): { key: string; value: Uint8Array; headers: Record<string, string>; timestampMs: number } {
  const rows = factors.map(intensityRow)
  return {
    key,
    value: encodeRows(gridIntensity, rows),
    headers: { [FACTOR_VERSIONS]: digest(rows.map(row => row.Version).join(), 16) },
    timestampMs: nowMs,
  }
}

/** @throws WattlineError `record_corrupt` */
export const factorsOfRecord = (value: Uint8Array): readonly Factor[] =>
  decodeRows(gridIntensity, value).map(factorOfRow)

/** Whether a key is that of a day's record, and not of values that hold at any time. */
export const isDayKey = (key: string): boolean => DAY_KEY.test(key)

const DAY_KEY = new RegExp(`^${gridIntensity.name}/[^/]+/[^/]+/\\d{4}-\\d\\d-\\d\\d$`)

const dayKey = ({ kind, zone }: Factor, day: number): string =>
  factorKey(gridIntensity, kind, zone, new Date(day * 1000).toISOString().slice(0, 10))

function cut(one: Factor, validFrom: number, validTo: number): Factor {
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
