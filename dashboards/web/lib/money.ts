import { type ColumnScale, magnitudeOf, MONEY_NANO as NANO, roundedTo } from '../../../core/model/amounts.ts'
import { groupedText } from './units.ts'

const MOST_DECIMALS = 6

/**
 * Money with as many decimals as its size needs: `€12.40`, `€0.0121`, `<€0.000001`. Amounts of one machine are far
 * below a cent, so rounding to cents would show nothing.
 */
export function formatMoney(nano: bigint, currency: string): string {
  const magnitude = magnitudeOf(nano)
  const sign = nano < 0n ? '−' : ''
  const symbol = currencySymbol(currency)
  if (magnitude === 0n) return `${symbol}0`
  const decimals = moneyDecimals(magnitude)
  const scaled = roundedTo(magnitude, NANO, decimals)
  if (scaled === 0n) return `${sign}<${symbol}${groupedText(1n, decimals)}`
  return sign + symbol + groupedText(scaled, decimals)
}

/** The scale of a money column, given its largest amount; the unit is the ISO code. */
export function moneyColumn(largestNano: bigint, currency: string): ColumnScale {
  const magnitude = magnitudeOf(largestNano)
  return { unit: currency, size: NANO, decimals: Math.min(MOST_DECIMALS, moneyDecimals(magnitude) + 1) }
}

/** `€` for EUR; the code and a space for a currency without a symbol. */
export function currencySymbol(currency: string): string {
  try {
    const parts = new Intl.NumberFormat('en', {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
    }).formatToParts(0)
    const symbol = parts.find(part => part.type === 'currency')?.value ?? currency
    return /^[A-Z]+$/.test(symbol) ? `${symbol} ` : symbol
  } catch {
    return `${currency} `
  }
}

/** Cents from one unit up; below, three significant digits up to a millionth. */
function moneyDecimals(magnitude: bigint): number {
  let decimals = 2
  let threshold = NANO
  while (magnitude < threshold && decimals < MOST_DECIMALS) {
    decimals++
    threshold /= 10n
  }
  return decimals
}
