/** The factors that a configuration puts in force: they hold where the log says nothing. */
import type { Config } from '../catalogue/config/schema.ts'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { parseDecimal } from '../model/decimal.ts'
import { type Factor, factor, yearlyIntensity } from '../model/factor.ts'
import { createPriceList, type PriceList } from '../model/prices/price-list.ts'
import { DEFAULT_LIST } from '../model/prices/terms-version.ts'
import { type EmbodiedFactor, embodiedFactor, embodiedFactorOf } from './hosts/embodied.ts'
import { type PueFactor, pueFactor, pueFactorsOf } from './hosts/pue.ts'

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
  /** By site or zone and time. */
  readonly pue: readonly PueFactor[]
  readonly embodied: readonly EmbodiedFactor[]
}

/** @throws WattlineError `config_invalid` for a time or a time zone that cannot be */
export const configuredFactors = ({
  factors,
  tariffs,
}: Pick<Config, 'factors' | 'tariffs'>): ConfiguredFactors => ({
  intensity: configuredIntensity(factors),
  prices: pricesOf(tariffs),
  pue: valid('factors.pue_values', () => factors.pue_values.flatMap(values => pueFactorsOf(values, LABEL))),
  embodied: valid('factors.embodied', () => factors.embodied.map(values => embodiedFactorOf(values, LABEL))),
})

/** Versions begin with where a factor comes from. */
const LABEL = 'config'

function valid<T>(key: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WattlineError('config_invalid', `\`${key}\`: ${reason}.`, { cause })
  }
}

/** PUE of a site, or of all hosts without one, that holds whenever no value by time does. */
export const configuredPue = (
  factors: Pick<Config['factors'], 'pue'>,
  { name, pue }: Partial<Pick<Config['sites'][number], 'name' | 'pue'>>,
): PueFactor =>
  pueFactor(LABEL, {
    site: pue === undefined ? '' : (name ?? ''),
    zone: '',
    value: parseDecimal(pue ?? factors.pue),
    validFrom: null,
    validTo: null,
    source: pue === undefined ? 'configuration, factors.pue' : `configuration, site ${name}`,
  })

/** Emissions of each host of a site, or without one; null: not configured. @throws WattlineError `config_invalid` */
export function configuredEmbodied(
  factors: Pick<Config['factors'], 'embodied_kg' | 'embodied_years'>,
  site: Partial<Config['sites'][number]>,
): EmbodiedFactor | null {
  const kilograms = site.embodied_kg ?? factors.embodied_kg
  if (kilograms === undefined) return null
  const years = parseDecimal(site.embodied_years ?? factors.embodied_years)
  if (years.mantissa <= 0n) throw new WattlineError('config_invalid', '`embodied_years` must be above 0.')
  return embodiedFactor(LABEL, {
    hostType: '',
    hosts: site.hosts ?? ['*'],
    kilograms: parseDecimal(kilograms),
    years,
    gpus: null,
    validFrom: null,
    validTo: null,
    source: site.name === undefined ? 'configuration, factors' : `configuration, site ${site.name}`,
  })
}

/** The configured value where there is one, else the yearly average of the zone. */
export function configuredIntensity(factors: Config['factors']): Factor | null {
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
  return valid('tariffs', () => ({
    lists: lists.map(createPriceList),
    otherwise: createPriceList({ ...otherwise, name: DEFAULT_LIST }),
  }))
}

/** Configured lists, and those that were put: one that was put stands in for a configured one of its tenant and name. */
export function mergedLists({ lists }: ConfiguredPrices, put: Iterable<PriceList>): readonly PriceList[] {
  const merged = new Map([...lists, ...put].map(list => [nameOf(list), list]))
  return [...merged.values()]
}

const nameOf = ({ terms: { tenant = '', name } }: PriceList): string => `${tenant}\u0000${name}`

/** The same for types of hosts. */
export const mergedTypes = (
  configured: readonly EmbodiedFactor[],
  put: readonly EmbodiedFactor[],
): readonly EmbodiedFactor[] => [...new Map([...configured, ...put].map(one => [one.hostType, one])).values()]
