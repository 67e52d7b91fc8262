/** The factors that a configuration puts in force: they hold where the log says nothing. */
import type { Config } from '../catalogue/config/schema.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { parseDecimal } from '../model/decimal.ts'
import { type Factor, factor, yearlyIntensity } from '../model/factor.ts'
import { createPriceList, type PriceList } from '../model/prices/price-list.ts'
import { DEFAULT_LIST } from '../model/prices/terms-version.ts'

/** Prices of a configuration. */
export interface ConfiguredPrices {
  readonly lists: readonly PriceList[]
  /** What the keys of `tariffs` themselves say, for everybody. */
  readonly otherwise: PriceList
}

/** Factors of a configuration. */
export interface ConfiguredFactors {
  /** Holds in its zone whenever no dated value does; null: none is known. */
  readonly intensity: Factor | null
  readonly prices: ConfiguredPrices
}

/** @throws WattlineError `config_invalid` for a time zone or a time of day that cannot be */
export const configuredFactors = (config: Pick<Config, 'factors' | 'tariffs'>): ConfiguredFactors => ({
  intensity: intensityOf(config.factors),
  prices: pricesOf(config.tariffs),
})

/** The configured value where there is one, else the yearly average of the zone. */
export function intensityOf(factors: Config['factors']): Factor | null {
  const builtIn = yearlyIntensity(factors.zone)
  if (factors.intensity_g_per_kwh === undefined) return builtIn
  return factor('config', {
    value: parseDecimal(factors.intensity_g_per_kwh),
    unit: 'gCO2e/kWh',
    zone: builtIn?.zone ?? factors.zone,
    validFrom: null,
    validTo: null,
    source: factors.intensity_source ?? 'configuration',
    kind: 'average',
    state: 'final',
  })
}

/** @throws WattlineError `config_invalid` for a time zone or a time of day that cannot be */
export function pricesOf({ lists, ...otherwise }: Config['tariffs']): ConfiguredPrices {
  try {
    return {
      lists: lists.map(createPriceList),
      otherwise: createPriceList({ ...otherwise, name: DEFAULT_LIST }),
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WattlineError('config_invalid', `\`tariffs\`: ${reason}.`, { cause })
  }
}

/** Configured lists, and those that were put: one that was put stands in for a configured one of its tenant and name. */
export function mergedLists({ lists }: ConfiguredPrices, put: Iterable<PriceList>): readonly PriceList[] {
  const merged = new Map([...lists, ...put].map(list => [nameOf(list), list]))
  return [...merged.values()]
}

const nameOf = ({ terms: { tenant = '', name } }: PriceList): string => `${tenant}\u0000${name}`
