/**
 * Checks of metering, factors and tariffs that the schema cannot express: values that would silently make entries wrong
 * or unpriced.
 */
import { parseDecimal } from '../../model/decimal.ts'
import { yearlyIntensities, yearlyIntensity } from '../../model/factor.ts'
import { ENTSOE_ZONES, entsoeArea } from '../../model/places/entsoe-areas.ts'
import { countryOf } from '../../model/places/grid-zones.ts'
import { tariffProblems } from './prices.ts'
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'
import { closest } from './suggest.ts'

/** Invalid combinations in factors, sites and tariffs. */
export const booksProblems = (config: Pick<Config, 'factors' | 'sites' | 'tariffs'>): ConfigProblem[] => [
  ...factorProblems(config.factors),
  ...siteProblems(config.sites),
  ...tariffProblems(config.tariffs),
]

/** Requirements of the metering method. */
export function meteringProblems({ metering }: Pick<Config, 'metering'>): ConfigProblem[] {
  if (metering.method !== 'baseline' || metering.idle_watts !== undefined) return []
  const problem = 'method `baseline` needs the calibrated idle power in watts'
  return [{ path: 'metering.idle_watts', problem }]
}

function factorProblems(factors: Config['factors']): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const tell = (key: string, problem: string): void => void problems.push({ path: `factors.${key}`, problem })
  const isBelow = (text: string, least: string): boolean => compare(text, least) < 0
  if (isBelow(factors.pue, '1')) {
    tell(
      'pue',
      `must be at least 1, not ${factors.pue}: the energy of the facility includes that of the machines`,
    )
  }
  if (!(compare(factors.embodied_years, '0') > 0)) {
    tell('embodied_years', 'must be above 0: embodied emissions are spread over these years')
  }
  const country = countryOf(factors.zone) ?? factors.zone
  if (factors.intensity_g_per_kwh === undefined && yearlyIntensity(country) === null) {
    const known = yearlyIntensities().map(({ zone }) => zone)
    tell(
      'zone',
      `no average intensity is known for zone ${factors.zone}${hint(factors.zone, known)}: ` +
        'use an ISO country code or WORLD, or set factors.intensity_g_per_kwh',
    )
  }
  for (const [index, provider] of factors.providers.entries()) {
    if (provider.kind !== 'entsoe' || provider.area !== undefined || entsoeArea(provider.zone) !== null)
      continue
    tell(
      `providers.${index}.zone`,
      `the ENTSO-E area of ${provider.zone} is not known${hint(provider.zone, ENTSOE_ZONES)}: set area to its EIC`,
    )
  }
  return problems
}

function siteProblems(sites: Config['sites']): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  for (const [index, { name, pue, embodied_years: years }] of sites.entries()) {
    const tell = (key: string, problem: string): void =>
      void problems.push({ path: `sites.${index}.${key}`, problem })
    if (sites.findIndex(other => other.name === name) !== index) tell('name', `${name} appears twice`)
    if (pue !== undefined && compare(pue, '1') < 0) tell('pue', `must be at least 1, not ${pue}`)
    if (years !== undefined && compare(years, '0') <= 0) tell('embodied_years', 'must be above 0')
  }
  return problems
}

/** Below 0, 0 or above 0, as the first is below, equal to or above the second. */
function compare(a: string, b: string): number {
  const [left, right] = [parseDecimal(a), parseDecimal(b)]
  const difference = left.mantissa * 10n ** BigInt(right.scale) - right.mantissa * 10n ** BigInt(left.scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function hint(word: string, known: readonly string[]): string {
  const near = closest(word, known)
  return near === null ? '' : `; did you mean \`${near}\`?`
}
