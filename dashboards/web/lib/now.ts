import { CARBON } from '../../../core/model/amounts.ts'
import { formatMoney } from './money.ts'
import { formatQuantity, type Shown } from './units.ts'

/**
 * Rates at the current power, for display only: the books are rated elsewhere, exactly. Floats are fine here, since a
 * power reading has far fewer digits than a float.
 */
export function carbonPerHour(
  milliwatts: number,
  intensityGPerKwh: string | null,
  pue: string,
): Shown | null {
  if (intensityGPerKwh === null) return null
  const microgramsPerHour = kilowatts(milliwatts) * Number(pue) * Number(intensityGPerKwh) * 1e6
  return Number.isFinite(microgramsPerHour)
    ? formatQuantity(BigInt(Math.round(microgramsPerHour)), CARBON)
    : null
}

/** Money per hour at the current power; null without a price. */
export function moneyPerHour(
  milliwatts: number,
  pricePerKwh: string | null,
  pue: string,
  currency: string,
): string | null {
  if (pricePerKwh === null) return null
  const nanoPerHour = kilowatts(milliwatts) * Number(pue) * Number(pricePerKwh) * 1e9
  return Number.isFinite(nanoPerHour) ? formatMoney(BigInt(Math.round(nanoPerHour)), currency) : null
}

function kilowatts(milliwatts: number): number {
  return milliwatts / 1e6
}

/** `±40 %` for an estimate; empty when there is no band. */
export function errorBandText(errorBand: number | null): string {
  return errorBand === null ? '' : `±${Math.round(errorBand * 100)}\u00a0%`
}

/** `12:04:35` in the viewer's own time zone. */
export function clockText(timeMs: number, withSeconds = true): string {
  const time = new Date(timeMs)
  const two = (part: number): string => String(part).padStart(2, '0')
  const minutes = `${two(time.getHours())}:${two(time.getMinutes())}`
  return withSeconds ? `${minutes}:${two(time.getSeconds())}` : minutes
}

/** `just now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`. */
export function agoText(thenMs: number, nowMs: number): string {
  const ms = Math.max(0, nowMs - thenMs)
  return Math.round(ms / 1000) < 3 ? 'just now' : `${elapsedText(ms)} ago`
}

/** `12 s`, `3 min`, `2 h`, `5 d`. */
export function elapsedText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
