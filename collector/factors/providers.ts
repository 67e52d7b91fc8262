import type { Config } from '../../core/catalogue/config/schema.ts'
import { ELECTRICITY_MAPS_URL, electricityMaps } from './electricity-maps.ts'
import type { PolledProvider } from './poller.ts'
import { UK_URL, ukCarbonIntensity } from './uk-carbon-intensity.ts'
import { WATTTIME_URL, wattTime } from './watttime.ts'

type ProviderConfig = Config['factors']['providers'][number]

/** The provider that a configuration names, with the address and the interval at which it is asked. */
export function providerOf(config: ProviderConfig): PolledProvider {
  const common = { intervalMs: config.interval * 1000 }
  switch (config.kind) {
    case 'uk_carbon_intensity':
      return { ...common, provider: ukCarbonIntensity(config), url: config.url ?? UK_URL }
    case 'electricity_maps': {
      const provider = electricityMaps({ ...config, area: config.area ?? config.zone })
      return { ...common, provider, url: config.url ?? ELECTRICITY_MAPS_URL }
    }
    case 'watttime':
      return { ...common, provider: wattTime(config), url: config.url ?? WATTTIME_URL }
  }
}
