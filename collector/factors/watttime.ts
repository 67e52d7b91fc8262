/**
 * WattTime, API v3: five-minute values of a region, marginal (`co2_moer`) or average (`co2_aoer`). Pounds per MWh become g/kWh
 * exactly: 1 lb is 453.59237 g.
 */
import { z } from 'zod'
import type { IntensityValues } from '../../core/factors/intensity-values.ts'
import { decimalText, parseDecimal } from '../../core/model/decimal.ts'
import type { HttpGet } from './access/http-get.ts'
import { getProviderJson, type IntensityProvider, shape } from './access/provider.ts'
import { FactorProviderError } from './access/provider-error.ts'

/** Base URL when the configuration sets none. */
export const WATTTIME_URL = 'https://api.watttime.org'
const SOURCE = 'WattTime'
const DAY_MS = 86_400_000
/** Grams per kWh of one pound per MWh. */
const POUND = parseDecimal('0.45359237')
/** Tokens are good for 30 minutes. */
const TOKEN_MS = 25 * 60_000

const login = z.object({ token: z.string().min(1) })
const series = z.object({
  data: z.array(z.object({ point_time: z.iso.datetime({ offset: true }), value: z.number() })),
  meta: z.object({
    units: z.literal('lbs_co2_per_mwh'),
    data_point_period_seconds: z.int().min(60).max(86_400),
    generated_at: z.iso.datetime({ offset: true }).optional(),
  }),
})

/** Access to one region of the provider. `co2_moer` is marginal, `co2_aoer` average. */
export interface WattTimeOptions {
  /** Zone that values are put in force for. */
  readonly zone: string
  /** The provider's name of it. */
  readonly area: string
  readonly user: string
  readonly password: string
  readonly signal: 'co2_moer' | 'co2_aoer'
}

type SignalValue = IntensityValues['values'][number]

/** Logs in with Basic authentication and renews the token before it expires. */
export function wattTime({ zone, area, user, password, signal }: WattTimeOptions): IntensityProvider {
  let token = { text: '', untilMs: 0 }
  const authorize = async (get: HttpGet, nowMs: number): Promise<string> => {
    if (nowMs < token.untilMs) return token.text
    const basic = Buffer.from(`${user}:${password}`).toString('base64')
    const given = shape(
      login.safeParse(await getProviderJson(get, '/login', { authorization: `Basic ${basic}` })),
    )
    token = { text: given.token, untilMs: nowMs + TOKEN_MS }
    return token.text
  }
  return {
    kind: 'watttime',
    zone,
    async read(get, nowMs) {
      const authorization = `Bearer ${await authorize(get, nowMs)}`
      const ask = async (path: string): Promise<z.infer<typeof series>> =>
        shape(series.safeParse(await getProviderJson(get, path, { authorization })))
      const which = `region=${encodeURIComponent(area)}&signal_type=${signal}`
      const times = `start=${iso(nowMs - DAY_MS)}&end=${iso(nowMs)}`
      try {
        const past = await ask(`/v3/historical?${which}&${times}`)
        const future = await ask(`/v3/forecast?${which}&horizon_hours=24`)
        const measured = new Set(past.data.map(one => Date.parse(one.point_time)))
        const ahead = future.data.filter(one => !measured.has(Date.parse(one.point_time)))
        const values = [...valuesOf(past, 'final'), ...valuesOf({ ...future, data: ahead }, 'forecast')]
        const kind = signal === 'co2_moer' ? 'marginal' : 'average'
        const issuedAt = future.meta.generated_at ?? iso(nowMs)
        return {
          intensities: values.length === 0 ? [] : [{ zone, kind, source: SOURCE, values }],
          forecasts: [{ zone, kind, issuedAt, source: SOURCE, values: valuesOf(future, 'forecast') }],
        }
      } catch (error) {
        // A token that is not good any more: the next try asks for another.
        if (error instanceof FactorProviderError) token = { text: '', untilMs: 0 }
        throw error
      }
    },
  }
}

const valuesOf = ({ data, meta }: z.infer<typeof series>, state: SignalValue['state']): SignalValue[] =>
  data.map(({ point_time, value }) => {
    const fromMs = Date.parse(point_time)
    return {
      from: iso(fromMs),
      to: iso(fromMs + meta.data_point_period_seconds * 1000),
      g_per_kwh: grams(value),
      state,
    }
  })

function grams(poundsPerMwh: number): string {
  const { mantissa, scale } = parseDecimal(`${poundsPerMwh}`)
  return decimalText({ mantissa: mantissa * POUND.mantissa, scale: scale + POUND.scale })
}

const iso = (ms: number): string => new Date(ms).toISOString()
