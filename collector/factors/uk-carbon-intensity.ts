/**
 * The Carbon Intensity API of Great Britain (https://carbonintensity.org.uk, CC BY 4.0): half hours, with what was forecast and
 * what was measured since. Average, generation and imports; no key.
 */
import { z } from 'zod'
import type { IntensityValues } from '../../core/factors/intensity-values.ts'
import { getProviderJson, type IntensityProvider, shape } from './access/provider.ts'

/** Base URL when the configuration sets none. */
export const UK_URL = 'https://api.carbonintensity.org.uk'
const SOURCE = 'Carbon Intensity API, National Energy System Operator, CC BY 4.0'

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/)
const answer = z.object({
  data: z.array(
    z.object({
      from: time,
      to: time,
      intensity: z.object({ forecast: z.number().nullable(), actual: z.number().nullish() }),
    }),
  ),
})

/** Intensity of Great Britain as a whole; the API needs no key. */
export const ukCarbonIntensity = ({ zone }: { readonly zone: string }): IntensityProvider => ({
  kind: 'uk_carbon_intensity',
  zone,
  async read(get, nowMs) {
    const past = await getProviderJson(get, `/intensity/${slot(nowMs)}/pt24h`)
    const future = await getProviderJson(get, `/intensity/${slot(nowMs)}/fw24h`)
    const slots = new Map(
      [past, future].flatMap(body => shape(answer.safeParse(body)).data).map(one => [one.from, one]),
    )
    const values = [...slots.values()].flatMap(({ from, to, intensity: { forecast, actual } }) => {
      const grams = actual ?? forecast
      if (grams === null) return []
      const state: IntensityValues['values'][number]['state'] = actual == null ? 'forecast' : 'final'
      return [{ from, to, g_per_kwh: `${grams}`, state }]
    })
    // Also of half hours that have begun: what was forecast for them stays the forecast once they are measured.
    const issued = shape(answer.safeParse(future)).data.flatMap(({ from, to, intensity: { forecast } }) =>
      forecast === null ? [] : [{ from, to, g_per_kwh: `${forecast}` }],
    )
    // The API does not say when a forecast was issued.
    const issuedAt = new Date(nowMs).toISOString()
    return {
      intensities: values.length === 0 ? [] : [{ zone, kind: 'average', source: SOURCE, values }],
      forecasts: [{ zone, kind: 'average', issuedAt, source: SOURCE, values: issued }],
    }
  },
})

/** As the API writes times. */
const slot = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`
