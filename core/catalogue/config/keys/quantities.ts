/** Durations, sizes and decimals as the field writes them: `5s`, `1h30m`, `16GiB`, `"0.25"`. */
import { z } from 'zod'

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}
const PART = /(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d|w)/g
const DURATION = /^(?:\d{1,15}(?:\.\d{1,9})?(?:ms|s|m|h|d|w))+$/
const SIZE = /^(\d{1,15}(?:\.\d{1,9})?) ?(B|[kK]B|[MGT]B|[KMGT]iB)$/
const BARE = /^\d{1,15}(?:\.\d{1,9})?$/

/** Milliseconds of `1h30m`; undefined for what is not a duration. */
function durationMs(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  return [...text.matchAll(PART)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0)
}

/** Bytes of `16GiB`; undefined for what is not a size. */
function sizeBytes(text: string): number | undefined {
  const found = SIZE.exec(text)
  return found === null ? undefined : Number(found[1]) * UNIT_BYTES[found[2]!]!
}

interface QuantityKey {
  /** What a value must be, for error messages. */
  readonly wanted: string
  /** The value in the unit of the key; undefined for invalid text. */
  readonly read: (text: string) => number | undefined
  readonly isGood: (value: number) => boolean
}

/** A number in the unit of the key, or a text with its own unit. */
const quantity = ({ wanted, read, isGood }: QuantityKey) =>
  z.union([z.number(), z.string()], { error: wanted }).transform((given, context) => {
    const value = typeof given === 'number' ? given : BARE.test(given) ? Number(given) : read(given)
    if (value !== undefined && Number.isFinite(value) && isGood(value)) return value
    context.addIssue({ code: 'custom', message: wanted })
    return z.NEVER
  })

const seconds = (text: string): number | undefined => {
  const ms = durationMs(text)
  return ms === undefined ? undefined : ms / 1000
}

/** Seconds, above 0. */
export const duration = quantity({
  wanted: 'must be a duration above 0, such as 5s, 10m or 1h30m, or a number of seconds',
  read: seconds,
  isGood: value => value > 0,
})

/** Seconds, 0 included. */
export const durationOrZero = quantity({
  wanted: 'must be a duration, such as 0s, 30s or 5m, or a number of seconds, not below 0',
  read: seconds,
  isGood: value => value >= 0,
})

/** Whole milliseconds. */
export const milliseconds = quantity({
  wanted:
    'must be a duration of whole milliseconds, such as 100ms or 1s, or a number of milliseconds above 0',
  read: durationMs,
  isGood: value => Number.isInteger(value) && value > 0,
})

/** Whole days. */
export const days = quantity({
  wanted: 'must be whole days, such as 30d or 4w, or a number of days above 0',
  read: text => {
    const ms = durationMs(text)
    return ms === undefined ? undefined : ms / UNIT_MS['d']!
  },
  isGood: value => Number.isSafeInteger(value) && value > 0,
})

/** Whole bytes. */
export const bytes = quantity({
  wanted: 'must be a size, such as 256MiB or 16GiB, or a number of bytes above 0',
  read: sizeBytes,
  isGood: value => Number.isSafeInteger(value) && value > 0,
})

/** A string, so that the value stays exact. */
export const decimal = z
  .string({ error: 'must be a decimal number in quotes, such as "0.25"' })
  .regex(/^\d{1,30}(\.\d{1,30})?$/, 'must be a decimal number in quotes, such as "0.25", not below 0')

/** The same, but may be negative: prices on power exchanges are, on windy days. */
export const signedDecimal = z
  .string({ error: 'must be a decimal number in quotes, such as "0.25"' })
  .regex(/^-?\d{1,30}(\.\d{1,30})?$/, 'must be a decimal number in quotes, such as "0.25" or "-0.05"')
