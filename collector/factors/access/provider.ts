import type { IssuedForecast } from '../../../core/factors/forecasts.ts'
import type { IntensityValues } from '../../../core/factors/intensity-values.ts'
import type { SpotValues } from '../../../core/factors/prices/spot-values.ts'
import type { HttpGet } from './http-get.ts'
import { FactorProviderError } from './provider-error.ts'

/** What a provider says at one look. */
export interface ProviderReading {
  /** What is known now: the past day, and the forecast where there is one. */
  readonly intensities: readonly IntensityValues[]
  /** Forecasts as they were issued. */
  readonly forecasts?: readonly IssuedForecast[]
  /** Prices of the day-ahead market, where the provider publishes them. */
  readonly prices?: readonly SpotValues[]
  /** What the provider says it does not have, and why. */
  readonly missing?: readonly string[]
}

/** Somebody who publishes the carbon intensity of a grid zone. */
export interface IntensityProvider {
  /** As in the configuration: `uk_carbon_intensity`. */
  readonly kind: string
  /** Zone that its values are put in force for. */
  readonly zone: string
  /** @throws FactorProviderError */
  read(get: HttpGet, nowMs: number): Promise<ProviderReading>
}

/** Asks for a JSON document. @throws FactorProviderError */
export async function getProviderJson(
  get: HttpGet,
  path: string,
  headers?: Readonly<Record<string, string>>,
): Promise<unknown> {
  const { text } = await get(path, {
    accept: 'application/json',
    ...(headers === undefined ? {} : { headers }),
  })
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new FactorProviderError(`${path.split('?', 1)[0]} cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Fails with what was expected where an answer is not of the documented shape. */
export function shape<T>(parsed: { success: true; data: T } | { success: false; error: Error }): T {
  if (parsed.success) return parsed.data
  throw new FactorProviderError(
    `the answer is not of the documented shape: ${parsed.error.message.slice(0, 300)}`,
  )
}
