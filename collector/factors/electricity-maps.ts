/**
 * Electricity Maps, API v3: flow-traced consumption averages of a zone, life-cycle emission factors, hourly. History says which
 * values are estimated; an estimate is replaced by what was measured when it comes.
 */
import { z } from 'zod'
import type { IntensityValues } from '../../core/factors/intensity-values.ts'
import { getProviderJson, type IntensityProvider, shape } from './access/provider.ts'

/** Base URL when the configuration sets none. */
export const ELECTRICITY_MAPS_URL = 'https://api.electricitymaps.com/v3'
const SOURCE = 'Electricity Maps'
const HOUR_MS = 3_600_000

const point = z.object({ datetime: z.iso.datetime({ offset: true }), carbonIntensity: z.number().nullable() })
const history = z.object({ history: z.array(point.extend({ isEstimated: z.boolean().default(false) })) })
const forecast = z.object({
  forecast: z.array(point),
  updatedAt: z.iso.datetime({ offset: true }).optional(),
})

/** Access to one zone of the provider. */
export interface ElectricityMapsOptions {
  /** Zone that values are put in force for. */
  readonly zone: string
  /** The provider's name of it. */
  readonly area: string
  readonly token: string
}

/** Reads history and forecast with one request each. Of an hour in both, the history wins. */
export const electricityMaps = ({ zone, area, token }: ElectricityMapsOptions): IntensityProvider => ({
  kind: 'electricity_maps',
  zone,
  async read(get, nowMs) {
    const ask = (what: string): Promise<unknown> =>
      // Without a zone it would take that of the caller's address.
      getProviderJson(get, `/carbon-intensity/${what}?zone=${encodeURIComponent(area)}`, {
        'auth-token': token,
      })
    const past = shape(history.safeParse(await ask('history'))).history
    const { forecast: future, updatedAt } = shape(forecast.safeParse(await ask('forecast')))
    const measured = new Set(past.map(one => Date.parse(one.datetime)))
    const values = [
      ...past.map(one => hour(one, one.isEstimated ? 'estimated' : 'final')),
      ...future.filter(one => !measured.has(Date.parse(one.datetime))).map(one => hour(one, 'forecast')),
    ].filter(value => value !== null)
    const issuedAt = updatedAt ?? iso(nowMs)
    const issued = future.map(one => hour(one, 'forecast')).filter(value => value !== null)
    return {
      intensities: values.length === 0 ? [] : [{ zone, kind: 'average', source: SOURCE, values }],
      forecasts: [{ zone, kind: 'average', issuedAt, source: SOURCE, values: issued }],
    }
  },
})

type HourlyIntensity = IntensityValues['values'][number]

function hour(
  { datetime, carbonIntensity }: z.infer<typeof point>,
  state: HourlyIntensity['state'],
): HourlyIntensity | null {
  if (carbonIntensity === null) return null
  const fromMs = Date.parse(datetime)
  return { from: iso(fromMs), to: iso(fromMs + HOUR_MS), g_per_kwh: `${carbonIntensity}`, state }
}

const iso = (ms: number): string => new Date(ms).toISOString()
