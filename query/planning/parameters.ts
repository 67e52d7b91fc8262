/** Parameters of planning routes. */
import { INTENSITY_KINDS, type IntensityKind } from '../../core/factors/intensity-values.ts'
import { type Decimal, parseDecimal } from '../../core/model/decimal.ts'
import { zoneName } from '../../core/model/factor.ts'
import { ZONE, ZONE_SHAPE } from '../../core/model/zone.ts'
import type { Objective } from '../../core/planning/plan.ts'
import { invalid, multiple, type RawQuery, single, wordParameter } from '../http/parameters.ts'

const DURATION = 'a duration such as 30m, 2h or 1d'
const MOST_ZONES = 20

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

/** Seconds of `90s`, `1h30m`, `2d`; undefined for anything else. */
function seconds(text: string): number | undefined {
  if (!/^(\d{1,6}[smhd])+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!,
    0,
  )
}

/** Seconds above 0, at most `most`. */
export function planDuration(query: RawQuery, name: string, absent: number | null, most: number): number {
  const text = single(query, name)
  if (text === undefined || text === '') {
    if (absent === null) throw invalid(name, '', DURATION)
    return absent
  }
  const found = seconds(text)
  if (found === undefined || found <= 0) throw invalid(name, text, DURATION)
  if (found > most) throw invalid(name, text, `at most ${most / 3_600} hours`)
  return found
}

/** A time: ISO 8601 with an offset, or a duration from now. Seconds since the epoch. */
export function planTime(query: RawQuery, name: string, now: number, absent: number): number {
  const text = single(query, name)
  if (text === undefined || text === '') return absent
  const ahead = seconds(text)
  if (ahead !== undefined) return now + ahead
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN
  if (Number.isNaN(ms))
    throw invalid(name, text, 'a time such as 2026-11-30T18:00:00Z, or a duration from now such as 12h')
  return Math.floor(ms / 1000)
}

/** Zones, each once, in order; given several times or with commas. */
export function zonesOf(query: RawQuery, absent: string, name = 'zone'): readonly string[] {
  const texts = multiple(query, name)
    .flatMap(text => text.split(','))
    .filter(Boolean)
  for (const text of texts) if (!ZONE.test(text)) throw invalid(name, text, `a zone: ${ZONE_SHAPE}`)
  const zones = [...new Set((texts.length === 0 ? [absent] : texts).map(zoneName))]
  if (zones.length > MOST_ZONES) throw invalid(name, `${zones.length} zones`, `at most ${MOST_ZONES} zones`)
  return zones
}

/** Kind of intensity. */
export const kindOf = (query: RawQuery): IntensityKind =>
  wordParameter(query, 'kind', INTENSITY_KINDS, 'average')

/** Milliwatts of `300W`, `1.5kW` or a number of watts. */
export function powerOf(query: RawQuery, absentMw: number): number {
  const text = single(query, 'power')
  if (text === undefined || text === '') return absentMw
  const [, digits, unit] = /^(\d{1,9}(?:\.\d{1,3})?) ?(W|kW|MW)?$/.exec(text) ?? []
  const scale = unit === 'MW' ? 1e9 : unit === 'kW' ? 1e6 : 1e3
  const milliwatts = digits === undefined ? 0 : Math.round(Number(digits) * scale)
  if (milliwatts <= 0) throw invalid('power', text, 'a power such as 300W or 1.5kW')
  return milliwatts
}

/** What counts, with the price of carbon where both do. */
export function objectiveOf(query: RawQuery): Objective {
  const by = wordParameter(query, 'objective', ['carbon', 'cost', 'both'], 'carbon')
  if (by !== 'both') return { by }
  const text = single(query, 'carbon_price') ?? ''
  return { by, carbonPrice: decimalOf('carbon_price', text) }
}

function decimalOf(name: string, text: string): Decimal {
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(text)) {
    throw invalid(name, text, 'money per tonne of CO2e, such as 80, which objective `both` needs')
  }
  return parseDecimal(text)
}
