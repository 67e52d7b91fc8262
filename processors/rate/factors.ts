/** The factors that a configuration puts in force. */

import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { parseDecimal } from '../../core/model/decimal.ts'
import { type Factor, factor, yearlyIntensity } from '../../core/model/factor.ts'
import { createTariff, type Tariff } from '../../core/model/tariff.ts'

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

/** @throws WattlineError `config_invalid` for a time zone or a time of day that cannot be. */
export function tariffOf(tariffs: Config['tariffs']): Tariff {
  try {
    return createTariff({
      currency: tariffs.currency,
      pricePerKwh: tariffs.price_per_kwh,
      timeZone: tariffs.time_zone,
      bands: tariffs.bands.map(({ from, to, price_per_kwh }) => ({ from, to, pricePerKwh: price_per_kwh })),
      pricePerVcpuHour: tariffs.price_per_vcpu_hour,
      pricePerGibHour: tariffs.price_per_gib_hour,
    })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WattlineError('config_invalid', `\`tariffs\`: ${reason}.`, { cause })
  }
}
