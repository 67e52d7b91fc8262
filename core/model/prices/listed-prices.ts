/** The prices of a list as people look them up by the version in a ledger entry. */
import { decimalText, parseDecimal } from '../decimal.ts'
import { matchText } from './resource-prices.ts'
import type { ScheduledPrice } from './schedule.ts'
import type { PriceListTerms, ResourceRuleTerms } from './terms.ts'

/** A row of table `tariffs`. */
export interface ListedPrice {
  readonly kind: 'energy' | 'vcpu_hour' | 'gib_hour' | 'gpu_hour' | 'host_hour' | 'whole'
  /** Exact decimal; '' for the whole. */
  readonly value: string
  readonly unit: string
  /** When and for what it holds, in words. */
  readonly holds: string
  readonly version: string
}

/** @param energy every price of energy that the list gives by itself; with spot prices there is none */
export function listedPrices(
  terms: PriceListTerms,
  version: string,
  energy: readonly ScheduledPrice[],
): readonly ListedPrice[] {
  const times = new Map<string, string[]>()
  for (const { value, holds } of terms.spot === undefined ? energy : []) {
    const text = decimalText(value)
    const known = times.get(text)
    if (known === undefined) times.set(text, [holds])
    else known.push(holds)
  }
  const { currency } = terms
  return [
    ...[...times].map(([value, holds]) => ({
      kind: 'energy' as const,
      value,
      unit: `${currency}/kWh`,
      holds: holds.join(', '),
      version: `${value}:${version}`,
    })),
    ...resourcePrices(terms, version),
    {
      kind: 'whole',
      value: '',
      unit: '',
      holds: terms.spot === undefined ? 'minutes that no energy price covers' : spotText(terms.spot),
      version,
    },
  ]
}

const spotText = ({
  zone,
  multiplier,
  markup_per_kwh: markup,
}: NonNullable<PriceListTerms['spot']>): string => `spot price of ${zone} x ${multiplier} + ${markup}`

const RESOURCES = [
  { kind: 'vcpu_hour', unit: 'vCPU-hour', key: 'price_per_vcpu_hour' },
  { kind: 'gib_hour', unit: 'GiB-hour', key: 'price_per_gib_hour' },
  { kind: 'gpu_hour', unit: 'GPU-hour', key: 'price_per_gpu_hour' },
  { kind: 'host_hour', unit: 'host-hour', key: 'price_per_host_hour' },
] as const

function resourcePrices(terms: PriceListTerms, version: string): readonly ListedPrice[] {
  const rules: readonly (Partial<ResourceRuleTerms> & { readonly holds: string })[] = [
    ...terms.resource_prices.map(rule => ({ ...rule, holds: matchText(rule.match) })),
    { ...terms, holds: 'always' },
  ]
  return rules.flatMap(({ holds, ...prices }, index) =>
    RESOURCES.flatMap(({ kind, unit, key }) => {
      const text = prices[key]
      if (text === undefined) return []
      const value = decimalText(parseDecimal(text))
      const place = index === rules.length - 1 ? '' : `${index}:`
      return [
        {
          kind,
          value,
          unit: `${terms.currency}/${unit}`,
          holds,
          version: `${kind}:${place}${value}:${version}`,
        },
      ]
    }),
  )
}
