/** Forecasts of intensities as somebody issued them: kept beside the values in force, so that they can be held against what came. */
import type { Broker } from '../broker/broker.ts'
import { encodeRows } from '../columns/rows.ts'
import { decimalText, parseDecimal } from '../model/decimal.ts'
import { intensityForecasts } from '../model/streams/forecasts.ts'
import type { RowOf } from '../model/streams/stream.ts'
import type { IntensityKind } from './intensity-values.ts'

/** One forecast: all of its values were issued at one time. */
export interface IssuedForecast {
  readonly zone: string
  readonly kind: IntensityKind
  /** When the provider says it was issued; where it does not say, when it was read. ISO 8601. */
  readonly issuedAt: string
  readonly source: string
  readonly values: readonly { readonly from: string; readonly to: string; readonly g_per_kwh: string }[]
}

type ForecastRow = RowOf<typeof intensityForecasts>

const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1000)

/** As table `intensity_forecasts` holds them. */
export const forecastRows = ({
  zone,
  kind,
  issuedAt,
  source,
  values,
}: IssuedForecast): readonly ForecastRow[] =>
  values.map(({ from, to, g_per_kwh: grams }) => ({
    Zone: zone,
    Kind: kind,
    IssuedAt: secondsOf(issuedAt),
    ValidFrom: secondsOf(from),
    ValidTo: secondsOf(to),
    Value: decimalText(parseDecimal(grams)),
    Unit: 'gCO2e/kWh',
    Source: source,
  }))

/** Resolves once they are durable. */
export async function appendForecasts(
  log: Pick<Broker, 'append'>,
  forecasts: readonly IssuedForecast[],
  nowMs: number,
): Promise<void> {
  const rows = forecasts.flatMap(forecastRows)
  if (rows.length === 0) return
  const record = { value: encodeRows(intensityForecasts, rows), timestampMs: nowMs }
  await log.append(intensityForecasts.name, 0, [record])
}
