/** Day-ahead prices of a bidding zone. */
import type { SpotValues } from '../../../core/factors/prices/spot-values.ts'
import { FactorProviderError } from '../access/provider-error.ts'
import type { MarketSeries } from './market-documents.ts'

/** Prices in one currency, in order of time, without overlaps. */
type DayAheadPrices = Pick<SpotValues, 'currency' | 'values'>

/** Contract type of the day-ahead market. */
const DAILY = 'A01'

/**
 * Of several auctions of a day, that with the lowest position counts (the coupled one); of one auction, the finer series, where
 * hours are published beside quarter hours. @throws FactorProviderError for prices that are not per MWh, or in two currencies
 */
export function dayAheadPrices(series: readonly MarketSeries[]): DayAheadPrices | null {
  const daily = series.filter(
    ({ says, steps }) => isDaily(says('contract_MarketAgreement.type')) && steps.length > 0,
  )
  const positions = daily.map(({ says }) =>
    Number(says('classificationSequence_AttributeInstanceComponent.position') || 1),
  )
  const first = Math.min(...positions)
  const chosen = daily.filter((_, index) => positions[index] === first)
  const [currency, ...others] = new Set(chosen.map(({ says }) => says('currency_Unit.name')))
  if (currency === undefined) return null
  if (others.length > 0) throw wrong(`prices in ${currency} and ${others.join(', ')}`)
  if (!/^[A-Z]{3}$/.test(currency)) throw wrong(`currency ${JSON.stringify(currency.slice(0, 20))}`)
  for (const { says } of chosen) {
    const unit = says('price_Measure_Unit.name')
    if (unit !== 'MWH') throw wrong(`prices per ${JSON.stringify(unit.slice(0, 20))}, not per MWh`)
  }
  const steps = chosen
    .flatMap(one => one.steps)
    .sort((a, b) => a.toMs - a.fromMs - (b.toMs - b.fromMs) || a.fromMs - b.fromMs)
  const taken: { fromMs: number; toMs: number; value: string }[] = []
  // Shorter steps come first: what they cover, longer ones do not.
  for (const step of steps)
    for (const rest of uncovered(step, taken)) taken.push({ ...rest, value: step.value })
  taken.sort((a, b) => a.fromMs - b.fromMs)
  return {
    currency,
    values: taken.map(({ fromMs, toMs, value }) => ({
      from: iso(fromMs),
      to: iso(toMs),
      price_per_mwh: value,
      state: 'final',
    })),
  }
}

const isDaily = (contract: string): boolean => contract === '' || contract === DAILY

interface PricePeriod {
  readonly fromMs: number
  readonly toMs: number
}

/** The parts of a span that none of the others has. */
function uncovered(span: PricePeriod, others: readonly PricePeriod[]): readonly PricePeriod[] {
  let rest: readonly PricePeriod[] = [{ fromMs: span.fromMs, toMs: span.toMs }]
  for (const { fromMs, toMs } of others) {
    if (toMs <= span.fromMs || fromMs >= span.toMs) continue
    rest = rest.flatMap(one =>
      [
        { fromMs: one.fromMs, toMs: Math.min(one.toMs, fromMs) },
        { fromMs: Math.max(one.fromMs, toMs), toMs: one.toMs },
      ].filter(part => part.fromMs < part.toMs),
    )
  }
  return rest
}

const wrong = (what: string): FactorProviderError =>
  new FactorProviderError(`the answer is not of the documented shape: ${what}`)

const iso = (ms: number): string => new Date(ms).toISOString()
