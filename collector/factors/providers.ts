import type { Config } from '../../core/catalogue/config/schema.ts'
import { RequestBudget } from './access/request-budget.ts'
import { ELECTRICITY_MAPS_URL, electricityMaps } from './electricity-maps.ts'
import { ENTSOE_URL, entsoe } from './entsoe/entsoe.ts'
import type { PolledProvider } from './poller.ts'
import { UK_URL, ukCarbonIntensity } from './uk-carbon-intensity.ts'
import { WATTTIME_URL, wattTime } from './watttime.ts'

type ProviderConfig = Config['factors']['providers'][number]

/** The providers that a configuration names, with the address and the interval at which each is asked. */
export function providersOf(configs: readonly ProviderConfig[]): readonly PolledProvider[] {
  const accounts = Map.groupBy(configs, accountOf)
  const budgets = new Map([...accounts].map(([account, entries]) => [account, budgetOf(entries)]))
  return configs.map(config => {
    const account = accountOf(config)
    const budget = budgets.get(account) ?? new RequestBudget()
    const readsADay = budget.perDay / (REQUESTS[config.kind] * (accounts.get(account)?.length ?? 1))
    // The day's requests are spread over it, rather than used up by noon.
    const intervalMs = Math.max(config.interval * 1000, Math.ceil(DAY_MS / readsADay))
    return { ...providerOf(config), budget, intervalMs }
  })
}

const DAY_MS = 86_400_000

/** Most requests of one look. WattTime asks for a token every 25 minutes as well. */
const REQUESTS: Readonly<Record<ProviderConfig['kind'], number>> = {
  uk_carbon_intensity: 2,
  electricity_maps: 2,
  watttime: 3,
  entsoe: 2,
}

/** Requests a minute that a provider documents to allow. */
const PER_MINUTE: Partial<Readonly<Record<ProviderConfig['kind'], number>>> = { entsoe: 400, watttime: 600 }

/** Quotas belong to whoever has the key. */
function accountOf(config: ProviderConfig): string {
  const credential = 'token' in config ? config.token : 'user' in config ? config.user : ''
  return JSON.stringify([config.kind, config.url ?? '', credential])
}

/** Where several entries of an account name a quota, the smallest counts. */
function budgetOf(entries: readonly ProviderConfig[]): RequestBudget {
  const days = entries.flatMap(({ requests_per_day: perDay }) => perDay ?? [])
  const perMinute = entries[0] === undefined ? undefined : PER_MINUTE[entries[0].kind]
  return new RequestBudget({
    ...(days.length === 0 ? {} : { perDay: Math.min(...days) }),
    ...(perMinute === undefined ? {} : { perMinute }),
  })
}

function providerOf(config: ProviderConfig): Pick<PolledProvider, 'provider' | 'url'> {
  switch (config.kind) {
    case 'uk_carbon_intensity':
      return { provider: ukCarbonIntensity(config), url: config.url ?? UK_URL }
    case 'electricity_maps': {
      const provider = electricityMaps({ ...config, area: config.area ?? config.zone })
      return { provider, url: config.url ?? ELECTRICITY_MAPS_URL }
    }
    case 'watttime':
      return { provider: wattTime(config), url: config.url ?? WATTTIME_URL }
    case 'entsoe':
      return { provider: entsoe(config), url: config.url ?? ENTSOE_URL }
  }
}
