/** Emission factors as data: an exact value with its unit, place, time and source. */
import { type Decimal, decimalText, parseDecimal } from './decimal.ts'
import { digest } from './digest.ts'
import { YEARLY_INTENSITIES, YEARLY_SOURCE } from './yearly-intensities.ts'

/** One emission factor: gCO2e/kWh in a zone for an interval. */
export interface Factor {
  readonly value: Decimal
  readonly unit: 'gCO2e/kWh'
  readonly zone: string
  /** Seconds since the epoch, `[from, to)`; null: open. */
  readonly validFrom: number | null
  readonly validTo: number | null
  readonly source: string
  /** Average, marginal and market-based factors are never mixed in one total. */
  readonly kind: 'average' | 'marginal' | 'market'
  readonly state: 'forecast' | 'estimated' | 'final'
  /** Derived from all of the above: the same content has the same version on any machine. */
  readonly version: string
}

type FactorContent = Omit<Factor, 'version'>

/** `label` is a word for the origin, for people who read the version in a ledger row. */
export function factor(label: string, content: FactorContent): Factor {
  const { value, unit, zone, validFrom, validTo, source, kind, state } = content
  const text = decimalText(value)
  const whole = JSON.stringify([text, unit, zone, validFrom, validTo, source, kind, state])
  return { ...content, version: `${label}:${zone}:${text}:${digest(whole, 8)}` }
}

/** The built-in yearly average of a zone (ISO 3166 code of 2 or 3 letters, WORLD, EU or AFRICA); null: unknown. */
export function yearlyIntensity(zone: string): Factor | null {
  const name = zone.toUpperCase()
  const row = YEARLY_INTENSITIES.find(([two, three]) => two === name || three === name)
  return row === undefined ? null : fromRow(row)
}

/** A zone by the name that factors have: `DEU` is `DE`. Any other name stays as it is. */
export const zoneName = (zone: string): string => yearlyIntensity(zone)?.zone ?? zone

/** Every built-in yearly average. */
export const yearlyIntensities = (): readonly Factor[] => YEARLY_INTENSITIES.map(fromRow)

function fromRow([two, , value, year]: (typeof YEARLY_INTENSITIES)[number]): Factor {
  return factor(`yearly-${year}`, {
    value: parseDecimal(value),
    unit: 'gCO2e/kWh',
    zone: two,
    validFrom: null,
    validTo: null,
    source: `${YEARLY_SOURCE}; average of ${year}`,
    kind: 'average',
    state: 'estimated',
  })
}
