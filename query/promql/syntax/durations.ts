/** Durations: `1h30m`. */

import { PromqlError } from '../model/errors.ts'

const SECOND = 1_000
const UNITS: readonly (readonly [string, number])[] = [
  ['y', 365 * 86_400 * SECOND],
  ['w', 7 * 86_400 * SECOND],
  ['d', 86_400 * SECOND],
  ['h', 3_600 * SECOND],
  ['m', 60 * SECOND],
  ['s', SECOND],
  ['ms', 1],
]

/** The longest duration in milliseconds: what 64 bits of nanoseconds hold. */
const MAX_MS = 2 ** 63 / 1e6

/** Whether a number of seconds is more than a duration can be. */
export const outOfRange = (seconds: number): boolean => Math.abs(seconds) > MAX_MS / SECOND

/** Milliseconds of a text such as `1h30m`: units from the largest to the smallest, each once. Undefined where it is not one. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0
  if (!/^(\d+(ms|[ywdhms]))+$/.test(text)) return undefined
  let total = 0
  let last = -1
  for (const [, digits = '', unit = ''] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) {
    const position = UNITS.findIndex(([name]) => name === unit)
    if (position <= last) return undefined
    last = position
    total += Number(digits) * (UNITS[position]?.[1] ?? 0)
  }
  return total > MAX_MS ? undefined : total
}

/** The text of a duration; years and weeks only where nothing is left over, since 90d reads better than 12w6d. */
export function formatPromqlDuration(ms: number): string {
  let rest = Math.trunc(Math.abs(ms))
  if (rest === 0) return '0s'
  let text = ms < 0 ? '-' : ''
  for (const [unit, size] of UNITS) {
    if ((unit === 'y' || unit === 'w') && rest % size !== 0) continue
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}

/** Milliseconds of a text such as `1h30m`. Throws a `PromqlError` where it is not a duration. */
export function parseDuration(text: string): number {
  const ms = durationMs(text)
  if (ms === undefined)
    throw new PromqlError('syntax', `${JSON.stringify(text)} is not a duration: write 30s, 5m or 1h30m`)
  return ms
}
